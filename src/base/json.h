/* json.h - JSON text to a tree in an arena (RFC 8259)
 *
 * Our own, because tare-runtime is linked with musl (see ARCHITECTURE.md: what starting costs),
 * for which Debian has no JSON library; it is small since it does only what bind_json.c asks for. Numbers are kept
 * as text, so that 18446744073709551615 stays what it is, and every value knows where it
 * stood. Strict: no comments, no trailing commas, valid UTF-8, bounded depth.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/**
 * struct json - one value
 * @text:    JSON_STRING: decoded, NUL-terminated; JSON_NUMBER: as written, @len bytes of it
 * @len:     bytes of a string (it may hold NULs) or a number, or number of children
 * @child:   first item or member; the others follow by @next
 * @key:     of an object's member, else NULL
 */
struct json {
	enum json_type type;
	bool truth;
	const char *text, *key;
	size_t len;
	struct json *child, *next;
};

const char *json_type_word(enum json_type type);
struct json *json_parse(const char *text, size_t len, const char *doc, const char *skip,
			struct arena *a, struct err *e);
const struct json *json_member(const struct json *object, const char *key);
bool json_u64(const struct json *v, uint64_t *ret_number);
bool json_i64(const struct json *v, int64_t *ret_number);

#endif
