/* template.c - Go templates: what they print, what is refused and where, and that they end */
#include "t.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/err.h"
#include "base/render.h"
#include "base/render_text.h"
#include "base/template.h"

struct port {
	int64_t number;
	char *proto;
};

struct limits {
	struct opt_i64 memory;
	struct opt_u64 huge;
};

struct mount {
	char *key;
	char *type;
};

struct thing {
	char *id, *name, *none;
	int64_t pid;
	bool alive, dead;
	struct opt_word state;
	struct pairs labels, empty;
	char **names, **nobody;
	struct numbers cpus;
	uint64_t caps;
	struct limits *limits, *other;
	LIST(struct port) ports;
	LIST(struct mount) mounts;
};

static const struct word states[] = { { "running", 1 }, { "paused", 2 }, { NULL, 0 } };
static const struct word caps[] = { { "chown", 1 }, { "kill", 2 }, { NULL, 0 } };

// clang-format off
static const struct bind_row limits_rows[] = {
	ROW_OPT_I64("memory",          OPTIONAL, struct limits, memory),
	ROW_OPT_U64("huge",            OPTIONAL, struct limits, huge),
};
static const struct bind_table limits_table = BIND_TABLE(limits_rows, struct limits, false);

static const struct bind_row port_rows[] = {
	ROW_I64("number",              OPTIONAL, struct port, number),
	ROW_STRING("proto",            OPTIONAL, struct port, proto),
};
static const struct bind_table port_table = BIND_TABLE(port_rows, struct port, false);

static const struct bind_row mount_rows[] = {
	ROW_STRING("type",             OPTIONAL, struct mount, type),
};
static const struct bind_table mount_table = BIND_TABLE(mount_rows, struct mount, false);

static const struct bind_row thing_rows[] = {
	ROW_STRING("id",               OPTIONAL, struct thing, id),
	ROW_STRING("name",             OPTIONAL, struct thing, name),
	ROW_STRING("none",             OPTIONAL, struct thing, none),
	ROW_I64("pid",                 OPTIONAL, struct thing, pid),
	ROW_BOOL("alive",              OPTIONAL, struct thing, alive),
	ROW_BOOL("is_dead",            OPTIONAL, struct thing, dead),
	ROW_WORD("state",              OPTIONAL, struct thing, state, states),
	ROW_PAIRS("labels",            OPTIONAL, struct thing, labels),
	ROW_PAIRS("empty",             OPTIONAL, struct thing, empty),
	ROW_STRINGS("names",           OPTIONAL, struct thing, names),
	ROW_STRINGS("nobody",          OPTIONAL, struct thing, nobody),
	ROW_NUMBERS("cpus",            OPTIONAL, struct thing, cpus, 0, 1000),
	ROW_FLAGS("caps",              OPTIONAL, struct thing, caps, caps),
	ROW_OBJECT("limits",           OPTIONAL, struct thing, limits, limits_table),
	ROW_OBJECT("other",            OPTIONAL, struct thing, other, limits_table),
	ROW_OBJECTS("portBindings",    OPTIONAL, struct thing, ports, port_table),
	ROW_MAP("mounts",              OPTIONAL, struct thing, mounts, mount_table),
};
static const struct bind_table thing_table = BIND_TABLE(thing_rows, struct thing, false);
// clang-format on

static struct limits some = { .memory = { true, -1 }, .huge = { true, UINT64_MAX } };
static struct pair label_pairs[] = { { "env", "prod" }, { "com.x.y", "z" } };
static struct port port_list[] = { { 80, "tcp" }, { 53, "udp" } };
static struct mount mount_list[] = { { "/data", "bind" }, { "/tmp", "tmpfs" } };

static struct thing thing = {
	.id = "0123456789abcdef",
	.name = "web",
	.pid = 42,
	.alive = true,
	.state = { true, 1 },
	.labels = { label_pairs, 2 },
	.names = (char *[]){ "a", "b", "c", NULL },
	.cpus = { (int64_t[]){ 0, 3 }, 2 },
	.caps = 3,
	.limits = &some,
	.ports = { port_list, 2 },
	.mounts = { mount_list, 2 },
};

static void run(const char *source, const struct thing *row, struct str *out)
{
	own_template struct template *t;
	struct err e = { 0 };

	t = template_parse(source, &e);
	if (!t || template_run(t, &thing_table, row, false, out, &e) < 0)
		T_FAIL("%s: %s", source, e.text);
	if (!out->at)
		str_add(out, "");
}

struct row {
	const char *source, *want;
};

static void want_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		own_str struct str out = { 0 };

		run(rows[i].source, &thing, &out);
		if (strcmp(out.at, rows[i].want) != 0)
			T_FAIL("%s prints '%s', want '%s'", rows[i].source, out.at, rows[i].want);
	}
}

#define WANT_ALL(rows) want_all(rows, COUNT(rows))

TEST(members_by_their_names_in_any_letters)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "text", "text" },
		{ "{{.pid}} {{.Pid}} {{.PID}}", "42 42 42" },
		{ "{{.IsDead}} {{.is_dead}} {{.ISDEAD}} {{.Is_Dead}}", "false false false false" },
		{ "{{.PortBindings}}", "[{80 tcp} {53 udp}]" },
		{ "{{.Limits.Memory}}|{{.Limits.Huge}}", "-1|18446744073709551615" },
		{ "{{.State}} {{.Alive}}", "running true" },
		{ "{{.Names}} {{.Cpus}} {{.Caps}}", "[a b c] [0 3] [chown kill]" },
		{ "{{.Labels}}", "map[env:prod com.x.y:z]" },
		{ "{{.Labels.env}}", "prod" },
		{ "{{.Label \"com.x.y\"}}|{{.Labels \"env\"}}|{{.Label \"no\"}}", "z|prod|" },
		{ "{{.Mounts}}", "map[/data:{bind} /tmp:{tmpfs}]" },
	};

	WANT_ALL(rows);
}

TEST(what_is_absent_prints_nothing_and_is_false)
{
	static const struct row rows[] = {
		{ "<{{.None}}{{.Other}}{{.Other.Memory}}>", "<>" },
		{ "{{.Nobody}}{{.Empty}}", "[]map[]" },
		{ "{{if .None}}x{{else}}y{{end}}{{if .Other.Memory}}x{{else}}y{{end}}", "yy" },
		{ "{{.Labels.nope}}{{.Labels.nope.deeper}}", "" },
		{ "{{eq .None \"\"}} {{ne .None \"x\"}} {{len .None}} {{len .Nobody}}",
		  "true true 0 0" },
		{ "{{eq .Other.Memory 0}} {{lt .Other.Memory 5}} {{ge .Other.Memory 0}}",
		  "false false false" },
		{ "{{eq .Other.Memory nil}} {{ne .Limits.Memory nil}}", "true true" },
		{ "{{range .Nobody}}x{{else}}nobody{{end}}", "nobody" },
	};

	WANT_ALL(rows);
}

TEST(constants)
{
	static const struct row rows[] = {
		{ "{{1}} {{-7}} {{+7}} {{0x1F}} {{true}} {{false}}", "1 -7 7 31 true false" },
		{ "{{9223372036854775807}} {{-9223372036854775807}}",
		  "9223372036854775807 -9223372036854775807" },
		{ "{{0}} {{-0}} {{017}} {{0o17}} {{0b101}} {{0XfF}}", "0 0 15 15 5 255" },
		{ "{{\"a\\tb\\n\\\"\\\\\"}}", "a\tb\n\"\\" },
		{ "{{\"\\x41\\101\\u00fc\\U0001f433\"}}", "AA\xc3\xbc\xf0\x9f\x90\xb3" },
		{ "{{`raw \\n \"x\"`}}", "raw \\n \"x\"" },
		{ "{{'a'}} {{'\\n'}} {{'\xc3\xbc'}}", "97 10 252" },
		{ "{{\"}}\"}}{{`}}`}}", "}}}}" },
	};

	WANT_ALL(rows);
}

TEST(text_has_dockers_escapes_and_nothing_else)
{
	static const struct row rows[] = {
		{ "{{.Id}}\\t{{.Name}}\\n", "0123456789abcdef\tweb\n" },
		{ "\\x \\\\ } }} { %s", "\\x \\\\ } }} { %s" },
		{ "a\\", "a\\" },
	};

	WANT_ALL(rows);
}

TEST(trim_markers_and_comments)
{
	static const struct row rows[] = {
		{ "a  {{- .Pid -}}  b", "a42b" },
		{ "a \n\t{{- 1}} b", "a1 b" },
		{ "a {{1 -}} \\n b", "a 1b" },
		{ "{{-7}}", "-7" },
		{ "{{- -7 -}} x", "-7x" },
		{ "a {{/* no {{.X}} */}} b", "a  b" },
		{ "a {{- /* no */ -}} b", "ab" },
		{ "a {{- if true -}} b {{- end -}} c", "abc" },
		{ "a {{- if false -}} b {{- else -}} d {{- end }} c", "ad c" },
		{ "{{\n.Pid\n}}", "42" },
	};

	WANT_ALL(rows);
}

TEST(conditions)
{
	static const struct row rows[] = {
		{ "{{if .Alive}}a{{end}}{{if .IsDead}}b{{end}}", "a" },
		{ "{{if .IsDead}}a{{else if eq .Pid 41}}b{{else if eq .Pid 42}}c{{else}}d{{end}}",
		  "c" },
		{ "{{if .IsDead}}a{{else if .None}}b{{else}}d{{end}}!", "d!" },
		{ "{{if and .Alive (not .IsDead)}}both{{end}}", "both" },
		{ "{{if or .None .Name}}x{{end}} {{or .None \"default\"}} {{and .Alive .None}}|",
		  "x default |" },
		{ "{{if .Names}}l{{end}}{{if .Empty}}m{{end}}{{if 0}}0{{end}}{{if \"\"}}s{{end}}",
		  "l" },
		{ "{{with .Limits}}{{.Memory}}{{end}}{{with .Other}}x{{else}}none{{end}}",
		  "-1none" },
		{ "{{with .None}}x{{else with .Name}}{{.}}{{end}}", "web" },
		{ "{{with $x := .Name}}{{$x}}{{$.Pid}}{{end}}", "web42" },
	};

	WANT_ALL(rows);
}

TEST(comparisons)
{
	static const struct row rows[] = {
		{ "{{eq .Pid 42}} {{eq .Pid 1 2 42}} {{eq .Pid 1 2}} {{ne .Pid 42}}",
		  "true true false false" },
		{ "{{lt 1 2}} {{lt 2 2}} {{le 2 2}} {{gt 3 2}} {{gt 2 2}} {{ge 2 2}}",
		  "true false true true false true" },
		{ "{{lt -1 1}} {{lt -2 -1}} {{gt -1 -2}} {{lt .Limits.Memory .Limits.Huge}} "
		  "{{gt .Limits.Huge 5}}",
		  "true true true true true" },
		{ "{{eq .State \"running\"}} {{lt \"a\" \"b\"}} {{eq true .Alive}}",
		  "true true true" },
		{ "{{not .Alive}} {{not .None}}", "false true" },
	};

	WANT_ALL(rows);
}

TEST(ranges)
{
	static const struct row rows[] = {
		{ "{{range .Names}}[{{.}}]{{end}}", "[a][b][c]" },
		{ "{{range $i, $n := .Names}}{{if $i}},{{end}}{{$i}}={{$n}}{{end}}",
		  "0=a,1=b,2=c" },
		{ "{{range $n := .Names}}{{$n}}{{.}}{{end}}", "aabbcc" },
		{ "{{range .Portbindings}}{{.Number}}/{{.Proto}} {{$.Pid}};{{end}}",
		  "80/tcp 42;53/udp 42;" },
		{ "{{range $k, $v := .Labels}}{{$k}}:{{$v}} {{end}}", "env:prod com.x.y:z " },
		{ "{{range $k, $v := .Mounts}}{{$k}}:{{$v.Type}} {{end}}",
		  "/data:bind /tmp:tmpfs " },
		{ "{{range .Names}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{else}}x{{end}}", "a" },
		{ "{{range .Names}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}!", "ac!" },
		{ "{{range .Names}}{{range $.Cpus}}{{.}}{{break}}{{end}}{{.}}{{end}}", "0a0b0c" },
		{ "{{range split \"x,y\" \",\"}}<{{.}}>{{end}}", "<x><y>" },
		{ "{{range .Cpus}}{{.}} {{end}}{{range .Caps}}{{.}} {{end}}", "0 3 chown kill " },
	};

	WANT_ALL(rows);
}

TEST(variables_have_scopes)
{
	static const struct row rows[] = {
		{ "{{$x := .Pid}}{{$x}} {{$x}}", "42 42" },
		{ "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2" },
		{ "{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21" },
		{ "{{$n := 0}}{{range $i, $v := .Names}}{{$n = $i}}{{end}}{{$n}}", "2" },
		{ "{{$l := .Limits}}{{$l.Memory}} {{$.Limits.Memory}} {{(.Limits).Memory}}",
		  "-1 -1 -1" },
		{ "{{$x := .Name | upper}}{{$x}}", "WEB" },
	};

	WANT_ALL(rows);
}

TEST(functions)
{
	static const struct row rows[] = {
		{ "{{len .Names}} {{len .Name}} {{len .Labels}} {{len .Caps}}", "3 3 2 2" },
		{ "{{index .Labels \"env\"}} {{index .Names 1}} {{index .Names 9}}|", "prod b |" },
		{ "{{(index .PortBindings 1).Proto}} {{(index .Mounts \"/tmp\").Type}}",
		  "udp tmpfs" },
		{ "{{slice .Id 0 4}} {{slice .Id 12}} {{slice .Id 2 99}}|{{slice .Id 99}}|",
		  "0123 cdef 23456789abcdef||" },
		{ "{{print 1 2 \"a\" 3}} {{println \"a\" 1}}", "1 2a3 a 1\n" },
		{ "{{json .Name}} {{json .Pid}} {{json .Names}} {{json .None}} {{json .Limits}}",
		  "\"web\" 42 [\"a\",\"b\",\"c\"] null "
		  "{\"memory\":-1,\"huge\":18446744073709551615}" },
		{ "{{json (split \"a b\" \" \")}} {{json .Labels}} {{json .Caps}} {{.Alive | "
		  "json}}",
		  "[\"a\",\"b\"] {\"env\":\"prod\",\"com.x.y\":\"z\"} [\"chown\",\"kill\"] true" },
		{ "{{join .Names \", \"}} {{join .Cpus \"+\"}} {{join .Nobody \",\"}}|",
		  "a, b, c 0+3 |" },
		{ "{{split \"a,b,,c\" \",\"}} {{len (split \"a\" \",\")}}", "[a b  c] 1" },
		{ "{{lower \"AbC\"}} {{upper .Name}} {{title \"hello big-world o'x a_b 9c\"}}",
		  "abc WEB Hello Big-World O'X A_b 9c" },
		{ "<{{pad .Name 1 2}}><{{pad .None 1 2}}>", "< web  ><>" },
		{ "{{truncate .Id 4}} {{truncate \"\xc3\xbcx\" 1}} {{truncate .Id 99}}",
		  "0123 \xc3\xbc 0123456789abcdef" },
		{ "{{.Name | printf \"%s-%s\" \"x\" | upper | len}}", "5" },
		{ "{{.Name | eq \"web\"}} {{\"env\" | .Label}}", "true prod" },
	};

	WANT_ALL(rows);
}

TEST(printf_has_gos_verbs)
{
	static const struct row rows[] = {
		{ "{{printf \"%s %v %d %q %t%%\" .Name .Pid .Pid .Name .Alive}}",
		  "web 42 42 \"web\" true%" },
		{ "{{printf \"[%5s|%-10s|%.2s|%8.1s]\" .Name .Name .Name .Name}}",
		  "[  web|web       |we|       w]" },
		{ "{{printf \"[%5d|%-5d|%05d|%+d|% d]\" 42 42 -42 42 42}}",
		  "[   42|42   |-0042|+42| 42]" },
		{ "{{printf \"%05s|%.5d|%8.3d|%.0d\" \"ab\" 42 -7 0}}", "000ab|00042|    -007|0" },
		{ "{{printf \"%x %X %o %b %x %c\" 255 255 8 5 \"hi\" 65}}", "ff FF 10 101 6869 A" },
		{ "{{printf \"%d\" .Limits.Huge}} {{printf \"%v\" .Names}} {{printf \"%s|\" "
		  ".None}}",
		  "18446744073709551615 [a b c] |" },
		{ "{{printf \"%q\" \"a\\\"b\\\\c\\n\"}}", "\"a\\\"b\\\\c\\n\"" },
	};

	WANT_ALL(rows);
}

TEST(text_of_a_row_is_made_visible_whatever_is_done_with_it)
{
	static const char *const sources[] = {
		"{{.Name}}",
		"{{.Name | printf \"%s\"}}",
		"{{printf \"%-30s|%q\" .Name .Name}}",
		"{{print .Name 1}}{{println .Name}}",
		"{{.Name | lower | upper | title}}",
		"{{truncate .Name 3}}",
		"{{slice .Name 0 2}}{{slice .Name 1 2}}",
		"{{pad .Name 1 1}}",
		"{{range split .Name \"x\"}}{{.}}{{end}}",
		"{{split .Name \"x\"}}{{join (split .Name \"x\") \"-\"}}",
		"{{.Names}}{{join .Names \" \"}}{{index .Names 0}}",
		"{{.Labels}}{{range $k, $v := .Labels}}{{$k}}{{$v}}{{end}}",
		"{{json .}}{{json .Name}}{{json .Names}}{{json .Labels}}",
		"{{.}}",
		"{{or .None .Name}}{{with .Name}}{{.}}{{end}}{{$x := .Name}}{{$x}}",
	};
	char evil[] = "\x1b]0;x\a\x9b\xc2\x9b\xe2\x80\xae\xff\x7f\n\t";
	struct pair pair = { evil, evil };
	struct thing bad = {
		.id = evil, .name = evil, .names = (char *[]){ evil, NULL }, .labels = { &pair, 1 }
	};

	for (size_t i = 0; i < COUNT(sources); i++) {
		own_str struct str out = { 0 };

		run(sources[i], &bad, &out);
		for (size_t at = 0, n; at < out.len; at += n) {
			uint32_t rune;

			n = rune_read(out.at + at, out.len - at, &rune);
			if (!n || !(rune_is_plain(rune) || rune == '\n'))
				T_FAIL("%s prints '%s'", sources[i], out.at);
		}
		if (!strstr(sources[i], "println") && strchr(out.at, '\n'))
			T_FAIL("%s lets a newline through", sources[i]);
	}
}

TEST(text_of_the_template_is_the_users_own)
{
	static const struct row rows[] = {
		{ "\x1b[1m{{\"\\x1b[0m\"}}", "\x1b[1m\x1b[0m" },
		{ "{{join .Names \"\\n\"}}", "a\nb\nc" },
		{ "{{printf \"%s\\t%d\" .Name .Pid}}", "web\t42" },
	};

	WANT_ALL(rows);
}

/* --- what is refused -------------------------------------------------------------------------- */

TEST(a_broken_template_is_refused_with_the_place)
{
	static const struct row rows[] = {
		{ "{{.Id | jsn}}", "unknown function 'jsn' at 9" },
		{ "{{jsn .Id}}", "unknown function 'jsn' at 3" },
		{ "{{.Id", "the end of the template, without }}, at 6" },
		{ "{{", "the end of the template, without }}, at 3" },
		{ "{{}}", "a value is missing at 3" },
		{ "{{ | json}}", "a value is missing at 4" },
		{ "{{json .Id | }}", "a value is missing at 14" },
		{ "{{(.Id}}", "the parenthesis is not closed at 3" },
		{ "{{.Id)}}", "}} is missing at 6" },
		{ "{{\"abc}}", "the quote is not closed at 3" },
		{ "{{`abc}}", "the quote is not closed at 3" },
		{ "{{\"\\q\"}}", "unknown escape at 4" },
		{ "{{\"a\\x00\"}}", "unknown escape at 5" },
		{ "{{'ab'}}", "one character stands between single quotes at 3" },
		{ "{{''}}", "one character stands between single quotes at 3" },
		{ "{{1.5}}", "numbers are whole: a fraction at 3" },
		{ "{{12x}}", "this is no number, or is too large: at 3" },
		{ "{{99999999999999999999}}", "this is no number, or is too large: at 3" },
		{ "{{08}}", "this is no number, or is too large: at 3" },
		{ "{{0b2}}", "this is no number, or is too large: at 3" },
		{ "{{1_0}}", "this is no number, or is too large: at 3" },
		{ "{{0x}}", "this is no number, or is too large: at 3" },
		{ "{{0xfffffffffffffffff}}", "this is no number, or is too large: at 3" },
		{ "{{.Id}} {{if .Id}}", "{{end}} is missing for what begins at 11" },
		{ "{{if .Id}}{{else}}", "{{end}} is missing for what begins at 3" },
		{ "{{if .Id}}{{else}}{{else}}{{end}}", "{{end}} is missing for what begins at 3" },
		{ "{{end}}", "nothing has begun: 'end' at 3" },
		{ "{{else}}", "nothing has begun: 'else' at 3" },
		{ "{{break}}", "only a range can be left: at 3" },
		{ "{{range .A}}{{end}}{{continue}}", "only a range can be left: at 22" },
		{ "{{if}}{{end}}", "a value is missing at 5" },
		{ "{{$x}}", "unknown variable '$x' at 3" },
		{ "{{$x = 1}}", "unknown variable '$x' at 3" },
		{ "{{if true}}{{$x := 1}}{{end}}{{$x}}", "unknown variable '$x' at 32" },
		{ "{{if true}}{{$x := 1}}{{else}}{{$x}}{{end}}", "unknown variable '$x' at 33" },
		{ "{{$x := $x}}", "unknown variable '$x' at 9" },
		{ "{{$ := 1}}", "a variable's name is missing at 3" },
		{ "{{$a, $b := .Names}}", "unknown variable '$a' at 3" },
		{ "{{.Id .Name .Pid}}", "arguments, but no function at 3" },
		{ "{{1 2}}", "arguments, but no function at 3" },
		{ "{{.Id | 1}}", "arguments, but no function at 9" },
		{ "{{nil}}", "nil alone at 3" },
		{ "{{len}}", "too few arguments for len at 3" },
		{ "{{len .Id .Id}}", "too many arguments for len at 3" },
		{ "{{.Id | pad}}", "too few arguments for pad at 9" },
		{ "{{\"a\".B}}", "a blank is missing at 6" },
		{ "{{print\"a\"}}", "a blank is missing at 8" },
		{ "{{template \"x\"}}", "templates in templates are not supported: at 3" },
		{ "{{define \"x\"}}{{end}}", "templates in templates are not supported: at 3" },
		{ "{{/* x}}", "the comment is not closed at 3" },
		{ "{{/* x */ .Id}}", "}} is missing at 11" },
		{ "{{#}}", "a character that means nothing at 3" },
		{ "{{.Id; .Id}}", "a character that means nothing at 6" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char want[256];
		struct err e = { 0 };

		if (template_parse(rows[i].source, &e))
			T_FAIL("%s is read", rows[i].source);
		snprintf(want, sizeof(want), "parse the template '%s': %s", rows[i].source,
			 rows[i].want);
		WANT_STR(e.text, want);
	}
}

TEST(a_misspelt_function_gets_a_hint_and_hostile_source_is_not_shown_raw)
{
	struct err e = { 0 };

	WANT(!template_parse("{{.Id | jsn}}", &e));
	WANT_STR(e.hint, "did you mean 'json'?");
	WANT(!template_parse("\x1b[2J{{x}}", &e));
	WANT_STR(e.text, "parse the template '\\x1b[2J{{x}}': unknown function 'x' at 7");
}

static void want_run_failure(const char *source, const char *want)
{
	own_template struct template *t;
	own_str struct str out = { 0 };
	struct err e = { 0 };
	char text[512];

	t = template_parse(source, &e);
	if (!t)
		T_FAIL("%s", e.text);
	WANT_INT(template_run(t, &thing_table, &thing, false, &out, &e), -1);
	snprintf(text, sizeof(text), "run the template '%s': %s", source, want);
	WANT_STR(e.text, text);
}

TEST(what_a_row_cannot_do_is_refused_with_the_place)
{
	static const struct row rows[] = {
		{ "{{.Nam}}", "no member 'Nam' at 3" },
		{ "x {{.Limits.Memry}}", "no member 'Memry' at 12" },
		{ "{{.Other.Nope}}", "no member 'Nope' at 9" },
		{ "{{.Pid.X}}", "a number has no member 'X' at 7" },
		{ "{{.Names.X}}", "a list has no member 'X' at 9" },
		{ "{{range .Name}}{{end}}", "range over a text at 9" },
		{ "{{eq .Pid \"42\"}}", "a number cannot be compared with a text at 3" },
		{ "{{lt .Names .Names}}", "a list cannot be compared with a list at 3" },
		{ "{{len .Pid}}", "a number has no length at 3" },
		{ "{{index .Names \"a\"}}", "a list has no item for a text at 3" },
		{ "{{index .Labels 1}}", "a map has no item for a number at 3" },
		{ "{{.Pid \"x\"}}", "'Pid' is a number, and takes no argument at 3" },
		{ "{{.Label 1}}", "a map's key is a text, not a number at 3" },
		{ "{{join .Name \",\"}}", "join wants a list, not a text at 3" },
		{ "{{split .Name \"\"}}", "split wants a separator at 3" },
		{ "{{slice .Names 1}}", "slice wants a text, not a list at 3" },
		{ "{{truncate .Name -1}}", "truncate wants a number from 0 to 2147483647 at 3" },
		{ "{{pad .Name 1 1001}}", "pad wants a number from 0 to 1000 at 3" },
		{ "{{printf \"%d\" .Name}}", "printf: %d is not for a text at 3" },
		{ "{{printf \"%s\"}}", "printf: there are fewer values than verbs at 3" },
		{ "{{printf \"x\" 1}}", "printf: there are more values than verbs at 3" },
		{ "{{printf \"%y\" 1}}", "printf: unknown verb '%y' at 3" },
		{ "{{printf \"%\" 1}}", "printf: unknown verb '%' at 3" },
		{ "{{printf \"%2000d\" 1}}", "printf: a width over 1000 at 3" },
		{ "{{printf \"%c\" 27}}", "printf: %c wants a character of ASCII at 3" },
		{ "{{print len}}", "len needs arguments: parentheses are missing at 9" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		want_run_failure(rows[i].source, rows[i].want);
}

/* --- bounds ----------------------------------------------------------------------------------- */

static void repeat(struct str *out, const char *text, size_t n)
{
	while (n--)
		str_add(out, text);
}

TEST(depth_and_length_are_bounded)
{
	own_str struct str deep = { 0 }, nested = { 0 }, large = { 0 };
	own_template struct template *fits = NULL;
	struct err e = { 0 };

	str_add(&deep, "{{");
	repeat(&deep, "(", 100000 / 2);
	WANT(!template_parse(deep.at, &e) && strstr(e.text, ": too deep: at 67"));
	repeat(&nested, "{{if true}}", 64);
	repeat(&nested, "{{end}}", 64);
	fits = template_parse(nested.at, &e);
	WANT(fits);
	str_done(&nested);
	repeat(&nested, "{{if true}}", 65);
	WANT(!template_parse(nested.at, &e) && strstr(e.text, ": too deep: at "));
	repeat(&large, "x", TEMPLATE_LENGTH_MAX + 1);
	WANT(!template_parse(large.at, &e) && strstr(e.text, "it is too long"));
}

TEST(variables_and_arguments_are_bounded)
{
	own_str struct str many = { 0 };
	struct err e = { 0 };

	for (int i = 0; i < 32; i++)
		str_addf(&many, "{{$v%d := 1}}", i);
	WANT(!template_parse(many.at, &e) && strstr(e.text, "too many variables at"));
	str_done(&many);
	str_add(&many, "{{print");
	repeat(&many, " 1", 40);
	str_add(&many, "}}");
	WANT(!template_parse(many.at, &e) && strstr(e.text, "too many arguments at 3"));
}

static void want_bounded(const char *inner, const char *want)
{
	own_str struct str source = { 0 }, out = { 0 };
	own_template struct template *t;
	char *names[101] = { 0 };
	struct thing many = thing;
	struct err e = { 0 };

	for (size_t i = 0; i < 100; i++)
		names[i] = "0123456789";
	many.names = names;
	repeat(&source, "{{range $.Names}}", 20);
	str_add(&source, inner);
	repeat(&source, "{{end}}", 20);
	t = template_parse(source.at, &e);
	WANT(t);
	WANT_INT(template_run(t, &thing_table, &many, false, &out, &e), -1);
	if (!strstr(e.text, want))
		T_FAIL("%s", e.text);
	WANT(out.len <= TEMPLATE_OUTPUT_MAX + 4096);
}

TEST(steps_output_and_memory_of_a_row_are_bounded)
{
	want_bounded("", "it takes too many steps for one row");
	want_bounded("{{$.Names}}", "one row prints more than 4194304 bytes");
	want_bounded("{{$x := printf \"%1000s\" $.Names}}", "it takes too m");
	want_bounded("{{$x := split \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" \"a\"}}",
		     "it takes too m");
}

/* --- headers ---------------------------------------------------------------------------------- */

static const struct render_column columns[] = {
	{ .header = "THING ID", .path = "id" },
	{ .header = "NAME", .path = "name" },
};
static const struct render_header headers[] = {
	{ "limits.memory", "MEM" },
	{ NULL, NULL },
};
static const struct render_list list = {
	.table = &thing_table, .columns = columns, .n = COUNT(columns), .headers = headers
};

static void want_list(const char *format, size_t n, const char *want)
{
	struct render r = { .format = format, .glyphs = RENDER_UTF8 };
	own_str struct str out = { 0 };
	struct err e = { 0 };

	if (render_rows(&r, &list, (struct list_any){ &thing, n }, &out, &e) < 0)
		T_FAIL("%s: %s", format, e.text);
	WANT_STR(out.at ? out.at : "", want);
}

TEST(a_template_prints_a_line_for_each_row)
{
	want_list("{{.Name}} {{.Pid}}", 1, "web 42\n");
	want_list(" {{.Name}}", 0, "");
	want_list("{{range .Names}}{{.}}\\n{{end}}", 1, "a\nb\nc\n\n");
	want_list("tableau", 1, "tableau\n");
}

TEST(table_templates_have_headers_from_names)
{
	want_list("table {{.ID}}\\t{{.Name}}", 1,
		  "THING ID           NAME\n0123456789abcdef   web\n");
	want_list("table {{.Name}}\\t{{.Limits.Memory}}\\t{{.Pid}}", 1,
		  "NAME   MEM   PID\nweb    -1    42\n");
	want_list("table {{.PortBindings}}", 1, "PORT BINDINGS\n[{80 tcp} {53 udp}]\n");
	want_list("table {{.IsDead}}\t{{.Limits.Huge}}", 0, "IS DEAD   LIMITS HUGE\n");
	want_list("table {{json .Labels}}\\t{{.Label \"env\"}}\\t{{index .Labels \"env\"}}", 0,
		  "LABELS   ENV   ENV\n");
	want_list("table {{.Name | upper}}\\t{{truncate .Id 4}}\\t{{printf \"%s/%d\" .Name .Pid}}",
		  1, "NAME   THING ID   NAME/PID\nWEB    0123       web/42\n");
	want_list("table {{if eq .Pid 1}}{{.Name}}{{else}}{{.Pid}}{{end}}", 1, "NAME\n42\n");
	want_list("table {{range .Names}}{{.}}{{end}}\\t{{len .Id}}", 1,
		  "NAMES   THING ID\nabc     16\n");
	want_list("table {{(index .PortBindings 0).Proto}}", 1, "PORT BINDINGS PROTO\ntcp\n");
	want_list("table", 1, "THING ID           NAME\n0123456789abcdef   web\n");
}

TEST(a_wrong_member_is_found_without_a_row_and_in_every_branch)
{
	static const struct row rows[] = {
		{ "{{.Nope}}", "no member 'Nope' at 3" },
		{ "table {{.Nope}}", "no member 'Nope' at 3" },
		{ "{{if .Name}}x{{else}}{{.Nope}}{{end}}", "no member 'Nope' at 24" },
		{ "{{range .PortBindings}}{{.Nope}}{{end}}", "no member 'Nope' at 26" },
		{ "{{range .Names}}{{else}}{{.Nope}}{{end}}", "no member 'Nope' at 27" },
		{ "{{range .Names}}{{.Nope}}{{end}}", "this has no member 'Nope' at 19" },
		{ "{{range $k, $v := .Mounts}}{{$v.Nope}}{{end}}", "no member 'Nope' at 32" },
		{ "{{and .IsDead .Nope}}", "no member 'Nope' at 15" },
		{ "{{with .Limits}}{{.Nope}}{{end}}", "no member 'Nope' at 19" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct render r = { .format = rows[i].source };
		own_str struct str out = { 0 };
		struct err e = { 0 };
		char want[256];

		WANT_INT(render_rows(&r, &list, (struct list_any){ NULL, 0 }, &out, &e), -1);
		snprintf(want, sizeof(want), "run the template '%s': %s",
			 rows[i].source + (text_starts(rows[i].source, "table ") ? 6 : 0),
			 rows[i].want);
		WANT_STR(e.text, want);
	}
}
