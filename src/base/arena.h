/* arena.h - memory that lives and dies together
 *
 * A document (a config, a state, a plan) is dozens of small strings and arrays that all end
 * at once. They are carved from one arena; nobody frees a part. Allocation returns zeroed,
 * 16-byte aligned memory, or NULL when the arena's limit or the system's memory is used up.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

/**
 * struct arena - a chain of blocks, newest first
 * @top:   block that is being filled, NULL in a fresh arena
 * @total: bytes handed out by malloc so far
 * @limit: refuse to grow beyond this many bytes; 0 means ARENA_LIMIT
 */
struct arena {
	struct arena_block *top;
	size_t total;
	size_t limit;
};

#define ARENA_LIMIT ((size_t)64 << 20)

void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);
void *arena_more(struct arena *a, void *list, size_t n, size_t size);
char **arena_append(struct arena *a, char *const *list, const char *word);
char *arena_dup(struct arena *a, const char *text);
char *arena_dup_len(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a);
void arena_done(struct arena *a);

#define own_arena __attribute__((cleanup(arena_done)))

#endif
