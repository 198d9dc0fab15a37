/* check_images.c - what the database says of images, against their documents and index.json
 *
 * A lost database is made again here: index.json has the tags, the blobs have the rest.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "os/file.h"
#include "store/check.h"
#include "store/containers.h"

static const char *annotation(const struct image_descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->annotations.n; i++)
		if (strcmp(d->annotations.at[i].key, key) == 0)
			return d->annotations.at[i].value;
	return NULL;
}

/* All blobs of an image; why not, in @why. */
static int is_whole(struct check *c, const struct stored_image *i, char *why, size_t size,
		    struct err *e)
{
	struct digest d;
	int r = 1;

	for (size_t n = 0; r > 0 && n < i->manifest.layers.n; n++) {
		if (digest_parse(i->manifest.layers.at[n].digest, &d, e) < 0)
			return -1;
		r = store_blob_find(&c->store, &d, e);
		if (r == 0)
			snprintf(why, size, "its layer %.19s is missing",
				 i->manifest.layers.at[n].digest);
	}
	if (r > 0 && (r = store_blob_find(&c->store, &i->id, e)) == 0)
		snprintf(why, size, "its config is missing");
	return r;
}

/* An image in index.json that the database does not know comes back, by its name. */
static int restore(struct check *c, const struct image_descriptor *d, struct err *e)
{
	const char *name = annotation(d, "io.containerd.image.name");
	struct image_names names = { .tag = name };
	struct stored_image image;
	struct digest digest, there;
	struct err why = { 0 };
	char reason[256];
	int r;

	if (!digest_try_parse(d->digest, &digest) || !name)
		return 0;
	r = store_image_by_tag(&c->store, name, &there, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (store_image_load(&c->store, &digest, c->a, &image, &why) < 0 ||
	    (r = is_whole(c, &image, reason, sizeof(reason), e)) == 0)
		return check_found(c, "tag-lost", name, "index.json has it, its image is not here",
				   c->repair ? "forgotten" : NULL, e);
	if (r < 0 || (c->repair && store_image_record(&c->store, &image, &names, 1, e) < 0))
		return -1;
	return check_found(c, "tag-unrecorded", name, "index.json has it, the database has not",
			   c->repair ? "recorded" : NULL, e);
}

static int check_restored(struct check *c, struct err *e)
{
	own_mem char *text = NULL;
	struct err ignored = { 0 };
	struct image_document d;
	int len = file_read(c->store.layout, "index.json", (size_t)64 << 20, &text, &ignored);

	if (len < 0 ||
	    image_document(text, (size_t)len, NULL, "index.json", c->a, &d, &ignored) < 0 ||
	    d.media->kind != MEDIA_INDEX)
		return 0; /* told by check_index() */
	for (size_t i = 0; i < d.index.manifests.n; i++)
		if (restore(c, &d.index.manifests.at[i], e) < 0)
			return -1;
	return 0;
}

static int drop(struct check *c, const char *manifest, const char *kind, const char *why,
		struct err *e)
{
	char user[256];
	int r = db_get(&c->store.db, DB_SNAPSHOT_OF, e, "s", manifest, user, sizeof(user));

	if (r == 0)
		r = store_container_of(&c->store, manifest, user, e);
	if (r < 0)
		return -1;
	/* a container's writable layer is somebody's data: it goes only with its owner's word */
	if (r == 0 && c->repair && db_run(&c->store.db, DB_IMAGE_DROP, e, "s", manifest) < 0)
		return -1;
	return check_found(c, kind, manifest, why,
			   r == 0 && c->repair ? "forgotten; pull it again" : NULL, e);
}

/* What the record says, against the documents. */
static int check_record(struct check *c, const char *manifest, const struct stored_image *i,
			struct err *e)
{
	char id[DIGEST_TEXT];
	own_rows rows = { 0 };
	int r;
	bool same;

	if (db_query(&c->store.db, DB_IMAGE_RECORD, &rows, e, "s", manifest) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r <= 0)
		return r;
	same = strcmp(db_text(&rows, 0), i->media->type) == 0 &&
	       (uint64_t)db_number(&rows, 1) == i->size &&
	       strcmp(db_text(&rows, 2), digest_text(&i->id, id)) == 0 &&
	       strcmp(db_text(&rows, 3), i->config.os ? i->config.os : "") == 0 &&
	       strcmp(db_text(&rows, 4), i->config.architecture ? i->config.architecture : "") == 0;
	db_rows_done(&rows);
	return same ? 0
		    : drop(c, manifest, "image-record", "its record disagrees with its documents",
			   e);
}

static int check_parts(struct check *c, const char *manifest, const struct stored_image *i,
		       struct err *e)
{
	own_rows rows = { 0 };
	size_t n = 0;
	int r;
	bool same = true;

	if (db_query(&c->store.db, DB_IMAGE_LAYERS, &rows, e, "s", manifest) < 0)
		return -1;
	for (; (r = db_next(&rows, e)) > 0; n++) {
		char blob[DIGEST_TEXT], diff[DIGEST_TEXT], chain[DIGEST_TEXT];
		const struct stored_layer *l = n < i->layers.n ? &i->layers.at[n] : NULL;

		same = same && l && strcmp(db_text(&rows, 0), digest_text(&l->blob, blob)) == 0 &&
		       strcmp(db_text(&rows, 1), digest_text(&l->diff_id, diff)) == 0 &&
		       strcmp(db_text(&rows, 2), digest_text(&l->chain_id, chain)) == 0;
	}
	db_rows_done(&rows);
	if (r < 0)
		return -1;
	return same && n == i->layers.n
		       ? 0
		       : drop(c, manifest, "image-layers",
			      "its record names other layers than its documents", e);
}

static int check_image(struct check *c, const char *manifest, struct err *e)
{
	struct stored_image image;
	struct err why = { 0 };
	struct digest d;
	char reason[256];
	int r;

	if (!digest_try_parse(manifest, &d))
		return drop(c, manifest, "image-name", "it is recorded by what is no digest", e);
	if (store_image_load(&c->store, &d, c->a, &image, &why) < 0)
		return drop(c, manifest, "image-broken", why.text, e);
	r = is_whole(c, &image, reason, sizeof(reason), e);
	if (r <= 0)
		return r < 0 ? -1 : drop(c, manifest, "image-incomplete", reason, e);
	if (check_record(c, manifest, &image, e) < 0)
		return -1;
	return check_parts(c, manifest, &image, e);
}

/* check_images() - first what is recorded, so that what is wrong can come back from index.json */
int check_images(struct check *c, struct err *e)
{
	if (check_each(c, DB_IMAGE_NAMES, check_image, e) < 0)
		return -1;
	/* an older database is the truth: what it does not know was removed, or never finished */
	return c->rebuilt ? check_restored(c, e) : 0;
}
