/* arena.c - a bump allocator over blocks */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/block.h"
#include "base/text.h"

#define BLOCK_SIZE ((size_t)16 << 10)
#define ALIGN      ((size_t)16)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

static int grow(struct arena *a, size_t size)
{
	size_t want = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	size_t limit = a->limit ? a->limit : ARENA_LIMIT;
	struct arena_block *b;

	if (want > limit || a->total > limit - want)
		return -1;
	b = block_get(sizeof(*b) + want);
	if (!b)
		return -1;
	*b = (struct arena_block){ .next = a->top, .size = want };
	a->top = b;
	a->total += want;
	return 0;
}

/* @size bytes that hold anything. */
static void *carve(struct arena *a, size_t size)
{
	void *at;

	if (size > SIZE_MAX - ALIGN)
		return NULL;
	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (!a->top || size > a->top->size - a->top->used) {
		if (grow(a, size) < 0)
			return NULL;
	}
	at = a->top->bytes + a->top->used;
	a->top->used += size;
	return at;
}

/**
 * arena_alloc() - carve @size zeroed bytes
 *
 * Return: memory that lives until arena_done(), or NULL.
 */
void *arena_alloc(struct arena *a, size_t size)
{
	void *at = carve(a, size);

	return at ? memset(at, 0, size) : NULL;
}

/* arena_array() - arena_alloc() of @count times @size, overflow checked */
void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(a, bytes);
}

char *arena_dup_len(struct arena *a, const char *text, size_t len)
{
	char *copy = carve(a, len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/**
 * arena_more() - room for one more in a list that grows
 * @list: its items so far, @n of @size bytes; NULL when there are none
 *
 * Return: @list, or a copy with twice the room; NULL without memory.
 */
void *arena_more(struct arena *a, void *list, size_t n, size_t size)
{
	void *grown;

	if (n & (n - 1))
		return list;
	/* full whenever its length is a power of two */
	grown = arena_array(a, n ? 2 * n : 1, size);
	if (grown && n)
		memcpy(grown, list, n * size);
	return grown;
}

/* arena_append() - a copy of a NULL-terminated list (NULL: none) with a copy of @word at its end; or NULL */
char **arena_append(struct arena *a, char *const *list, const char *word)
{
	size_t n = text_count(list);
	char **more = arena_array(a, n + 2, sizeof(char *));

	if (!more)
		return NULL;
	if (n)
		memcpy(more, list, n * sizeof(char *));
	more[n] = arena_dup(a, word);
	return more[n] ? more : NULL;
}

char *arena_dup(struct arena *a, const char *text)
{
	return arena_dup_len(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	if ((size_t)n < sizeof(small))
		return arena_dup_len(a, small, (size_t)n);
	text = arena_alloc(a, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

/**
 * arena_reset() - forget what was carved, and keep a block for what comes next
 *
 * For who reads one small document after the other: a block that is given back each time is pages that
 * the kernel takes from all our threads, and hands out anew.
 */
void arena_reset(struct arena *a)
{
	struct arena_block *first = a->top;

	while (first && first->next)
		first = first->next;
	while (a->top && (a->top != first || first->size > BLOCK_SIZE)) {
		struct arena_block *b = a->top;

		a->top = b->next;
		block_put(b, sizeof(*b) + b->size);
	}
	if (a->top)
		a->top->used = 0;
	a->total = a->top ? a->top->size : 0;
}

void arena_done(struct arena *a)
{
	while (a->top) {
		struct arena_block *next = a->top->next;

		block_put(a->top, sizeof(*a->top) + a->top->size);
		a->top = next;
	}
	a->total = 0;
}
