/* render.c - chooses between table, JSON and template, and fills a table's cells */
#include "base/render.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_text.h"
#include "base/own.h"
#include "base/render_text.h"
#include "base/render_value.h"
#include "base/template.h"

enum mode { TABLE, NAMES, TEMPLATE, TEMPLATE_TABLE, JSON_ARRAY, JSON_LINES };

/**
 * struct job - one call of render_rows()
 * @mode:   what to print
 * @source: the template, for modes that have one
 */
struct job {
	const struct render *r;
	const struct render_list *what;
	struct list_any rows;
	bool ascii;
	enum mode mode;
	const char *source;
	struct str *out;
};

/* render_is_ascii() - may only ASCII go out? */
bool render_is_ascii(const struct render *r)
{
	return r->glyphs == RENDER_BY_LOCALE ? !render_is_utf8() : r->glyphs == RENDER_ASCII;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " ");
}

/* "table", or "table" and what follows it; NULL if the format is not of this kind. */
static const char *after_table(const char *format)
{
	if (!text_starts(format, "table"))
		return NULL;
	format += strlen("table");
	return *format && strchr(" \t{\\", *format) == NULL ? NULL : skip_blanks(format);
}

static int choose(const struct render *r, bool has_names, enum mode *ret_mode,
		  const char **ret_source, struct err *e)
{
	const char *format = skip_blanks(r->format ? r->format : "");
	const char *table = after_table(format);
	bool json = strcmp(format, "json") == 0;

	*ret_source = NULL;
	if (r->json && *format && !json)
		return fail(e, ERR_INPUT, "--json and --format '%.64s' exclude each other", format);
	if (r->quiet && !has_names)
		return fail(e, ERR_INPUT, "--quiet: there are no names to print");
	if (r->json || json) {
		*ret_mode = r->json ? JSON_ARRAY : JSON_LINES;
	} else if (*format && !table) {
		*ret_mode = TEMPLATE;
		*ret_source = format;
	} else if (r->quiet) {
		*ret_mode = NAMES;
	} else {
		*ret_mode = table && *table ? TEMPLATE_TABLE : TABLE;
		*ret_source = table;
	}
	return 0;
}

static const void *row_at(const struct job *j, size_t i)
{
	return (const unsigned char *)j->rows.at + i * j->what->table->size;
}

static void put_json_lines(const struct job *j)
{
	for (size_t i = 0; i < j->rows.n; i++) {
		struct value v = value_struct(j->what->table, row_at(j, i));

		value_json(&v, j->out);
		str_add(j->out, "\n");
	}
}

static int put_json_array(const struct job *j)
{
	own_str struct str compact = { 0 };

	str_add(&compact, "[");
	for (size_t i = 0; i < j->rows.n; i++) {
		struct value v = value_struct(j->what->table, row_at(j, i));

		str_add(&compact, i ? "," : "");
		value_json(&v, &compact);
	}
	str_add(&compact, "]");
	j->out->torn |= compact.torn;
	if (!compact.torn)
		json_text_indent(j->out, compact.at, "  ");
	str_add(j->out, "\n");
	return 0;
}

/* --- templates -------------------------------------------------------------------------------- */

/* What stands above a member, for `table TEMPLATE`: the column's header, or the caller's other. */
static const char *header_of(const void *ctx, const char *path)
{
	const struct render_list *what = ctx;

	for (const struct render_header *h = what->headers; h && h->path; h++)
		if (strcmp(h->path, path) == 0)
			return h->header;
	for (size_t i = 0; i < what->n; i++)
		if (strcmp(what->columns[i].path, path) == 0)
			return what->columns[i].header;
	return NULL;
}

static int put_template(const struct job *j, struct err *e)
{
	own_template struct template *t = template_parse(j->source, e);
	const struct template_headers headers = { header_of, j->what };
	own_str struct str lines = { 0 };
	bool table = j->mode == TEMPLATE_TABLE;
	struct str *out = table ? &lines : j->out;

	if (!t)
		return -1;
	if (template_sample(t, j->what->table, &headers, table && !j->r->no_headers ? out : NULL,
			    e) < 0)
		return -1;
	if (lines.len)
		str_add(out, "\n");
	for (size_t i = 0; i < j->rows.n; i++) {
		if (template_run(t, j->what->table, row_at(j, i), j->ascii, out, e) < 0)
			return -1;
		str_add(out, "\n");
	}
	if (table && lines.at)
		render_columns(j->out, lines.at, NULL, 0);
	j->out->torn |= lines.torn;
	return 0;
}

/* --- tables ----------------------------------------------------------------------------------- */

/* struct cells - what the columns are made from: a template, or a path where there is none */
struct cells {
	const struct job *job;
	const struct render_column *columns;
	struct template *templates[64];
	size_t n;
};

static void cells_done(struct cells *c)
{
	for (size_t i = 0; i < c->n; i++)
		template_free(c->templates[i]);
}

static int cells_init(struct cells *c, struct err *e)
{
	if (c->n > COUNT(c->templates))
		return fail(e, ERR_BUG, "the table has %zu columns", c->n);
	for (size_t i = 0; i < c->n; i++) {
		if (!strstr(c->columns[i].path, "{{"))
			continue;
		c->templates[i] = template_parse(c->columns[i].path, e);
		if (!c->templates[i])
			return -1;
	}
	return 0;
}

/* The text of one cell, as long as it is. */
static int fill_cell(const struct cells *c, size_t column, const void *row, struct str *out,
		     struct err *e)
{
	const struct bind_table *table = c->job->what->table;
	const char *path = c->columns[column].path;
	struct value v;

	if (c->templates[column])
		return template_run(c->templates[column], table, row, c->job->ascii, out, e);
	if (!value_path(table, row, path, &v))
		return fail(e, ERR_BUG, "the rows have no member '%s'", path);
	value_write(&v, VALUE_CELL, c->job->ascii, out);
	return 0;
}

static void add_cut(struct str *out, const char *text, size_t len, size_t max, bool ascii)
{
	const char *dots = ascii ? "..." : "…";
	size_t room = ascii ? 3 : 1;

	if (!max || render_width(text, len) <= max) {
		str_add_len(out, text, len);
		return;
	}
	if (max <= room)
		dots = "";
	str_add_len(out, text, render_cut(text, len, *dots ? max - room : max));
	str_add(out, dots);
}

/**
 * render_short() - a text of many words as a row's member: on one line, cut unless --no-trunc
 *
 * For members that docker cuts in templates and --format json, too; where it does not, a column's
 * @max is for that. --json, which docker has not, is for programs.
 */
char *render_short(struct arena *a, const struct render *r, const char *text, size_t max)
{
	own_str struct str out = { 0 };
	char *line = arena_dup(a, text);

	for (char *c = line; c && *c; c++)
		if (*c == '\n' || *c == '\t' || *c == '\r')
			*c = ' ';
	if (!line || r->no_trunc || r->json)
		return line;
	add_cut(&out, line, strlen(line), max, render_is_ascii(r));
	return out.torn ? NULL : arena_dup(a, out.at ? out.at : "");
}

/* struct node - where a row stands in its tree */
struct node {
	size_t depth;
	uint64_t open;
};

static int put_row(const struct cells *c, const void *row, const struct node *node,
		   struct str *lines, struct err *e)
{
	const struct job *j = c->job;

	for (size_t i = 0; i < c->n; i++) {
		own_str struct str cell = { 0 };
		size_t max = j->r->no_trunc ? 0 : c->columns[i].max;

		if (fill_cell(c, i, row, &cell, e) < 0)
			return -1;
		if (i)
			str_add(lines, "\t");
		if (node && c->columns[i].tree)
			render_tree_prefix(lines, node->depth, node->open, j->ascii);
		add_cut(lines, cell.at ? cell.at : "", cell.len, max, j->ascii);
		lines->torn |= cell.torn;
	}
	str_add(lines, "\n");
	return 0;
}

static int put_rows(const struct cells *c, struct str *lines, struct err *e)
{
	const struct job *j = c->job;
	size_t n = j->what->depth ? j->rows.n : 0;
	own_mem size_t *depths = calloc(n + 1, sizeof(*depths));
	own_mem uint64_t *open = calloc(n + 1, sizeof(*open));

	if (!depths || !open)
		return fail_errno(e, ENOMEM, "print the table");
	for (size_t i = 0; i < n; i++)
		depths[i] = j->what->depth(row_at(j, i));
	render_tree_open(depths, n, open);
	for (size_t i = 0; i < j->rows.n; i++) {
		struct node node = { n ? depths[i] : 0, n ? open[i] : 0 };

		if (put_row(c, row_at(j, i), n ? &node : NULL, lines, e) < 0)
			return -1;
	}
	return 0;
}

static void put_headers(const struct cells *c, struct str *lines)
{
	for (size_t i = 0; i < c->n; i++) {
		str_add(lines, i ? "\t" : "");
		str_add(lines, c->columns[i].header);
	}
	str_add(lines, "\n");
}

static int put_table(const struct job *j, struct err *e)
{
	__attribute__((cleanup(cells_done))) struct cells c = { .job = j,
								.columns = j->what->columns,
								.n = j->what->n };
	own_str struct str lines = { 0 };

	if (cells_init(&c, e) < 0)
		return -1;
	if (!j->r->no_headers)
		put_headers(&c, &lines);
	if (put_rows(&c, &lines, e) < 0)
		return -1;
	if (lines.at)
		render_columns(j->out, lines.at, c.columns, c.n);
	j->out->torn |= lines.torn;
	return 0;
}

static int put_names(const struct job *j, struct err *e)
{
	const struct render_column name = { .path = j->what->quiet };
	__attribute__((
		cleanup(cells_done))) struct cells c = { .job = j, .columns = &name, .n = 1 };

	return cells_init(&c, e) < 0 || put_rows(&c, j->out, e) < 0 ? -1 : 0;
}

static int put(const struct job *j, struct err *e)
{
	switch (j->mode) {
	case TABLE:
		return put_table(j, e);
	case NAMES:
		return put_names(j, e);
	case TEMPLATE:
	case TEMPLATE_TABLE:
		return put_template(j, e);
	case JSON_ARRAY:
		return put_json_array(j);
	case JSON_LINES:
		put_json_lines(j);
		return 0;
	}
	return fail(e, ERR_BUG, "no such format");
}

/**
 * render_rows() - append rows in the format that the user asked for
 * @rows: structs of @what's table, one after the other
 *
 * Whoever prints rows as they come calls this for each portion, with no_headers after the first.
 */
int render_rows(const struct render *r, const struct render_list *what, struct list_any rows,
		struct str *out, struct err *e)
{
	struct job j = {
		.r = r, .what = what, .rows = rows, .ascii = render_is_ascii(r), .out = out
	};

	if (choose(r, what->quiet != NULL, &j.mode, &j.source, e) < 0 || put(&j, e) < 0)
		return -1;
	return out->torn ? fail_errno(e, ENOMEM, "print the rows") : 0;
}

static int print(const struct str *out, struct err *e)
{
	if (out->len && fwrite(out->at, 1, out->len, stdout) != out->len)
		return fail_sys(e, "write the output");
	return 0;
}

/* render_print() - the same, to standard output */
int render_print(const struct render *r, const struct render_list *what, struct list_any rows,
		 struct err *e)
{
	own_str struct str out = { 0 };

	return render_rows(r, what, rows, &out, e) < 0 ? -1 : print(&out, e);
}

/**
 * render_document() - append one struct: as indented JSON, or in the format that was asked for
 *
 * For commands that show one thing (inspect). They have no table, and refuse "table".
 */
int render_document(const struct render *r, const struct bind_table *t, const void *doc,
		    struct str *out, struct err *e)
{
	struct render_list what = { .table = t };
	struct job j = { .r = r,
			 .what = &what,
			 .rows = { (void *)doc, 1 },
			 .ascii = render_is_ascii(r),
			 .out = out };
	own_str struct str compact = { 0 };
	struct value v = value_struct(t, doc);

	if (choose(r, false, &j.mode, &j.source, e) < 0)
		return -1;
	if (r->format && (j.mode == TABLE || j.mode == TEMPLATE_TABLE))
		return fail(e, ERR_INPUT, "--format '%.64s': one thing makes no table", r->format);
	if (j.mode == TEMPLATE || j.mode == JSON_LINES) {
		if (put(&j, e) < 0)
			return -1;
	} else {
		value_json(&v, &compact);
		if (compact.at)
			json_text_indent(out, compact.at, "  ");
		str_add(out, "\n");
	}
	return out->torn || compact.torn ? fail_errno(e, ENOMEM, "print the document") : 0;
}
