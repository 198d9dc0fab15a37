/* pack.c - a walk whose archive goes through two threads: one hashes it, one writes it
 *
 * Compressed it goes to a process in between (codec/deflater.h), and a third thread takes what that
 * makes of it. What comes out does not depend on them: each sees all bytes in order, and compression
 * cuts them into blocks of one size (codec/deflate.c).
 */
#include "layer/pack.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "codec/deflater.h"
#include "codec/hash.h"
#include "layer/pack_priv.h"
#include "layer/ring.h"

enum reader { HASHER, WRITER };

/* struct pump - @room: the buffer that is being filled, @fill bytes of it; a thread's err is its own */
struct pump {
	struct ring ring;
	unsigned char *room;
	size_t fill;
	const struct pack_order *order;
	struct pack_result *result;
	struct hash tar, blob;
	pthread_t threads[RING_READERS];
	size_t n_threads;
	struct err errs[RING_READERS];
	bool failed[RING_READERS], taker_failed, cut_off;
	struct deflater deflater;
	struct err taker_err;
};

static int pump_add(void *of, const void *at, size_t len, struct err *e)
{
	struct pump *p = of;
	const unsigned char *from = at;

	while (len > 0) {
		size_t n = RING_BUFFER - p->fill < len ? RING_BUFFER - p->fill : len;

		if (!p->room)
			p->room = ring_room(&p->ring);
		/* why, the thread that stopped it knows */
		if (!p->room) {
			p->cut_off = true;
			return fail(e, ERR_SYSTEM, "pack a layer");
		}
		memcpy(p->room + p->fill, from, n);
		p->fill += n;
		from += n;
		len -= n;
		if (p->fill == RING_BUFFER) {
			ring_put(&p->ring, p->fill);
			p->room = NULL;
			p->fill = 0;
		}
	}
	return 0;
}

static void pump_end(struct pump *p)
{
	if (p->room && p->fill)
		ring_put(&p->ring, p->fill);
	ring_end(&p->ring);
}

/* The tar's digest is the blob's where nothing is compressed, and may be the sink's then. */
static bool hashes_tar(const struct pump *p)
{
	return p->order->compression != DEFLATE_PLAIN || !p->order->sink_hashes;
}

static bool hashes_blob(const struct pump *p)
{
	return p->order->compression != DEFLATE_PLAIN && !p->order->sink_hashes;
}

static int hash_all(struct pump *p, struct err *e)
{
	const unsigned char *at;
	size_t len;
	int r;

	if (hash_start(&p->tar, DIGEST_SHA256, e) < 0)
		return -1;
	while ((r = ring_get(&p->ring, HASHER, &at, &len)) > 0)
		if (hashes_tar(p) && hash_add(&p->tar, at, len, e) < 0)
			return -1;
	return r < 0 ? 0 : hash_end(&p->tar, &p->result->diff_id, e);
}

static int write_blob(void *of, const void *at, size_t len, struct err *e)
{
	struct pump *p = of;

	p->result->written += len;
	if (hashes_blob(p) && hash_add(&p->blob, at, len, e) < 0)
		return -1;
	return p->order->write(p->order->of, at, len, e);
}

static int write_plain(struct pump *p, struct err *e)
{
	const unsigned char *at;
	size_t len;
	int r;

	while ((r = ring_get(&p->ring, WRITER, &at, &len)) > 0)
		if (write_blob(p, at, len, e) < 0)
			return -1;
	return r < 0 ? 0 : hash_end(&p->blob, &p->result->blob, e);
}

/* What tare-deflate makes of it, in the meantime. */
static void *take_deflated(void *of)
{
	struct pump *p = of;
	own_mem char *piece = malloc(RING_BUFFER);
	struct err *e = &p->taker_err;
	ssize_t n = 0;
	int r = piece ? 0 : fail_errno(e, ENOMEM, "pack a layer");

	while (r == 0 && (n = read(p->deflater.output, piece, RING_BUFFER)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? fail_sys(e, "compress") : write_blob(p, piece, (size_t)n, e);
	}
	p->taker_failed = r < 0;
	/* who feeds it may be waiting for it, and it for us */
	if (r < 0)
		(void)kill(p->deflater.pid, SIGKILL);
	return NULL;
}

/* 0: all of it; -1: no more, since somebody failed. The process says why when it is ended. */
static int feed(struct pump *p)
{
	struct err late = { 0 };
	const unsigned char *at;
	size_t len;
	int r;

	while ((r = ring_get(&p->ring, WRITER, &at, &len)) > 0)
		if (pack_to_fd(&p->deflater.input, at, len, &late) < 0)
			return -1;
	if (r < 0)
		(void)kill(p->deflater.pid, SIGKILL);
	return r;
}

static int write_deflated(struct pump *p, struct err *e)
{
	pthread_t taker;
	int error, fed, ended;

	if (deflater_start(&p->deflater, p->order->compression, FD_NONE, FD_NONE, e) < 0)
		return -1;
	error = pthread_create(&taker, NULL, take_deflated, p);
	if (error) {
		deflater_cancel(&p->deflater);
		return fail_errno(e, error, "start a thread");
	}
	fed = feed(p);
	fd_close(&p->deflater.input);
	(void)pthread_join(taker, NULL);
	ended = deflater_end(&p->deflater, e);
	if (p->taker_failed)
		*e = p->taker_err;
	if (p->taker_failed || ended < 0 || fed < 0)
		return -1;
	return hash_end(&p->blob, &p->result->blob, e);
}

static int write_all(struct pump *p, struct err *e)
{
	if (hash_start(&p->blob, DIGEST_SHA256, e) < 0)
		return -1;
	return p->order->compression == DEFLATE_PLAIN ? write_plain(p, e) : write_deflated(p, e);
}

static void note(struct pump *p, enum reader who, int r)
{
	if (r == 0)
		return;
	p->failed[who] = true;
	ring_stop(&p->ring);
}

static void *hasher(void *of)
{
	struct pump *p = of;

	note(p, HASHER, hash_all(p, &p->errs[HASHER]));
	return NULL;
}

static void *writer(void *of)
{
	struct pump *p = of;
	sigset_t pipe_only;

	/* a pipe whose reader has ended is an error, for a sink, too */
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_only, NULL);
	note(p, WRITER, write_all(p, &p->errs[WRITER]));
	return NULL;
}

static int start(struct pump *p, struct err *e)
{
	static void *(*const bodies[RING_READERS])(void *) = { hasher, writer };

	for (; p->n_threads < RING_READERS; p->n_threads++) {
		int error =
			pthread_create(&p->threads[p->n_threads], NULL, bodies[p->n_threads], p);

		if (error)
			return fail_errno(e, error, "start a thread");
	}
	return 0;
}

/* A thread's failure is why, unless it has only seen that the walk failed. */
static int join(struct pump *p, int r, struct err *e)
{
	bool walk_failed = r < 0 && !p->cut_off;

	if (r < 0)
		ring_stop(&p->ring);
	for (size_t i = 0; i < p->n_threads; i++)
		(void)pthread_join(p->threads[i], NULL);
	for (size_t i = 0; !walk_failed && i < RING_READERS; i++)
		if (p->failed[i]) {
			*e = p->errs[i];
			return -1;
		}
	return r;
}

static int pack(const struct pack_source *s, struct pump *p, struct err *e)
{
	struct packer *packer = packer_new(s, &p->order->not_after, pump_add, p, p->result, e);
	int r = packer ? pack_walk(s, PACK_TO_WRITE, packer_item, packer, e) : -1;

	if (r == 0)
		r = packer_end(packer, e);
	packer_free(packer);
	if (r == 0)
		pump_end(p);
	return r;
}

/**
 * pack_layer() - write the difference as a layer
 *
 * When it fails, what was written is good for nothing.
 */
int pack_layer(const struct pack_source *s, const struct pack_order *o,
	       struct pack_result *ret_result, struct err *e)
{
	struct pack_result result = { 0 };
	struct pump p = { .order = o, .result = &result, .deflater = DEFLATER_NONE };
	int r;

	if (ring_init(&p.ring, e) < 0)
		return -1;
	r = start(&p, e);
	if (r == 0)
		r = pack(s, &p, e);
	r = join(&p, r, e);
	ring_done(&p.ring);
	if (r < 0)
		return -1;
	if (o->compression == DEFLATE_PLAIN)
		result.blob = result.diff_id;
	*ret_result = result;
	return 0;
}

struct listing {
	pack_change_seen *seen;
	void *of;
};

static int list_item(void *of, const struct pack_item *i, struct err *e)
{
	const struct listing *l = of;
	const struct stat *st = &i->file.st;
	struct pack_change c = { .kind = i->kind, .path = i->path, .mode = st->st_mode };

	if (i->kind != PACK_DELETED && S_ISREG(st->st_mode))
		c.size = (uint64_t)st->st_size;
	return i->len ? l->seen(l->of, &c, e) : 0;
}

/**
 * pack_changes() - list the difference as `docker diff` does
 *
 * Folders come before what is in them, all in the order of their bytes. What is in a folder that is
 * gone is not listed, the root is not, and neither is a folder of which only the time has changed.
 */
int pack_changes(const struct pack_source *s, pack_change_seen *seen, void *of, struct err *e)
{
	struct listing l = { .seen = seen, .of = of };

	return pack_walk(s, PACK_TO_LIST, list_item, &l, e);
}

/* pack_to_fd() - a sink of struct pack_order: @fd points to a descriptor */
int pack_to_fd(void *fd, const void *at, size_t len, struct err *e)
{
	const char *from = at;

	while (len > 0) {
		ssize_t n = write(*(const int *)fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "write the layer");
		from += n;
		len -= (size_t)n;
	}
	return 0;
}
