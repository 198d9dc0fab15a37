/* worker.c - see worker.h; limits on what is inflated are here, those on entries in tar.c, place.c */
#include "layer/worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "codec/hash.h"
#include "layer/place.h"
#include "layer/ring.h"
#include "layer/tar.h"

enum reader { HASHER, PLACER };

/**
 * struct worker - what the threads share
 * @first: what went wrong first; set once, under @lock
 */
struct worker {
	const struct work *work;
	struct ring ring;
	struct inflate z;
	struct unpack_result *result;
	struct digest diff_id;
	pthread_mutex_t lock;
	bool failed;
	struct err first;
};

/* The first failure ends all. */
static void give_up(struct worker *w, const struct err *e)
{
	(void)pthread_mutex_lock(&w->lock);
	if (!w->failed)
		w->first = *e;
	w->failed = true;
	(void)pthread_mutex_unlock(&w->lock);
	ring_stop(&w->ring);
}

static int check_size(const struct worker *w, struct err *e)
{
	const struct unpack_limits *l = &w->work->job->limits;
	const struct inflate *z = &w->z;

	if (z->out > l->total)
		return fail(e, ERR_LIMIT, "the archive is bigger than %llu bytes",
			    (unsigned long long)l->total);
	if (z->out > l->ratio_floor && z->out / l->ratio > z->in)
		return fail(e, ERR_LIMIT,
			    "the archive inflates to more than %llu times its size: a bomb?",
			    (unsigned long long)l->ratio);
	return 0;
}

static int inflate_all(struct worker *w, struct err *e)
{
	unsigned char *room;
	ssize_t n;

	if (inflate_start(&w->z, w->work->read, w->work->of, e) < 0)
		return -1;
	while ((room = ring_room(&w->ring))) {
		n = inflate_read(&w->z, room, RING_BUFFER, e);
		if (n < 0)
			return -1;
		if (n == 0) {
			ring_end(&w->ring);
			break;
		}
		if (check_size(w, e) < 0)
			return -1;
		ring_put(&w->ring, (size_t)n);
	}
	return 0;
}

static void *inflater(void *arg)
{
	struct worker *w = arg;
	struct err e = { 0 };

	if (inflate_all(w, &e) < 0)
		give_up(w, &e);
	return NULL;
}

static int hash_all(struct worker *w, struct err *e)
{
	own_hash h = { 0 };
	const unsigned char *at;
	size_t len;
	int r;

	if (hash_start(&h, DIGEST_SHA256, e) < 0)
		return -1;
	while ((r = ring_get(&w->ring, HASHER, &at, &len)) > 0)
		if (hash_add(&h, at, len, e) < 0)
			return -1;
	return r < 0 ? 0 : hash_end(&h, &w->diff_id, e);
}

static void *hasher(void *arg)
{
	struct worker *w = arg;
	struct err e = { 0 };

	if (hash_all(w, &e) < 0)
		give_up(w, &e);
	return NULL;
}

/* a tar_source */
static int next_buffer(void *of, const unsigned char **ret_at, size_t *ret_len, struct err *e)
{
	struct worker *w = of;
	int r = ring_get(&w->ring, PLACER, ret_at, ret_len);

	/* not the first failure, so nobody reads this */
	return r < 0 ? fail(e, ERR_BUG, "the archive was given up") : r;
}

static int check_end(const struct worker *w, const struct tar *t, struct err *e)
{
	if (t->end_seen || !w->work->job->marked)
		return 0;
	fail(e, ERR_INPUT,
	     t->offset ? "read the archive: it has no end marker: truncated"
		       : "read the archive: it is empty");
	return -1;
}

static int place_all(struct worker *w, struct str *ret_opaque, struct err *e)
{
	const struct unpack_limits *l = &w->work->job->limits;
	const struct tar_limits limits = { .path = l->path,
					   .header = l->header,
					   .file = l->file,
					   .xattrs = l->xattrs,
					   .xattr_bytes = l->xattr_bytes,
					   .regions = l->regions };
	own_place p = { 0 };
	own_tar t = { 0 };
	struct tar_entry x;
	int r;

	tar_start(&t, &limits, next_buffer, w);
	if (place_start(&p, w->work->job, w->work->root, w->result, e) < 0)
		return -1;
	while ((r = tar_next(&t, &x, e)) > 0)
		if (place_entry(&p, &t, &x, e) < 0)
			return -1;
	if (r < 0 || check_end(w, &t, e) < 0 || place_end(&p, e) < 0 || tar_drain(&t, e) < 0)
		return -1;
	*ret_opaque = p.opaque;
	p.opaque = (struct str){ 0 };
	return 0;
}

/* The first failure, if there was one. */
static bool has_failed(struct worker *w, struct err *e)
{
	bool failed;

	(void)pthread_mutex_lock(&w->lock);
	failed = w->failed;
	if (failed)
		*e = w->first;
	(void)pthread_mutex_unlock(&w->lock);
	return failed;
}

static int run_threads(struct worker *w, struct str *ret_opaque, struct err *e)
{
	pthread_t inflating, hashing;
	struct err failure = { 0 };
	int r = pthread_create(&inflating, NULL, inflater, w);

	if (r)
		return fail_errno(e, r, "start a thread");
	r = pthread_create(&hashing, NULL, hasher, w);
	if (r) {
		fail_errno(&failure, r, "start a thread");
		give_up(w, &failure);
	} else {
		if (place_all(w, ret_opaque, &failure) < 0)
			give_up(w, &failure);
		(void)pthread_join(hashing, NULL);
	}
	/* after a failure it may wait for bytes that never come, so nobody waits for that thread */
	if (has_failed(w, e)) {
		(void)pthread_detach(inflating);
		return -1;
	}
	(void)pthread_join(inflating, NULL);
	return 0;
}

/**
 * worker_run() - unpack an archive
 * @ret_opaque: names for struct unpack_answer; str_done() frees it
 *
 * After a failure a thread may still read, and the process should end.
 */
int worker_run(const struct work *work, struct unpack_result *ret_result, struct str *ret_opaque,
	       struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));
	struct unpack_result result = { 0 };

	if (!w)
		return fail_errno(e, ENOMEM, "unpack");
	w->work = work;
	w->result = &result;
	(void)pthread_mutex_init(&w->lock, NULL);
	if (ring_init(&w->ring, e) < 0 || run_threads(w, ret_opaque, e) < 0)
		return -1; /* @w is left to the thread */
	result.diff_id = w->diff_id;
	result.input = w->z.in;
	result.bytes = w->z.out;
	*ret_result = result;
	inflate_done(&w->z);
	ring_done(&w->ring);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
	return 0;
}
