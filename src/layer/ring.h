/* ring.h - buffers that one thread fills and others read, each of them all, in order
 *
 * The writer waits until every reader is done with a buffer; so memory is bounded, and nothing is
 * copied. Whoever fails stops the ring, and nobody waits any more.
 */
#ifndef LAYER_RING_H
#define LAYER_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define RING_BUFFERS 8
#define RING_BUFFER  ((size_t)256 << 10)
#define RING_READERS 2

/* struct ring - @put, @got: how many buffers were filled, and are no longer read; ring.c's own */
struct ring {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned char *memory;
	size_t len[RING_BUFFERS];
	uint64_t put, got[RING_READERS];
	bool reading[RING_READERS], ended, stopped;
};

int ring_init(struct ring *r, struct err *e);
void ring_done(struct ring *r);
unsigned char *ring_room(struct ring *r);
void ring_put(struct ring *r, size_t len);
void ring_end(struct ring *r);
void ring_stop(struct ring *r);
int ring_get(struct ring *r, unsigned reader, const unsigned char **ret_at, size_t *ret_len);

#endif
