/* ring.c - see ring.h; one lock, one condition: a buffer is a millisecond's work */
#include "layer/ring.h"

#include <stdlib.h>

int ring_init(struct ring *r, struct err *e)
{
	*r = (struct ring){ .memory = malloc(RING_BUFFERS * RING_BUFFER) };
	if (!r->memory)
		return fail_errno(e, ENOMEM, "make buffers");
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->moved, NULL);
	return 0;
}

/* ring_done() - release it; no thread uses it any more */
void ring_done(struct ring *r)
{
	if (!r->memory)
		return;
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_cond_destroy(&r->moved);
	free(r->memory);
	r->memory = NULL;
}

static bool is_full(const struct ring *r)
{
	for (unsigned i = 0; i < RING_READERS; i++)
		if (r->put - r->got[i] == RING_BUFFERS)
			return true;
	return false;
}

/* ring_room() - the next buffer to fill, of RING_BUFFER bytes; NULL once the ring was stopped */
unsigned char *ring_room(struct ring *r)
{
	unsigned char *at = NULL;

	(void)pthread_mutex_lock(&r->lock);
	while (is_full(r) && !r->stopped)
		(void)pthread_cond_wait(&r->moved, &r->lock);
	if (!r->stopped)
		at = r->memory + r->put % RING_BUFFERS * RING_BUFFER;
	(void)pthread_mutex_unlock(&r->lock);
	return at;
}

/* ring_put() - hand the buffer of ring_room() to the readers; it has @len bytes, not 0 */
void ring_put(struct ring *r, size_t len)
{
	(void)pthread_mutex_lock(&r->lock);
	r->len[r->put++ % RING_BUFFERS] = len;
	(void)pthread_cond_broadcast(&r->moved);
	(void)pthread_mutex_unlock(&r->lock);
}

static void raise_flag(struct ring *r, bool *flag)
{
	(void)pthread_mutex_lock(&r->lock);
	*flag = true;
	(void)pthread_cond_broadcast(&r->moved);
	(void)pthread_mutex_unlock(&r->lock);
}

/* ring_end() - there is no more */
void ring_end(struct ring *r)
{
	raise_flag(r, &r->ended);
}

/* ring_stop() - something failed: everybody is woken, and gets nothing any more */
void ring_stop(struct ring *r)
{
	raise_flag(r, &r->stopped);
}

/**
 * ring_get() - the next buffer; the one before is given back
 *
 * Return: 1; 0 at the end; -1 once the ring was stopped.
 */
int ring_get(struct ring *r, unsigned reader, const unsigned char **ret_at, size_t *ret_len)
{
	int ret = 0;

	(void)pthread_mutex_lock(&r->lock);
	if (r->reading[reader]) {
		r->reading[reader] = false;
		if (r->put - r->got[reader]++ == RING_BUFFERS)
			(void)pthread_cond_broadcast(&r->moved);
	}
	while (r->got[reader] == r->put && !r->ended && !r->stopped)
		(void)pthread_cond_wait(&r->moved, &r->lock);
	if (r->stopped) {
		ret = -1;
	} else if (r->got[reader] < r->put) {
		uint64_t i = r->got[reader] % RING_BUFFERS;

		*ret_at = r->memory + i * RING_BUFFER;
		*ret_len = r->len[i];
		r->reading[reader] = true;
		ret = 1;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return ret;
}
