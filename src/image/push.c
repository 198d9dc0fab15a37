/* push.c - blobs first, side by side, the manifest when all are there
 *
 * A blob that the registry has is not sent; one that another repository of the registry has, as far
 * as we know from pulling or pushing it, is linked from there. Layers that lie here uncompressed are
 * compressed first (image/compressed.h), so the manifest there is another one, and its digest, too.
 */
#include "image/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "image/compressed.h"

/* struct upload - one blob on its way */
struct upload {
	struct digest digest;
	uint64_t size, id;
	bool is_config, done;
	char short_id[13];
	const char *mount_from;
};

/* struct pushing - all of them */
struct pushing {
	struct push *p;
	struct upload *uploads;
	size_t n, left;
};

static void tell(const struct pushing *g, const struct upload *u, enum progress_step step,
		 uint64_t done, const char *detail)
{
	const struct progress *to = g->p->progress;

	if (to && to->tell && !u->is_config)
		to->tell(to->ctx, u->short_id, step, done, u->size, detail);
}

/* A repository of the same registry by whose name the image is known. */
static const char *other_repository(struct push *p, const struct digest *manifest, struct err *e)
{
	char text[DIGEST_TEXT];
	const char *found = NULL;
	size_t len = strlen(p->reference->registry);
	own_rows rows = { 0 };

	digest_text(manifest, text);
	if (db_query(&p->store->db, DB_PULLED_ALL, &rows, e, "") < 0)
		return NULL;
	while (!found && db_next(&rows, e) > 0) {
		const char *name = db_text(&rows, 0);

		if (strcmp(db_text(&rows, 2), text) == 0 &&
		    strncmp(name, p->reference->registry, len) == 0 && name[len] == '/' &&
		    strcmp(name + len + 1, p->reference->repository) != 0)
			found = arena_dup(p->a, name + len + 1);
	}
	return found;
}

static int send_blob(struct pushing *g, struct upload *u, struct err *e)
{
	char text[DIGEST_TEXT];
	own_fd int fd = store_blob_open(g->p->store, &u->digest, NULL, e);
	struct remote_request q = { .action = REMOTE_BLOB_PUT,
				    .what = digest_text(&u->digest, text),
				    .size = u->size,
				    .mount_from = u->mount_from,
				    .fd = fd };

	if (fd < 0 || remote_ask(g->p->remote, &q, &u->id, e) < 0)
		return -1;
	g->left++;
	tell(g, u, PROGRESS_WAITING, 0, NULL);
	return 0;
}

static int add(struct pushing *g, const struct image_descriptor *d, bool is_config,
	       const char *mount_from, struct err *e)
{
	struct upload *u = &g->uploads[g->n];
	char hex[DIGEST_TEXT];

	*u = (struct upload){ .size = d->size, .is_config = is_config, .mount_from = mount_from };
	if (digest_parse(d->digest, &u->digest, e) < 0)
		return -1;
	for (size_t i = 0; i < g->n; i++)
		if (digest_same(&g->uploads[i].digest, &u->digest))
			return 0;
	snprintf(u->short_id, sizeof(u->short_id), "%.12s", digest_hex(&u->digest, hex));
	g->n++;
	return send_blob(g, u, e);
}

static int done(struct pushing *g, struct upload *u, const struct remote_event *event)
{
	enum progress_step step = event->existed   ? PROGRESS_EXISTS
				  : event->mounted ? PROGRESS_MOUNTED
						   : PROGRESS_DONE;

	u->done = true;
	g->left--;
	tell(g, u, step, u->size, event->mounted ? u->mount_from : NULL);
	return 0;
}

static int hear(struct pushing *g, const struct remote_event *event, struct err *e)
{
	for (size_t i = 0; i < g->n; i++) {
		struct upload *u = &g->uploads[i];

		if (u->id != event->id || u->done)
			continue;
		switch (event->news) {
		case REMOTE_PROGRESS:
			tell(g, u, PROGRESS_TRANSFER, event->bytes, NULL);
			return 0;
		case REMOTE_RETRY:
			tell(g, u, PROGRESS_RETRY, event->bytes, event->err.text);
			return 0;
		case REMOTE_DONE:
			return done(g, u, event);
		case REMOTE_FAILED:
			*e = event->err;
			return -1;
		}
	}
	return 0;
}

static int send_all(struct pushing *g, const struct image_manifest *m, const char *mount_from,
		    struct err *e)
{
	struct remote_event event;

	for (size_t i = 0; i < m->layers.n; i++)
		if (add(g, &m->layers.at[i], false, mount_from, e) < 0)
			return -1;
	if (add(g, m->config, true, mount_from, e) < 0)
		return -1;
	while (g->left) {
		int r = remote_next(g->p->remote, -1, &event, e);

		if (r < 0 || (r > 0 && hear(g, &event, e) < 0))
			return -1;
	}
	return 0;
}

static int refuse_foreign(const struct stored_image *image, struct err *e)
{
	for (size_t i = 0; i < image->layers.n; i++)
		if (image->layers.at[i].media->kind == MEDIA_FOREIGN_LAYER)
			return fail(e, ERR_UNSUPPORTED,
				    "push: the image has a foreign layer, which may not be "
				    "distributed");
	return 0;
}

static int put_manifest(struct push *p, const struct stored_image *image,
			const struct stored_image *sent, struct err *e)
{
	own_mem char *text = NULL;
	char name[REFERENCE_TEXT];
	struct image_names names = { .repository = reference_name(p->reference, name),
				     .digest = &sent->digest };
	size_t len;

	if (store_blob_read(p->store, &sent->digest, IMAGE_DOCUMENT_MAX, &text, &len, e) < 0 ||
	    remote_manifest_put(p->remote, p->reference->tag, sent->media->type, text, len, e) < 0)
		return -1;
	p->digest = sent->digest;
	p->size = len;
	return store_image_record(p->store, image, &names, 1, e);
}

/**
 * image_push() - upload an image, and give it its tag there
 * @p: all but its results is set
 */
int image_push(struct push *p, const struct digest *manifest, struct err *e)
{
	struct stored_image image, sent;
	struct pushing g = { .p = p };
	int r;

	if (store_image_load(p->store, manifest, p->a, &image, e) < 0 ||
	    refuse_foreign(&image, e) < 0 ||
	    image_compressed(p->store, &image, p->compression, p->a, &sent, e) < 0)
		return -1;
	g.uploads = calloc(sent.manifest.layers.n + 2, sizeof(*g.uploads));
	if (!g.uploads)
		return fail_errno(e, ENOMEM, "push an image");
	r = send_all(&g, &sent.manifest, other_repository(p, manifest, e), e);
	free(g.uploads);
	return r < 0 ? -1 : put_manifest(p, &image, &sent, e);
}
