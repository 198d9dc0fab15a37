/* render.h - rows to a table, to JSON, or through a template: what every list command prints
 *
 * A command fills an array of structs, describes the struct by bind rows (bind.h), says which
 * columns its table has, and calls render_rows(). From the user come the options of `struct render`.
 *
 *	struct listing { const char *filter; struct render render; };
 *	static const struct opt opts[] = {
 *		OPT_STRING_("filter", 'f', struct listing, filter, "FILTER", "…"),
 *		RENDER_OPTS_QUIET(struct listing, render),
 *	};
 *	static const struct render_column columns[] = {
 *		{ .header = "PID", .path = "pid", .align = RENDER_RIGHT },
 *		{ .header = "COMMAND", .path = "command", .max = 40 },
 *		{ .header = "LIMIT", .path = "{{if .Limit}}{{.Limit}}{{else}}-{{end}}" },
 *	};
 *	static const struct render_list list = {
 *		.table = &process_table, .columns = columns, .n = COUNT(columns), .quiet = "pid",
 *	};
 *	return render_print(&listing->render, &list, (struct list_any){ rows, n }, e);
 *
 * Everything that comes from rows is made fit for a terminal (render_text.h), in templates too.
 * What --format can say is in template.h.
 */
#ifndef BASE_RENDER_H
#define BASE_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/opt.h"

struct err;

/**
 * struct render - what the user asked for; zero is a table with headers
 * @format:     --format: NULL or "table", "json", "table TEMPLATE", or a template
 * @json:       --json: one array; --format json is one object a line, as docker's
 * @quiet:      -q: only what names a row
 * @no_headers: no line of headers in a table
 * @no_trunc:   nothing is cut to a column's width
 * @glyphs:     what trees and cut text are drawn with; RENDER_BY_LOCALE asks the environment
 */
struct render {
	const char *format;
	bool json, quiet, no_headers, no_trunc;
	enum render_glyphs { RENDER_BY_LOCALE, RENDER_ASCII, RENDER_UTF8 } glyphs;
};

// clang-format off
/* Rows for a command's option table, where @m is the struct's member that is a struct render. */
#define RENDER_OPTS(S, m) \
	OPT_STRING_("format",     0,   S, m.format, "FORMAT", "'table', 'json', 'table TEMPLATE' or a Go template"), \
	OPT_FLAG_("json",         0,   S, m.json,             "print one JSON array"), \
	OPT_FLAG_("no-headers",   0,   S, m.no_headers,       "print no line of headers"), \
	OPT_FLAG_("no-trunc",     0,   S, m.no_trunc,         "print long values in full")
#define RENDER_OPTS_QUIET(S, m) \
	RENDER_OPTS(S, m), \
	OPT_FLAG_("quiet",        'q', S, m.quiet,            "print names or ids only")
// clang-format on

/**
 * struct render_column - one column of the table
 * @header: in capitals; also what `table {{.Member}}` puts above @path's member
 * @path:   a member's name, "id", or the way to it, "limits.memory"; or a template, which holds {{
 * @align:  of cells and header
 * @max:    columns of the screen after which a cell is cut, unless --no-trunc; 0 is never
 * @tree:   the cell is drawn as a tree's node, by struct render_list's depth
 */
struct render_column {
	const char *header, *path;
	enum render_align { RENDER_LEFT, RENDER_RIGHT } align;
	size_t max;
	bool tree;
};

/* struct render_header - what stands above a member that is in no column */
struct render_header {
	const char *path, *header;
};

/**
 * struct render_list - what a command prints
 * @table:   the shape of a row
 * @columns: of the table, @n of them; when the user gives no template
 * @quiet:   what -q prints: a member's path or a template; NULL: the command has no -q
 * @headers: ends with a NULL path; for templates, beside those of @columns. What is in neither has
 *           its path for a header: "io.readBytes" is IO READ BYTES
 * @depth:   how deep in the tree a row is, 0 for a root. Rows stand in order: a node, then all below
 *           it. NULL: no tree
 */
struct render_list {
	const struct bind_table *table;
	const struct render_column *columns;
	size_t n;
	const char *quiet;
	const struct render_header *headers;
	size_t (*depth)(const void *row);
};

int render_rows(const struct render *r, const struct render_list *what, struct list_any rows,
		struct str *out, struct err *e);
int render_print(const struct render *r, const struct render_list *what, struct list_any rows,
		 struct err *e);
int render_document(const struct render *r, const struct bind_table *t, const void *doc,
		    struct str *out, struct err *e);

/* --- the parts, for output that is no list of structs ---------------------------------------- */

/* Deeper nodes of a tree are drawn at this depth. */
#define RENDER_DEPTH_MAX 63

void render_columns(struct str *out, const char *text, const struct render_column *columns,
		    size_t n);
void render_tree_open(const size_t *depths, size_t n, uint64_t *ret_open);
void render_tree_prefix(struct str *out, size_t depth, uint64_t open, bool ascii);
char *render_short(struct arena *a, const struct render *r, const char *text, size_t max);
bool render_is_ascii(const struct render *r);

#endif
