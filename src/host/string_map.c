/* string_map.c - open addressing, doubled when half full */
#include "host/string_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a's step, eight bytes at once: texts of a thousand bytes are keys, too. Who chooses the keys is
 * on this machine, and can waste time in simpler ways. */
static uint32_t hash_of(const char *key, size_t len)
{
	uint64_t h = 14695981039346656037U, word;

	for (; len >= sizeof(word); key += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		h = (h ^ word) * 1099511628211U;
		h ^= h >> 32;
	}
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * 1099511628211U;
	return (uint32_t)(h ^ h >> 32);
}

static struct string_map_slot *slot_of(const struct string_map *m, const char *key, size_t len,
				       uint32_t hash)
{
	size_t i = hash & (m->size - 1);

	while (m->slots[i].key && (m->slots[i].hash != hash || m->slots[i].len != len ||
				   memcmp(m->slots[i].key, key, len) != 0))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static bool grow(struct string_map *m)
{
	struct string_map wider = { .size = m->size ? m->size * 2 : 256, .used = m->used };

	wider.slots = calloc(wider.size, sizeof(wider.slots[0]));
	if (!wider.slots)
		return false;
	for (size_t i = 0; i < m->size; i++) {
		const struct string_map_slot *s = &m->slots[i];

		if (s->key)
			*slot_of(&wider, s->key, s->len, s->hash) = *s;
	}
	free(m->slots);
	*m = wider;
	return true;
}

/**
 * string_map_put() - the place of a key's number, made with STRING_MAP_NONE where there is none
 * @key: kept, not copied
 *
 * Return: a place that is good until the next call, or NULL without memory.
 */
uint32_t *string_map_put(struct string_map *m, const char *key, size_t len)
{
	uint32_t hash = hash_of(key, len);
	struct string_map_slot *s;

	if (m->used * 2 >= m->size && !grow(m))
		return NULL;
	s = slot_of(m, key, len, hash);
	if (!s->key) {
		*s = (struct string_map_slot){ key, len, hash, STRING_MAP_NONE };
		m->used++;
	}
	return &s->value;
}

/* string_map_get() - a key's number, or STRING_MAP_NONE */
uint32_t string_map_get(const struct string_map *m, const char *key, size_t len)
{
	const struct string_map_slot *s = m->size ? slot_of(m, key, len, hash_of(key, len)) : NULL;

	return s && s->key ? s->value : STRING_MAP_NONE;
}

void string_map_done(struct string_map *m)
{
	free(m->slots);
	*m = (struct string_map){ 0 };
}
