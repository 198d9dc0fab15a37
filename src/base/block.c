/* block.c - a stack of blocks in .bss
 *
 * A block that is given back while later ones live leaves a hole, which is filled again when the
 * last block goes. That is enough for arenas and texts, which mostly nest.
 */
#include "base/block.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN ((size_t)16)

/* gcc defines the first, clang answers to the second */
#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* the sanitizers see what runs over only when every block is one of the heap's */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define POOL_SIZE ((size_t)0)
#else
#define POOL_SIZE ((size_t)256 << 10)
#endif

static _Alignas(16) unsigned char pool[POOL_SIZE + 1];
static size_t used, blocks;

/* never nothing: what lies at the pool's very end would not be known for ours */
static size_t rounded(size_t size)
{
	size += !size;
	return (size + ALIGN - 1) & ~(ALIGN - 1);
}

static bool is_ours(const void *at)
{
	return (const unsigned char *)at >= pool && (const unsigned char *)at < pool + POOL_SIZE;
}

static bool is_last(const void *at, size_t size)
{
	return is_ours(at) && (const unsigned char *)at + rounded(size) == pool + used;
}

/**
 * block_get() - @size bytes that hold anything
 *
 * Return: memory for block_put(), aligned to 16 bytes, or NULL.
 */
void *block_get(size_t size)
{
	void *at;

	if (size > POOL_SIZE || rounded(size) > POOL_SIZE - used)
		return malloc(size ? size : 1);
	at = pool + used;
	used += rounded(size);
	blocks++;
	return at;
}

/**
 * block_resize() - make a block larger, moving it if need be
 * @at:  the block, or NULL for none
 * @was: its size
 *
 * Return: the block, or NULL, when the old one is still there.
 */
void *block_resize(void *at, size_t was, size_t size)
{
	void *moved;

	if (!at)
		return block_get(size);
	if (!is_ours(at))
		return realloc(at, size);
	if (is_last(at, was) && size <= POOL_SIZE &&
	    rounded(size) - rounded(was) <= POOL_SIZE - used) {
		used += rounded(size) - rounded(was);
		return at;
	}
	moved = block_get(size);
	if (!moved)
		return NULL;
	memcpy(moved, at, was);
	block_put(at, was);
	return moved;
}

/* block_put() - give a block of @size bytes back; NULL is none */
void block_put(void *at, size_t size)
{
	if (!at || !is_ours(at)) {
		free(at);
		return;
	}
	if (is_last(at, size))
		used -= rounded(size);
	if (--blocks == 0)
		used = 0;
}
