/* template.c - templates from anybody, run for a row from anybody
 *
 * The first line is the template, the rest the text of the row. Whatever a template says, it ends in
 * bounded time, memory and output; and unless it has them itself, there are no control characters,
 * no invalid UTF-8 and nothing that turns text around in what it prints.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/err.h"
#include "base/render.h"
#include "base/render_text.h"
#include "base/template.h"

struct inner {
	int64_t n;
	char *text;
};

struct row {
	char *text, *none;
	int64_t n;
	uint64_t flags;
	struct pairs pairs;
	char **list;
	struct inner *inner, *absent;
	LIST(struct inner) all;
};

static const struct word words[] = { { "one", 1 }, { "two", 2 }, { NULL, 0 } };

static const struct bind_row inner_rows[] = {
	ROW_I64("n", OPTIONAL, struct inner, n),
	ROW_STRING("text", OPTIONAL, struct inner, text),
};
static const struct bind_table inner_table = BIND_TABLE(inner_rows, struct inner, false);

static const struct bind_row rows[] = {
	ROW_STRING("text", OPTIONAL, struct row, text),
	ROW_STRING("none", OPTIONAL, struct row, none),
	ROW_I64("n", OPTIONAL, struct row, n),
	ROW_FLAGS("flags", OPTIONAL, struct row, flags, words),
	ROW_PAIRS("pairs", OPTIONAL, struct row, pairs),
	ROW_STRINGS("list", OPTIONAL, struct row, list),
	ROW_OBJECT("inner", OPTIONAL, struct row, inner, inner_table),
	ROW_OBJECT("absent", OPTIONAL, struct row, absent, inner_table),
	ROW_OBJECTS("all", OPTIONAL, struct row, all, inner_table),
};
static const struct bind_table table = BIND_TABLE(rows, struct row, false);

static bool is_tame(const char *text, size_t len)
{
	while (len) {
		uint32_t rune;
		size_t n = rune_read(text, len, &rune);

		if (!n || !(rune_is_plain(rune) || rune == '\n'))
			return false;
		text += n;
		len -= n;
	}
	return true;
}

/* May the template print such things of its own accord? */
static bool is_tame_template(const char *source)
{
	return is_tame(source, strlen(source)) && !strchr(source, '\\') &&
	       !strstr(source, "slice") && !strstr(source, "split");
}

static void print(const char *format, const struct row *row)
{
	struct render r = { .format = format, .glyphs = RENDER_UTF8 };
	struct render_list what = { .table = &table };
	own_str struct str out = { 0 };
	struct err e = { 0 };

	if (render_rows(&r, &what, (struct list_any){ (void *)row, 1 }, &out, &e) < 0)
		MUST(e.text[0]);
	else if (is_tame_template(format))
		MUST(is_tame(out.at ? out.at : "", out.len));
	MUST(out.len <= 3 * TEMPLATE_OUTPUT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	char *source = malloc(len + 1), *text, *list[3];
	struct inner inner[2] = { 0 };
	struct pair pair;
	struct row row = { .n = -5, .flags = 3 };

	memcpy(source, at, len);
	source[len] = '\0';
	text = strchr(source, '\n');
	if (text)
		*text++ = '\0';
	else
		text = source + len;
	list[0] = list[1] = inner[0].text = pair.key = pair.value = row.text = text;
	list[2] = NULL;
	row.list = list;
	row.pairs = (struct pairs){ &pair, 1 };
	row.inner = inner;
	row.all.at = inner;
	row.all.n = 2;
	print(source, &row);
	free(source);
	return 0;
}
