/* render_value.h - what a path or a template speaks of: a member of a row, by its bind table
 *
 * A value is small, is copied, and owns nothing: it points into the row, which must outlive it, or
 * into an arena.
 */
#ifndef BASE_RENDER_VALUE_H
#define BASE_RENDER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"

enum value_kind {
	VALUE_NONE,   /* absent */
	VALUE_BOOL,   /* .truth */
	VALUE_I64,    /* .i */
	VALUE_U64,    /* .u */
	VALUE_TEXT,   /* .text */
	VALUE_STRUCT, /* .at, of the shape .table */
	VALUE_LIST,   /* .at, as .row says; or .n texts at .texts */
	VALUE_MAP,    /* .at, as .row says: an object of strings or of structs */
	VALUE_SAMPLE, /* .text stands for what a row would have: its header */
};

/**
 * struct value - one value
 * @raw:   its text is somebody else's, and not fit for a terminal
 * @row:   of a list, a map and an absent member: the row that describes it; of a sample: what it
 *         stands for, NULL where that is not known
 * @table: of a struct, and of a sample that stands for one
 * @path:  of a sample: keys from the row on, with dots
 */
struct value {
	enum value_kind kind;
	bool raw;
	const struct bind_row *row;
	const struct bind_table *table;
	const char *path;
	union {
		bool truth;
		int64_t i;
		uint64_t u;
		const char *text;
		const void *at;
		struct {
			const char *const *texts;
			size_t n;
		};
	};
};

/* How lists and maps are written: [a b] and map[k:v] by Go, a,b and k=v in a table's cell. */
enum value_style { VALUE_GO, VALUE_CELL };

const struct bind_row *bind_row_named(const struct bind_table *t, const char *name, size_t len);

struct value value_text(const char *text, bool raw);
struct value value_number(int64_t n);
struct value value_struct(const struct bind_table *t, const void *at);
struct value value_member(const struct value *v, const struct bind_row *row);
bool value_path(const struct bind_table *t, const void *at, const char *path,
		struct value *ret_value);
bool value_truth(const struct value *v);
size_t value_count(const struct value *v);
struct value value_item(const struct value *v, size_t i, struct value *ret_key);
bool value_index(const struct value *v, const char *key, struct value *ret_item);
void value_write(const struct value *v, enum value_style style, bool ascii, struct str *out);
void value_json(const struct value *v, struct str *out);
void value_json_text(struct str *out, const char *compact);

#endif
