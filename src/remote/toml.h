/* toml.h - TOML to a tree in an arena, as far as configuration files use it (toml.io/en/v1.0.0)
 *
 * Tables, arrays of tables, dotted keys, the four kinds of strings, whole numbers, booleans, arrays,
 * inline tables, comments. Floats and dates are refused by name: no file of ours has them. Strict:
 * valid UTF-8, no key twice, no table twice, bounded length, depth and memory.
 */
#ifndef REMOTE_TOML_H
#define REMOTE_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

#define TOML_MAX ((size_t)1 << 20) /* bytes of a file */

enum toml_type { TOML_STRING, TOML_NUMBER, TOML_BOOL, TOML_ARRAY, TOML_TABLE };

/**
 * struct toml - one value
 * @key:   of a table's member, else NULL
 * @line:  where it begins, from 1
 * @text:  TOML_STRING: decoded, without NULs
 * @child: first member or item; the others follow by @next
 */
struct toml {
	enum toml_type type;
	const char *key;
	unsigned line;
	const char *text;
	int64_t number;
	bool truth;
	struct toml *child, *next;
	/* the reader's own: what may still be added to a table or array */
	bool closed_, header_;
	struct toml *last_;
};

const struct toml *toml_parse(const char *text, size_t len, const char *doc, struct arena *a,
			      struct err *e);
const struct toml *toml_member(const struct toml *table, const char *key);
const char *toml_type_word(enum toml_type type);

#endif
