/* layers_chain.c - layers that are whole trees: each a copy of the one below, with its changes applied
 *
 * They can't be unpacked side by side, and one that waits for its record holds two descriptors; so they
 * get their records in batches.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "image/layers.h"

#define BATCH 32

/* struct chain - @at jobs of a batch are begun; @below: the tree of the layer before */
struct chain {
	struct layers *ls;
	struct layer_job jobs[BATCH];
	size_t n;
	int below;
};

static int open_tree_of(const struct chain *c, const struct layer_job *j, struct err *e)
{
	int fd = j->state == LAYER_HAVE ? openat(c->ls->store->layers, j->name,
						 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
					: fcntl(j->target, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? fail_sys(e, "open the layer '%s'", j->name) : fd;
}

/* Whoever else makes it may be done in a moment, or never. */
static int begin(struct layer_job *j, struct layers *ls, const struct stored_layer *layer,
		 struct err *e)
{
	int r;

	while ((r = layer_begin(j, ls, layer, e)) == LAYER_BUSY)
		clock_nap_ns(20000000);
	return r;
}

static int make(const struct chain *c, struct layer_job *j, struct err *e)
{
	own_fd int blob = store_blob_open(c->ls->store, &j->layer->blob, NULL, e);

	if (blob < 0 || layer_start(j, blob, c->below, e) < 0)
		return -1;
	return layer_finish(j, e);
}

static int settle(struct chain *c, struct err *e)
{
	int r = layers_commit(c->ls, c->jobs, c->n, e);

	layer_jobs_done(c->jobs, c->n);
	c->n = 0;
	return r;
}

static int add(struct chain *c, const struct stored_layer *layer, struct err *e)
{
	struct layer_job *j = &c->jobs[c->n];
	int fd;

	if (begin(j, c->ls, layer, e) < 0)
		return -1;
	c->n++;
	if (j->state == LAYER_MINE && make(c, j, e) < 0)
		return -1;
	fd = open_tree_of(c, j, e);
	if (fd < 0)
		return -1;
	fd_take(&c->below, fd);
	return c->n == BATCH ? settle(c, e) : 0;
}

/* layers_unpack_chain() - layers_unpack() for chained drivers */
int layers_unpack_chain(struct layers *ls, const struct stored_image *image, struct err *e)
{
	struct chain c = { .ls = ls, .below = FD_NONE };
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->layers.n; i++)
		r = add(&c, &image->layers.at[i], e);
	if (r == 0)
		r = settle(&c, e);
	layer_jobs_done(c.jobs, c.n);
	fd_close(&c.below);
	return r;
}
