/* string_map.h - numbers by strings, for thousands of them
 *
 * The strings are the caller's and outlive the map. Several numbers may have one string: they are
 * chained by the caller.
 */
#ifndef HOST_STRING_MAP_H
#define HOST_STRING_MAP_H

#include <stddef.h>
#include <stdint.h>

#define STRING_MAP_NONE UINT32_MAX

struct string_map_slot {
	const char *key;
	size_t len;
	uint32_t hash, value;
};

/* struct string_map - zeroed is empty */
struct string_map {
	struct string_map_slot *slots;
	size_t size, used;
};

uint32_t *string_map_put(struct string_map *m, const char *key, size_t len);
uint32_t string_map_get(const struct string_map *m, const char *key, size_t len);
void string_map_done(struct string_map *m);

#endif
