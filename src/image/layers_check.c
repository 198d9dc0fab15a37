/* layers_check.c - each unpacked layer beside a fresh one of its blob
 *
 * Disks forget bits, and people with root's rights look into folders. What an image runs is its unpacked
 * layers, whose blobs alone have digests: so each is unpacked again beside the first, and compared. A
 * damaged one is exchanged for the fresh one, in one step; unless a snapshot stands on it whose mounts
 * would see that.
 */
#include "image/layers_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/compare.h"
#include "store/listing.h"
#include "store/snapshots.h"

/**
 * struct unpacked - a layer of an image
 * @below: name of the layer below, chained drivers', or ""
 * @image: digest of one image that has it
 */
struct unpacked {
	char name[DIGEST_TEXT], below[DIGEST_TEXT];
	struct stored_layer layer;
	const char *image;
	size_t order;
};

struct all {
	struct check *c;
	struct layers layers;
	struct unpacked *at;
	size_t n, room;
};

static int by_name(const void *a, const void *b)
{
	const struct unpacked *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct unpacked *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static int add(struct all *all, const struct stored_image *image, const char *digest, size_t i,
	       struct err *e)
{
	struct unpacked *u;

	if (all->n == all->room) {
		all->room = all->room ? 2 * all->room : 64;
		u = reallocarray(all->at, all->room, sizeof(*u));
		if (!u)
			return fail_errno(e, ENOMEM, "check the layers");
		all->at = u;
	}
	u = &all->at[all->n];
	*u = (struct unpacked){ .layer = image->layers.at[i], .image = digest, .order = all->n };
	(void)layer_name(&all->layers, &u->layer, u->name);
	if (i > 0 && all->layers.driver->chained)
		(void)layer_name(&all->layers, &image->layers.at[i - 1], u->below);
	all->n++;
	return 0;
}

/* Each once; chained ones after those that they stand on. What can't be read is told of by others. */
static int list(struct all *all, struct err *e)
{
	struct store *s = all->layers.store;
	struct listed_images images;
	struct err ignored = { 0 };
	size_t kept = 0;

	if (store_images(s, all->c->a, &images, e) < 0)
		return -1;
	for (size_t i = 0; i < images.n; i++) {
		struct stored_image image;
		struct digest d;

		if (digest_parse(images.at[i].digest, &d, &ignored) < 0 ||
		    store_image_load(s, &d, all->c->a, &image, &ignored) < 0)
			continue;
		for (size_t k = 0; k < image.layers.n; k++)
			if (add(all, &image, images.at[i].digest, k, e) < 0)
				return -1;
	}
	if (!all->n)
		return 0;
	qsort(all->at, all->n, sizeof(*all->at), by_name);
	for (size_t i = 0; i < all->n; i++)
		if (kept == 0 || strcmp(all->at[kept - 1].name, all->at[i].name) != 0)
			all->at[kept++] = all->at[i];
	all->n = kept;
	qsort(all->at, all->n, sizeof(*all->at), by_order);
	return 0;
}

static int open_layer(const struct all *all, const char *name)
{
	return openat(all->layers.store->layers, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Snapshots of chained drivers are copies, but for the mounts of images, which are the layer itself. */
static bool stands_on(const struct all *all, const char *id)
{
	const struct store *s = all->layers.store;
	own_fd int fd = openat(s->snapshots, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct snapshot_doc doc;
	struct err ignored = { 0 };

	return !all->layers.driver->chained || fd < 0 ||
	       snapshot_doc_read(fd, all->c->a, &doc, &ignored) < 0 || doc.view;
}

/* Does a snapshot stand on it? 1: that is @id */
static int is_needed(struct all *all, const struct unpacked *u, char id[SNAPSHOT_ID], struct err *e)
{
	own_rows rows = { 0 };
	int r;

	if (db_query(&all->layers.store->db, DB_SNAPSHOT_ON, &rows, e, "s", u->name) < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		snprintf(id, SNAPSHOT_ID, "%s", db_text(&rows, 0));
		if (stands_on(all, id))
			return 1;
	}
	return r;
}

/* 1: done; 0: not, since the snapshot @id stands on it. In a transaction: one that is made meanwhile is
 * recorded before it is mounted. */
static int exchange(struct all *all, const struct layer_job *j, const struct unpacked *u,
		    char id[SNAPSHOT_ID], struct err *e)
{
	struct store *s = all->layers.store;
	own_transaction t = { 0 };
	int r;

	if (syncfs(s->layers) < 0)
		return fail_sys(e, "flush the layer '%s' to the disk", u->name);
	if (db_begin(&s->db, &t, e) < 0 || (r = is_needed(all, u, id, e)) < 0)
		return -1;
	if (r > 0)
		return 0;
	if (renameat2(j->folder, "root", s->layers, u->name, RENAME_EXCHANGE) < 0)
		return fail_sys(e, "exchange the layer '%s'", u->name);
	return db_commit(&t, e) < 0 ? -1 : 1;
}

static int tell(struct all *all, const struct layer_job *j, const struct unpacked *u,
		const char *path, struct err *e)
{
	const char *done = NULL, *text = "it is not what its archive makes";
	char id[SNAPSHOT_ID];
	int r = all->c->repair ? exchange(all, j, u, id, e) : -1;

	if (all->c->repair && r < 0)
		return -1;
	if (*path)
		text = arena_printf(all->c->a, "%s, at '%s'", text, path);
	if (text && r == 0)
		text = arena_printf(all->c->a, "%s; snapshot '%s' stands on it: remove that first",
				    text, id);
	if (r > 0)
		done = "unpacked again";
	return text ? check_found(all->c, "layer-damaged", u->name, text, done, e)
		    : fail_errno(e, ENOMEM, "check the layers");
}

static int check_one(struct all *all, const struct unpacked *u, struct err *e)
{
	own_fd int is = open_layer(all, u->name), below = FD_NONE;
	struct layer_job j;
	struct err why = { 0 };
	char path[512];
	int r;

	if (*u->below)
		below = open_layer(all, u->below);
	/* missing ones have been told of; so have blobs that cannot be unpacked */
	if (is < 0 || (*u->below && below < 0))
		return 0;
	if (layer_again(&j, &all->layers, &u->layer, below, &why) < 0) {
		layer_jobs_done(&j, 1);
		if (why.sysno != ENOSPC)
			return 0;
		*e = why;
		return -1;
	}
	r = layer_compare(is, j.target, path, sizeof(path), e);
	if (r == 0)
		r = tell(all, &j, u, path, e);
	layer_jobs_done(&j, 1);
	return r < 0 ? fail_in(e, "check the layer '%s'", u->name) : 0;
}

/**
 * layers_check() - compare all unpacked layers with their blobs, and mend them if @c->repair
 * @s: the store, open; what is wrong with blobs and records has been looked at before (store_check())
 */
int layers_check(struct check *c, struct store *s, struct err *e)
{
	struct all all = { .c = c };
	int r;

	if (layers_init(&all.layers, s, e) < 0)
		return -1;
	r = list(&all, e);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = check_one(&all, &all.at[i], e);
	free(all.at);
	return r;
}
