/* pull_blobs.c - blobs from the registry into the store, and layers out of them meanwhile
 *
 * One loop over pipes. What arrives is hashed and written to the blob's file; the worker that unpacks
 * it gets it from there (splice: the page cache is the buffer), as fast as it can take it. So neither
 * waits for the other, and memory does not grow with the image.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "image/pull.h"
#include "store/ingest.h"

#define PIECE    ((size_t)256 << 10)
#define PIPE     (1 << 20)
/* ms after which what others are busy with is looked at again */
#define PATIENCE 20

/**
 * struct fetch - one blob on its way
 * @layer: NULL: it is no layer's, or the layer is another's
 * @pipe:  from tare-fetch; @id is the question's
 * @feed:  to the worker; @fed bytes of the blob have gone there
 * @came:  the registry is done with it; @whole: in the store; @here: and unpacked (chained layers)
 * @spoilt: why its layer can't be unpacked. It may be for a blob that is not what it should be
 */
struct fetch {
	struct digest digest;
	uint64_t size, id, fed;
	const char *media_type;
	struct ingest in;
	struct layer_job *job;
	int pipe, feed;
	bool asked, came, whole, retried, here;
	struct err *spoilt;
	char short_id[13];
};

/* struct pulling - all of them */
struct pulling {
	struct pull *p;
	struct fetch *fetches;
	struct layer_job *jobs;
	size_t n, running;
	char *piece;
};

static void tell(const struct pulling *g, const struct fetch *f, enum progress_step step,
		 uint64_t done, const char *detail)
{
	const struct progress *to = g->p->progress;

	if (to && to->tell && *f->short_id)
		to->tell(to->ctx, f->short_id, step, done, f->size, detail);
}

static int make_pipe(int ret[2], struct err *e)
{
	if (pipe2(ret, O_CLOEXEC) < 0)
		return fail_sys(e, "make a pipe");
	/* larger ones make fewer turns; the user's limit may forbid it */
	(void)fcntl(ret[0], F_SETPIPE_SZ, PIPE);
	return 0;
}

static int ask(struct pulling *g, struct fetch *f, struct err *e)
{
	char text[DIGEST_TEXT];
	int ends[2];
	struct remote_request q = {
		.action = REMOTE_BLOB_GET,
		.what = digest_text(&f->digest, text),
		.size = f->size,
		.offset = f->in.at,
		.registry_only = f->retried,
	};
	int r;

	if (make_pipe(ends, e) < 0)
		return -1;
	f->pipe = ends[0];
	if (fcntl(f->pipe, F_SETFL, O_NONBLOCK) < 0) {
		(void)close(ends[1]);
		return fail_sys(e, "set up a pipe");
	}
	q.fd = ends[1];
	r = remote_ask(g->p->remote, &q, &f->id, e);
	(void)close(ends[1]);
	f->asked = r == 0;
	return r;
}

/* Whoever else was writing it may have ended, one way or the other. */
static int begin_blob(struct pulling *g, struct fetch *f, struct err *e)
{
	int r = ingest_begin(&f->in, g->p->store, &f->digest, f->size, e);

	if (r < 0 || r == INGEST_BUSY)
		return r < 0 ? -1 : 0;
	if (r == INGEST_HAVE) {
		f->whole = true;
		return 0;
	}
	if (f->in.at == f->size)
		f->came = true;
	else if (ask(g, f, e) < 0)
		return -1;
	tell(g, f, PROGRESS_WAITING, 0, NULL);
	return 0;
}

/* A worker, once there is something for it and one is free. */
static int begin_layer(struct pulling *g, struct fetch *f, struct err *e)
{
	struct layer_job *j = f->job;
	int ends[2];

	if (j->state == LAYER_BUSY && layer_begin(j, g->p->layers, j->layer, e) < 0)
		return -1;
	if (j->state != LAYER_MINE || g->running > g->p->layers->workers ||
	    (!f->whole && f->in.at == 0))
		return 0;
	if (f->whole) {
		own_fd int fd = store_blob_open(g->p->store, &f->digest, NULL, e);

		g->running++;
		tell(g, f, PROGRESS_UNPACKING, 0, NULL);
		return fd < 0 ? -1 : layer_start(j, fd, FD_NONE, e);
	}
	if (make_pipe(ends, e) < 0)
		return -1;
	f->feed = ends[1];
	g->running++;
	if (layer_start(j, ends[0], FD_NONE, e) < 0) {
		(void)close(ends[0]);
		return -1;
	}
	(void)close(ends[0]);
	return fcntl(f->feed, F_SETFL, O_NONBLOCK) < 0 ? fail_sys(e, "set up a pipe") : 0;
}

/* What has arrived. */
static int take(struct pulling *g, struct fetch *f, struct err *e)
{
	ssize_t n = read(f->pipe, g->piece, PIECE);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : fail_sys(e, "read from tare-fetch");
	if (n == 0) {
		fd_close(&f->pipe);
		return 0;
	}
	if (ingest_add(&f->in, g->piece, (size_t)n, e) < 0)
		return -1;
	tell(g, f, PROGRESS_TRANSFER, f->in.at, NULL);
	return 0;
}

/* What the worker takes of it. It may have ended, and then says why itself. */
static int feed(struct fetch *f, int from, struct err *e)
{
	off_t at = (off_t)f->fed;
	ssize_t n = splice(from, &at, f->feed, NULL, f->in.at - f->fed,
			   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n < 0 && errno == EPIPE) {
		fd_close(&f->feed);
		return 0;
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR
			       ? 0
			       : fail_sys(e, "hand a layer to tare-unpack");
	f->fed += (uint64_t)n;
	return 0;
}

/* A blob that is not what it should be may be a mirror's; the registry itself is asked once more. */
static int again(struct pulling *g, struct fetch *f, struct err *e)
{
	if (f->retried)
		return -1;
	f->retried = true;
	log_warn("%s: %s", f->short_id, e->text);
	tell(g, f, PROGRESS_RETRY, 0, e->text);
	*e = (struct err){ 0 };
	f->came = f->asked = false;
	f->fed = 0;
	fd_close(&f->feed);
	if (f->job && f->job->state == LAYER_RUNNING) {
		const struct stored_layer *layer = f->job->layer;

		g->running -= !f->spoilt;
		free(f->spoilt);
		f->spoilt = NULL;
		layer_jobs_done(f->job, 1);
		if (layer_begin(f->job, g->p->layers, layer, e) < 0)
			return -1;
	}
	ingest_discard(&f->in);
	return 0;
}

static int complete(struct pulling *g, struct fetch *f, struct err *e)
{
	if (ingest_check(&f->in, e) < 0)
		return again(g, f, e);
	f->whole = true;
	tell(g, f, PROGRESS_TRANSFERRED, f->size, NULL);
	return 0;
}

/* The last bytes have gone to the worker, and the blob is what it should be: only then may it end. */
static int end_blob(struct pulling *g, struct fetch *f, struct err *e)
{
	if (f->came && f->pipe < 0 && !f->whole && complete(g, f, e) < 0)
		return -1;
	if (!f->whole || f->in.fd < 0)
		return 0;
	if (f->feed >= 0 && f->fed == f->in.at)
		fd_close(&f->feed);
	if (f->feed >= 0)
		return 0;
	/* a flush takes as long as the disk is busy; what else is on its way must not wait for it */
	if (f->in.flush.done < 0)
		return ingest_flush(&f->in, e);
	if (!flush_is_done(&f->in.flush))
		return 0;
	if (ingest_commit(&f->in, f->media_type, e) < 0)
		return -1;
	/* chained layers are told of when they are unpacked */
	if (!g->p->layers->driver->chained && !f->job)
		tell(g, f, PROGRESS_DONE, f->size, NULL);
	return 0;
}

static struct fetch *by_id(const struct pulling *g, uint64_t id)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->fetches[i].asked && g->fetches[i].id == id)
			return &g->fetches[i];
	return NULL;
}

static int hear(struct pulling *g, struct err *e)
{
	struct remote_event event;
	int r;

	while ((r = remote_next(g->p->remote, 0, &event, e)) > 0) {
		struct fetch *f = by_id(g, event.id);

		if (!f)
			continue;
		if (event.news == REMOTE_RETRY)
			tell(g, f, PROGRESS_RETRY, f->in.at, event.err.text);
		if (event.news == REMOTE_DONE)
			f->came = true;
		if (event.news == REMOTE_FAILED) {
			*e = event.err;
			return -1;
		}
	}
	return r;
}

/* While others unpack layers of ours, they may be waiting for what we have done. */
static int settle(struct pulling *g, struct err *e)
{
	bool waits = false, done = false;

	for (size_t i = 0; i < g->n; i++) {
		const struct layer_job *j = g->fetches[i].job;

		waits = waits || (j && j->state == LAYER_BUSY);
		done = done || (j && j->state == LAYER_DONE);
	}
	return waits && done ? layers_settle(g->p->layers, g->jobs, g->n, e) : 0;
}

static bool is_over(const struct fetch *f)
{
	return f->whole && f->in.fd < 0 &&
	       (!f->job || f->job->state == LAYER_HAVE || f->job->state == LAYER_DONE);
}

static int step(struct pulling *g, struct fetch *f, struct err *e)
{
	if (!f->whole && !f->asked && !f->came && begin_blob(g, f, e) < 0)
		return -1;
	if (f->job && (f->job->state == LAYER_MINE || f->job->state == LAYER_BUSY) &&
	    begin_layer(g, f, e) < 0)
		return -1;
	if (end_blob(g, f, e) < 0)
		return -1;
	return f->whole && f->spoilt ? (*e = *f->spoilt, -1) : 0;
}

/* What the worker is fed may be a mirror's, or what a power cut has left of an earlier pull: its digest,
 * at the end, tells whether the layer is to blame. */
static int spoil(struct fetch *f, struct err *e)
{
	f->spoilt = malloc(sizeof(*f->spoilt));
	if (!f->spoilt)
		return -1;
	*f->spoilt = *e;
	*e = (struct err){ 0 };
	fd_close(&f->feed);
	return 0;
}

static int end_layer(struct pulling *g, struct fetch *f, struct err *e)
{
	g->running--;
	if (layer_finish(f->job, e) < 0)
		return f->whole || e->cls != ERR_INPUT ? -1 : spoil(f, e);
	tell(g, f, PROGRESS_DONE, f->size, NULL);
	return 0;
}

/* What poll() is asked, for each blob, and once for tare-fetch. */
enum { WATCH_PIPE, WATCH_FEED, WATCH_LAYER, WATCH_FLUSH, WATCH_EACH };

static void watch(const struct pulling *g, struct pollfd *w)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct fetch *f = &g->fetches[i];
		struct pollfd *at = &w[i * WATCH_EACH];
		bool runs = f->job && f->job->state == LAYER_RUNNING && !f->spoilt;

		at[WATCH_PIPE] = (struct pollfd){ .fd = f->pipe, .events = POLLIN };
		at[WATCH_FEED] =
			(struct pollfd){ .fd = f->feed >= 0 && f->fed < f->in.at ? f->feed : -1,
					 .events = POLLOUT };
		at[WATCH_LAYER] =
			(struct pollfd){ .fd = runs ? unpack_poll_fd(&f->job->unpack) : -1,
					 .events = POLLIN };
		at[WATCH_FLUSH] = (struct pollfd){ .fd = f->in.flush.done, .events = POLLIN };
	}
	w[g->n * WATCH_EACH] = (struct pollfd){ .fd = remote_fd(g->p->remote), .events = POLLIN };
}

static int serve(struct pulling *g, const struct pollfd *w, struct err *e)
{
	for (size_t i = 0; i < g->n; i++) {
		struct fetch *f = &g->fetches[i];
		const struct pollfd *at = &w[i * WATCH_EACH];

		if (at[WATCH_PIPE].revents && take(g, f, e) < 0)
			return -1;
		if (at[WATCH_FEED].revents && f->feed >= 0 && feed(f, f->in.fd, e) < 0)
			return -1;
		if (at[WATCH_LAYER].revents && f->job->state == LAYER_RUNNING &&
		    end_layer(g, f, e) < 0)
			return -1;
	}
	return w[g->n * WATCH_EACH].revents ? hear(g, e) : 0;
}

static int loop(struct pulling *g, struct err *e)
{
	own_mem struct pollfd *w = calloc(g->n * WATCH_EACH + 1, sizeof(*w));

	if (!w)
		return fail_errno(e, ENOMEM, "pull an image");
	for (;;) {
		bool over = true;

		for (size_t i = 0; i < g->n; i++) {
			if (step(g, &g->fetches[i], e) < 0)
				return -1;
			over = over && is_over(&g->fetches[i]);
		}
		if (over)
			return 0;
		if (settle(g, e) < 0)
			return -1;
		watch(g, w);
		if (poll(w, (nfds_t)(g->n * WATCH_EACH + 1), PATIENCE) < 0 && errno != EINTR)
			return fail_sys(e, "wait for a registry");
		if (serve(g, w, e) < 0)
			return -1;
	}
}

static void add(struct pulling *g, const struct digest *d, uint64_t size, const char *media_type)
{
	struct fetch *f = &g->fetches[g->n++];
	char hex[DIGEST_TEXT];

	*f = (struct fetch){ .digest = *d,
			     .size = size,
			     .media_type = media_type,
			     .pipe = FD_NONE,
			     .feed = FD_NONE,
			     .in = INGEST_NONE };
	snprintf(f->short_id, sizeof(f->short_id), "%.12s", digest_hex(d, hex));
}

static bool is_double(const struct pulling *g, const struct digest *d)
{
	for (size_t i = 0; i < g->n; i++)
		if (digest_same(&g->fetches[i].digest, d))
			return true;
	return false;
}

/* One that stands on others is unpacked when all are there. */
static int look_at_chained(const struct pulling *g, struct fetch *f, const struct stored_layer *l,
			   struct err *e)
{
	int blob = store_blob_find(g->p->store, &l->blob, e),
	    tree = blob > 0 ? layers_have(g->p->layers, l, e) : blob;

	f->here = tree > 0;
	if (f->here)
		tell(g, f, PROGRESS_EXISTS, l->size, NULL);
	return tree < 0 ? -1 : 0;
}

static int unpack_chain(const struct pulling *g, const struct stored_image *image, struct err *e)
{
	if (layers_unpack(g->p->layers, image, e) < 0)
		return -1;
	for (size_t i = 0; i < g->n && image->layers.n; i++)
		if (!g->fetches[i].here)
			tell(g, &g->fetches[i], PROGRESS_DONE, g->fetches[i].size, NULL);
	return 0;
}

/* Is it unpacked from another blob of the image, which is compressed in another way? */
static bool is_unpacked_twice(const struct pulling *g, const struct stored_layer *l)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->fetches[i].job &&
		    digest_same(&g->fetches[i].job->layer->diff_id, &l->diff_id))
			return true;
	return false;
}

static int add_layer(struct pulling *g, const struct stored_layer *l, struct err *e)
{
	struct fetch *f;

	if (is_double(g, &l->blob))
		return 0;
	add(g, &l->blob, l->size, l->media->type);
	f = &g->fetches[g->n - 1];
	if (g->p->layers->driver->chained)
		return look_at_chained(g, f, l, e);
	/* our own lock on it would hold us up for ever */
	if (is_unpacked_twice(g, l))
		return 0;
	f->job = &g->jobs[g->n - 1];
	if (layer_begin(f->job, g->p->layers, l, e) < 0)
		return -1;
	if (f->job->state == LAYER_HAVE && store_blob_find(g->p->store, &l->blob, e) > 0)
		tell(g, f, PROGRESS_EXISTS, l->size, NULL);
	return 0;
}

static void end(struct pulling *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct fetch *f = &g->fetches[i];

		fd_close(&f->pipe);
		fd_close(&f->feed);
		ingest_done(&f->in);
		free(f->spoilt);
		if (f->job)
			layer_jobs_done(f->job, 1);
	}
	free(g->fetches);
	free(g->jobs);
	free(g->piece);
}

static int prepare(struct pulling *g, size_t n, struct err *e)
{
	g->fetches = calloc(n + 1, sizeof(*g->fetches));
	g->jobs = calloc(n + 1, sizeof(*g->jobs));
	g->piece = malloc(PIECE);
	return g->fetches && g->jobs && g->piece ? 0 : fail_errno(e, ENOMEM, "pull an image");
}

/* pull_blobs() - all layers of an image: blobs in the store, and unpacked */
int pull_blobs(struct pull *p, const struct stored_image *image, struct err *e)
{
	struct pulling g = { .p = p };
	size_t n = image->artifact ? image->manifest.layers.n : image->layers.n;
	struct digest d;
	int r = prepare(&g, n, e);

	for (size_t i = 0; r == 0 && i < image->layers.n; i++)
		r = add_layer(&g, &image->layers.at[i], e);
	for (size_t i = 0; r == 0 && image->artifact && i < n; i++) {
		r = digest_parse(image->manifest.layers.at[i].digest, &d, e);
		if (r == 0 && !is_double(&g, &d))
			add(&g, &d, image->manifest.layers.at[i].size,
			    image->manifest.layers.at[i].media_type);
	}
	if (r == 0)
		r = loop(&g, e);
	if (r == 0)
		r = p->layers->driver->chained ? unpack_chain(&g, image, e)
					       : layers_commit(p->layers, g.jobs, g.n, e);
	end(&g);
	return r;
}

/* pull_blob() - one blob that is no layer */
int pull_blob(struct pull *p, const struct image_descriptor *from, struct err *e)
{
	struct pulling g = { .p = p };
	struct digest d;
	int r = prepare(&g, 1, e);

	if (r == 0)
		r = digest_parse(from->digest, &d, e);
	if (r == 0) {
		add(&g, &d, from->size, from->media_type);
		*g.fetches[0].short_id = '\0';
		r = loop(&g, e);
	}
	end(&g);
	return r;
}
