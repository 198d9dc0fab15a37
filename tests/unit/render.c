/* render.c - tables, trees and JSON, and that nothing of a row reaches a terminal raw */
#include "t.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_text.h"
#include "base/render.h"
#include "base/render_text.h"
#include "base/render_value.h"

/* --- text ------------------------------------------------------------------------------------- */

static void want_visible(const char *text, size_t len, bool ascii, const char *want)
{
	own_str struct str out = { 0 };

	render_visible(&out, text, len, ascii);
	WANT_STR(out.at ? out.at : "", want);
}

TEST(what_a_terminal_would_obey_is_shown_as_an_escape)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "plain ~!", "plain ~!" },
		{ "\x1b[31mred\x1b]0;title\a", "\\x1b[31mred\\x1b]0;title\\x07" },
		{ "a\tb\nc\rd", "a\\tb\\nc\\rd" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		  "\\u009b31m" }, /* CSI as one character */
		{ "\x9b"
		  "31m",
		  "\\x9b31m" }, /* and as a byte */
		{ "\xe2\x80\xae"
		  "txt.exe",
		  "\\u202etxt.exe" },
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069" },
		{ "\xe2\x80\x8b", "\\u200b" },
		{ "\xef\xbb\xbf", "\\ufeff" },
		{ "\xf3\xa0\x81\x81", "\\U000e0041" },
		{ "\xc3\xbc\xe4\xb8\xad\xf0\x9f\x90\xb3", "\xc3\xbc\xe4\xb8\xad\xf0\x9f\x90\xb3" },
		{ "\xc0\x9b", "\\xc0\\x9b" },                   /* overlong ESC */
		{ "\xe0\x80\x9b", "\\xe0\\x80\\x9b" },          /* and longer */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond Unicode */
		{ "\xe4\xb8", "\\xe4\\xb8" },                   /* cut off */
		{ "\xe4\xb8x", "\\xe4\\xb8x" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\\x1b", "\\x1b" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		want_visible(rows[i].text, strlen(rows[i].text), false, rows[i].want);
	want_visible("a\0b", 3, false, "a\\x00b");
}

TEST(a_terminal_that_is_not_known_to_read_utf8_gets_ascii)
{
	want_visible("\xc4\x9b\xf0\x9f\x90\xb3z", 7, true, "\\u011b\\U0001f433z");
}

TEST(no_byte_pair_makes_a_control_or_invalid_utf8)
{
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			const char text[2] = { (char)a, (char)b };
			own_str struct str out = { 0 };
			uint32_t rune;

			render_visible(&out, text, 2, false);
			for (size_t i = 0; i < out.len;) {
				size_t n = rune_read(out.at + i, out.len - i, &rune);

				if (!n || !rune_is_plain(rune))
					T_FAIL("%02x %02x comes through", a, b);
				i += n;
			}
		}
}

TEST(widths_are_columns_of_the_screen)
{
	WANT_INT(render_width("abc", 3), 3);
	WANT_INT(render_width("\xc3\xbc", 2), 1);
	WANT_INT(render_width("\xe4\xb8\xad", 3), 2);
	WANT_INT(render_width("e\xcc\x81", 3), 1);
	WANT_INT(render_width("\xff\xfe", 2), 2);
	WANT_INT(render_cut("a\xe4\xb8\xadz", 5, 2), 1);
	WANT_INT(render_cut("a\xe4\xb8\xadz", 5, 3), 4);
	WANT_INT(render_cut("abc", 3, 0), 0);
}

TEST(the_locale_says_whether_the_terminal_reads_utf8)
{
	static const struct {
		const char *all, *ctype, *lang;
		bool want;
	} rows[] = {
		{ NULL, NULL, NULL, false },
		{ NULL, NULL, "C", false },
		{ NULL, NULL, "de_DE.UTF-8", true },
		{ NULL, NULL, "C.utf8", true },
		{ "C", NULL, "de_DE.UTF-8", false },
		{ "", "C.UTF-8", "C", true },
		{ NULL, "de_DE.ISO-8859-1", "C.UTF-8", false },
	};
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const values[] = { rows[i].all, rows[i].ctype, rows[i].lang };

		for (size_t k = 0; k < COUNT(names); k++)
			if (values[k])
				setenv(names[k], values[k], 1);
			else
				unsetenv(names[k]);
		if (render_is_utf8() != rows[i].want)
			T_FAIL("row %zu is taken wrong", i);
	}
}

/* --- rows ------------------------------------------------------------------------------------- */

struct limits {
	struct opt_i64 memory;
	char **cpus;
};

struct thing {
	char *id, *name;
	int64_t pid;
	uint32_t deep;
	bool alive;
	struct opt_word state;
	struct pairs labels;
	char **names;
	struct numbers ports;
	uint64_t caps;
	struct limits *limits;
};

static const struct word states[] = { { "running", 1 }, { "paused", 2 }, { NULL, 0 } };
static const struct word caps[] = { { "chown", 1 }, { "kill", 2 }, { "both", 3 }, { NULL, 0 } };

// clang-format off
static const struct bind_row limits_rows[] = {
	ROW_OPT_I64("memory", OPTIONAL, struct limits, memory),
	ROW_STRINGS("cpus",   OPTIONAL, struct limits, cpus),
};
static const struct bind_table limits_table = BIND_TABLE(limits_rows, struct limits, false);

static const struct bind_row thing_rows[] = {
	ROW_STRING("id",      OPTIONAL, struct thing, id),
	ROW_STRING("name",    OPTIONAL, struct thing, name),
	ROW_I64("pid",        OPTIONAL, struct thing, pid),
	ROW_BOOL("alive",     OPTIONAL, struct thing, alive),
	ROW_WORD("state",     OPTIONAL, struct thing, state, states),
	ROW_PAIRS("labels",   OPTIONAL, struct thing, labels),
	ROW_STRINGS("names",  OPTIONAL, struct thing, names),
	ROW_NUMBERS("ports",  OPTIONAL, struct thing, ports, 0, 65535),
	ROW_FLAGS("caps",     OPTIONAL, struct thing, caps, caps),
	ROW_OBJECT("limits",  OPTIONAL, struct thing, limits, limits_table),
};
static const struct bind_table thing_table = BIND_TABLE(thing_rows, struct thing, false);

static const struct render_column columns[] = {
	{ .header = "ID",     .path = "id", .max = 6 },
	{ .header = "PID",    .path = "pid", .align = RENDER_RIGHT },
	{ .header = "MEMORY", .path = "limits.memory" },
	{ .header = "NAME",   .path = "name", .max = 8 },
};
// clang-format on

static size_t depth_of(const void *row)
{
	return ((const struct thing *)row)->deep;
}

static const struct render_list list = {
	.table = &thing_table, .columns = columns, .n = COUNT(columns), .quiet = "id"
};

static struct limits some = { .memory = { true, -1 }, .cpus = (char *[]){ "0", "2-3", NULL } };
static struct pair label_pairs[] = { { "a", "1" }, { "b\x1b", "2" } };

static struct thing things[] = {
	{ .id = "abcdefgh",
	  .name = "one",
	  .pid = 7,
	  .alive = true,
	  .state = { true, 1 },
	  .labels = { label_pairs, 2 },
	  .names = (char *[]){ "x", "y", NULL },
	  .ports = { (int64_t[]){ 80, 443 }, 2 },
	  .caps = 3,
	  .limits = &some },
	{ .id = "b", .name = "evil\x1b[2J\n\xe2\x80\xae!", .pid = 12345 },
	{ .id = "c" },
};

static void want_rows(const struct render *r, const struct render_list *what, size_t n,
		      const char *want)
{
	own_str struct str out = { 0 };
	struct err e = { 0 };

	if (render_rows(r, what, (struct list_any){ things, n }, &out, &e) < 0)
		T_FAIL("%s", e.text);
	WANT_STR(out.at ? out.at : "", want);
}

static void want_refused(const struct render *r, const struct render_list *what, const char *want)
{
	own_str struct str out = { 0 };
	struct err e = { 0 };

	WANT_INT(render_rows(r, what, (struct list_any){ things, 1 }, &out, &e), -1);
	WANT_STR(e.text, want);
	WANT(!out.len);
}

TEST(a_table_lines_up_and_no_line_ends_with_blanks)
{
	struct render r = { .glyphs = RENDER_UTF8 };

	want_rows(&r, &list, 3,
		  "ID         PID   MEMORY   NAME\n"
		  "abcde…       7   -1       one\n"
		  "b        12345            evil\\x1…\n"
		  "c            0\n");
	r.glyphs = RENDER_ASCII;
	want_rows(&r, &list, 1,
		  "ID       PID   MEMORY   NAME\n"
		  "abc...     7   -1       one\n");
	r.no_trunc = r.no_headers = true;
	want_rows(&r, &list, 2,
		  "abcdefgh       7   -1   one\n"
		  "b          12345        evil\\x1b[2J\\n\\u202e!\n");
}

TEST(a_table_of_nothing_is_its_headers)
{
	struct render r = { .glyphs = RENDER_UTF8 };

	want_rows(&r, &list, 0, "ID   PID   MEMORY   NAME\n");
	r.format = "table";
	want_rows(&r, &list, 0, "ID   PID   MEMORY   NAME\n");
	r.no_headers = true;
	want_rows(&r, &list, 0, "");
}

TEST(cells_of_every_kind)
{
	static const struct render_column kinds[] = {
		{ .header = "A", .path = "alive" },       { .header = "S", .path = "state" },
		{ .header = "L", .path = "labels" },      { .header = "N", .path = "names" },
		{ .header = "P", .path = "ports" },       { .header = "C", .path = "caps" },
		{ .header = "U", .path = "limits.cpus" },
	};
	static const struct render_list what = { .table = &thing_table,
						 .columns = kinds,
						 .n = COUNT(kinds) };
	struct render r = { .no_headers = true, .glyphs = RENDER_UTF8 };

	want_rows(&r, &what, 1,
		  "true   running   a=1,b\\x1b=2   x,y   80,443   chown,kill,both   0,2-3\n");
	r.no_headers = false;
	want_rows(&r, &what, 0, "A   S   L   N   P   C   U\n");
}

TEST(quiet_prints_names)
{
	struct render r = { .quiet = true };
	struct render_list nameless = list;

	want_rows(&r, &list, 3, "abcdefgh\nb\nc\n");
	r.format = "table {{.Name}}";
	want_rows(&r, &list, 1, "abcdefgh\n");
	nameless.quiet = NULL;
	want_refused(&r, &nameless, "--quiet: there are no names to print");
}

TEST(json_is_an_array_or_an_object_a_line)
{
	struct render r = { .json = true };

	want_rows(&r, &list, 0, "[]\n");
	things[0].labels.n = 1;
	want_rows(&r, &list, 2,
		  "[\n"
		  "  {\n"
		  "    \"id\": \"abcdefgh\",\n"
		  "    \"name\": \"one\",\n"
		  "    \"pid\": 7,\n"
		  "    \"alive\": true,\n"
		  "    \"state\": \"running\",\n"
		  "    \"labels\": {\n"
		  "      \"a\": \"1\"\n"
		  "    },\n"
		  "    \"names\": [\n"
		  "      \"x\",\n"
		  "      \"y\"\n"
		  "    ],\n"
		  "    \"ports\": [\n"
		  "      80,\n"
		  "      443\n"
		  "    ],\n"
		  "    \"caps\": [\n"
		  "      \"chown\",\n"
		  "      \"kill\",\n"
		  "      \"both\"\n"
		  "    ],\n"
		  "    \"limits\": {\n"
		  "      \"memory\": -1,\n"
		  "      \"cpus\": [\n"
		  "        \"0\",\n"
		  "        \"2-3\"\n"
		  "      ]\n"
		  "    }\n"
		  "  },\n"
		  "  {\n"
		  "    \"id\": \"b\",\n"
		  "    \"name\": \"evil\\u001b[2J\\u000a\\u202e!\",\n"
		  "    \"pid\": 12345,\n"
		  "    \"alive\": false\n"
		  "  }\n"
		  "]\n");
	r = (struct render){ .format = "json" };
	want_rows(&r, &list, 0, "");
	things[0] = things[2];
	want_rows(
		&r, &list, 2,
		"{\"id\":\"c\",\"pid\":0,\"alive\":false}\n"
		"{\"id\":\"b\",\"name\":\"evil\\u001b[2J\\u000a\\u202e!\",\"pid\":12345,\"alive\":"
		"false}\n");
}

TEST(json_stays_the_same_document_and_becomes_harmless)
{
	own_str struct str out = { 0 };

	value_json_text(&out, "{\"a\":\"\x7f\xc2\x9b\xff\xf3\xa0\x81\x81\xc3\xbc\"}");
	WANT_STR(out.at, "{\"a\":\"\\u007f\\u009b\\ufffd\\udb40\\udc41\xc3\xbc\"}");
}

TEST(two_formats_are_refused)
{
	struct render r = { .json = true, .format = "{{.Id}}" };

	want_refused(&r, &list, "--json and --format '{{.Id}}' exclude each other");
	r.format = "json";
	want_rows(&r, &list, 0, "[]\n");
}

TEST(a_column_without_a_member_is_our_bug)
{
	static const struct render_column wrong[] = { { .header = "X", .path = "limits.nope" } };
	static const struct render_list what = { .table = &thing_table, .columns = wrong, .n = 1 };
	struct render r = { 0 };
	own_str struct str out = { 0 };
	struct err e = { 0 };

	WANT_INT(render_rows(&r, &what, (struct list_any){ things, 1 }, &out, &e), -1);
	WANT_INT(e.cls, ERR_BUG);
	WANT_STR(e.text, "the rows have no member 'limits.nope'");
}

/* --- trees ------------------------------------------------------------------------------------ */

static const struct render_column tree_columns[] = {
	{ .header = "ID", .path = "id", .tree = true },
	{ .header = "PID", .path = "pid", .align = RENDER_RIGHT },
};
static const struct render_list tree = {
	.table = &thing_table, .columns = tree_columns, .n = COUNT(tree_columns), .depth = depth_of
};

TEST(trees_are_drawn)
{
	struct thing nodes[] = {
		{ .id = "root", .deep = 0 },  { .id = "a", .deep = 1 }, { .id = "a1", .deep = 2 },
		{ .id = "a2", .deep = 2 },    { .id = "b", .deep = 1 }, { .id = "b1", .deep = 2 },
		{ .id = "other", .deep = 0 }, { .id = "c", .deep = 1 },
	};
	struct render r = { .glyphs = RENDER_UTF8 };
	own_str struct str out = { 0 }, ascii = { 0 };
	struct err e = { 0 };

	WANT(render_rows(&r, &tree, (struct list_any){ nodes, COUNT(nodes) }, &out, &e) == 0);
	WANT_STR(out.at, "ID       PID\n"
			 "root       0\n"
			 "├─a        0\n"
			 "│ ├─a1     0\n"
			 "│ └─a2     0\n"
			 "└─b        0\n"
			 "  └─b1     0\n"
			 "other      0\n"
			 "└─c        0\n");
	r.glyphs = RENDER_ASCII;
	r.no_headers = true;
	WANT(render_rows(&r, &tree, (struct list_any){ nodes, 5 }, &ascii, &e) == 0);
	WANT_STR(ascii.at, "root     0\n"
			   "|-a      0\n"
			   "| |-a1   0\n"
			   "| `-a2   0\n"
			   "`-b      0\n");
}

TEST(a_tree_may_be_deeper_than_what_is_drawn)
{
	size_t depths[200];
	uint64_t open[200];
	own_str struct str out = { 0 };

	for (size_t i = 0; i < COUNT(depths); i++)
		depths[i] = i;
	render_tree_open(depths, COUNT(depths), open);
	render_tree_prefix(&out, depths[199], open[199], true);
	WANT_INT(out.len, (size_t)2 * RENDER_DEPTH_MAX);
	for (size_t i = 0; i < RENDER_DEPTH_MAX; i++)
		WANT_INT(open[i], 0);
}

/* --- one document ----------------------------------------------------------------------------- */

TEST(a_document_is_indented_json_and_no_table)
{
	struct render r = { 0 };
	own_str struct str out = { 0 };
	struct err e = { 0 };

	WANT(render_document(&r, &thing_table, &things[2], &out, &e) == 0);
	WANT_STR(out.at, "{\n  \"id\": \"c\",\n  \"pid\": 0,\n  \"alive\": false\n}\n");
	r.format = "table";
	WANT_INT(render_document(&r, &thing_table, &things[2], &out, &e), -1);
	WANT_STR(e.text, "--format 'table': one thing makes no table");
}
