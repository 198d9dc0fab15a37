/* render_table.c - columns that line up, and the lines of trees */
#include <string.h>

#include "base/render.h"
#include "base/render_text.h"
#include "base/text.h"

/* Between two columns, as docker has it. */
#define GAP         3

/* Columns beyond these are not lined up. */
#define COLUMNS_MAX 64

struct widths {
	size_t at[COLUMNS_MAX], n;
};

static void measure(struct widths *w, const char *text)
{
	for (size_t column = 0; *text; text++) {
		size_t len = strcspn(text, "\t\n");

		if (column < COLUMNS_MAX) {
			size_t width = render_width(text, len);

			if (width > w->at[column])
				w->at[column] = width;
			if (column >= w->n)
				w->n = column + 1;
		}
		text += len;
		column = *text == '\t' ? column + 1 : 0;
		if (!*text)
			return;
	}
}

static void add_blanks(struct str *out, size_t n)
{
	static const char blanks[] = "                                ";

	for (; n >= sizeof(blanks); n -= sizeof(blanks) - 1)
		str_add(out, blanks);
	str_add_len(out, blanks, n);
}

/* One line. Blanks are written when something follows them: no line ends with any. */
static const char *write_line(struct str *out, const char *text, const struct widths *w,
			      const struct render_column *columns, size_t n)
{
	size_t blanks = 0;

	for (size_t column = 0;; column++) {
		size_t len = strcspn(text, "\t\n"), width = render_width(text, len);
		size_t full = column < w->n ? w->at[column] : width;
		bool right = column < n && columns[column].align == RENDER_RIGHT;

		if (right)
			blanks += full - width;
		if (len) {
			add_blanks(out, blanks);
			blanks = 0;
		}
		str_add_len(out, text, len);
		blanks += GAP + (right ? 0 : full - width);
		text += len;
		if (*text != '\t')
			return text;
		text++;
	}
}

/**
 * render_columns() - append lines of cells so that they stand in columns
 * @text:    cells end with a tab, lines with a newline; fit for a terminal
 * @columns: their alignment; those after the @n-th are to the left
 */
void render_columns(struct str *out, const char *text, const struct render_column *columns,
		    size_t n)
{
	struct widths w = { 0 };

	measure(&w, text);
	while (*text) {
		text = write_line(out, text, &w, columns, n);
		str_add(out, "\n");
		if (*text)
			text++;
	}
}

/**
 * render_tree_open() - where lines of a tree go on
 * @depths:   of each of @n nodes, in the order in which they are printed
 * @ret_open: for each node: bit d is set if a node of depth d that hangs on the same line follows
 */
void render_tree_open(const size_t *depths, size_t n, uint64_t *ret_open)
{
	uint64_t open = 0;

	for (size_t i = n; i-- > 0;) {
		size_t d = depths[i] < RENDER_DEPTH_MAX ? depths[i] : RENDER_DEPTH_MAX;
		uint64_t bit = (uint64_t)1 << d;

		open &= bit | (bit - 1);
		ret_open[i] = open;
		open |= bit;
	}
}

/* render_tree_prefix() - append what stands before a node's text: nothing before a root's */
void render_tree_prefix(struct str *out, size_t depth, uint64_t open, bool ascii)
{
	if (depth > RENDER_DEPTH_MAX)
		depth = RENDER_DEPTH_MAX;
	for (size_t d = 1; d < depth; d++) {
		bool passes = open >> d & 1;

		str_add(out, !passes ? "  " : ascii ? "| " : "│ ");
	}
	if (depth && (open >> depth & 1))
		str_add(out, ascii ? "|-" : "├─");
	else if (depth)
		str_add(out, ascii ? "`-" : "└─");
}
