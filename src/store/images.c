/* images.c - images as records, and the documents that they are made of */
#include "store/images.h"

#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/hash.h"
#include "store/containers.h"

/**
 * digest_chain() - the chain id of a layer (image-spec config.md, "Layer ChainID")
 * @parent: chain id of the layer below; NULL: there is none
 */
int digest_chain(const struct digest *parent, const struct digest *diff_id,
		 struct digest *ret_chain, struct err *e)
{
	char text[2 * DIGEST_TEXT + 2], below[DIGEST_TEXT], this[DIGEST_TEXT];

	if (!parent) {
		*ret_chain = *diff_id;
		return 0;
	}
	snprintf(text, sizeof(text), "%s %s", digest_text(parent, below),
		 digest_text(diff_id, this));
	return hash_of(DIGEST_SHA256, text, strlen(text), ret_chain, e);
}

static int read_layer(const struct image_descriptor *from, const char *diff_id,
		      const struct digest *below, struct stored_layer *l, struct err *e)
{
	if (digest_parse(from->digest, &l->blob, e) < 0 ||
	    digest_parse(diff_id, &l->diff_id, e) < 0 ||
	    digest_chain(below, &l->diff_id, &l->chain_id, e) < 0)
		return -1;
	l->size = from->size;
	l->media = media_find(from->media_type);
	if (!l->media || (l->media->kind != MEDIA_LAYER && l->media->kind != MEDIA_FOREIGN_LAYER))
		return fail(e, ERR_UNSUPPORTED,
			    "layer %s is of the type '%.100s', which is no layer's", from->digest,
			    from->media_type ? from->media_type : "");
	return 0;
}

static int read_layers(struct stored_image *i, struct arena *a, struct err *e)
{
	char **diff_ids = i->config.rootfs->diff_ids;
	size_t n = i->manifest.layers.n;

	if (text_count(diff_ids) != n)
		return fail(e, ERR_INPUT, "its config names %zu layers, its manifest %zu",
			    text_count(diff_ids), n);
	i->layers.at = arena_array(a, n + 1, sizeof(*i->layers.at));
	if (!i->layers.at)
		return fail_errno(e, ENOMEM, "read its layers");
	for (; i->layers.n < n; i->layers.n++)
		if (read_layer(&i->manifest.layers.at[i->layers.n], diff_ids[i->layers.n],
			       i->layers.n ? &i->layers.at[i->layers.n - 1].chain_id : NULL,
			       &i->layers.at[i->layers.n], e) < 0)
			return -1;
	return 0;
}

static int read_config(struct store *s, struct stored_image *i, struct arena *a, struct err *e)
{
	own_mem char *text = NULL;
	size_t len;

	if (image_is_artifact(&i->manifest)) {
		i->artifact = i->manifest.artifact_type ? i->manifest.artifact_type
							: i->manifest.config->media_type;
		return 0;
	}
	if (store_blob_read(s, &i->id, IMAGE_DOCUMENT_MAX, &text, &len, e) < 0 ||
	    image_config_parse(text, len, "the image's config", a, &i->config, e) < 0)
		return -1;
	return read_layers(i, a, e);
}

/**
 * store_image_load() - read an image's documents from the store
 * @a: owns what is returned
 */
int store_image_load(struct store *s, const struct digest *manifest, struct arena *a,
		     struct stored_image *ret_image, struct err *e)
{
	struct stored_image i = { .digest = *manifest };
	struct image_document d;
	own_mem char *text = NULL;
	char name[DIGEST_TEXT];
	size_t len;

	if (store_blob_read(s, manifest, IMAGE_DOCUMENT_MAX, &text, &len, e) < 0 ||
	    image_document(text, len, NULL, "the image's manifest", a, &d, e) < 0)
		return -1;
	if (d.media->kind != MEDIA_MANIFEST)
		return fail(e, ERR_INPUT, "read the image %s: it is an index, not an image",
			    digest_text(manifest, name));
	i.media = d.media;
	i.manifest = d.manifest;
	i.size = len;
	if (digest_parse(d.manifest.config->digest, &i.id, e) < 0 || read_config(s, &i, a, e) < 0)
		return fail_in(e, "read the image %s", digest_text(manifest, name));
	*ret_image = i;
	return 0;
}

static int record_parts(struct store *s, const struct stored_image *i, struct err *e)
{
	char name[DIGEST_TEXT], child[DIGEST_TEXT];
	const struct image_manifest *m = &i->manifest;
	struct digest d;

	digest_text(&i->digest, name);
	if (db_run(&s->db, DB_PART_ADD, e, "ss", name, digest_text(&i->id, child)) < 0)
		return -1;
	for (size_t n = 0; n < m->layers.n; n++)
		if (digest_parse(m->layers.at[n].digest, &d, e) < 0 ||
		    db_run(&s->db, DB_PART_ADD, e, "ss", name, digest_text(&d, child)) < 0)
			return -1;
	return 0;
}

static int want_blob(struct store *s, const struct digest *d, struct err *e)
{
	char text[DIGEST_TEXT];
	uint64_t size;
	int r = store_blob_recorded(s, d, &size, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	fail(e, ERR_ABSENT, "its blob %.19s is not here any more", digest_text(d, text));
	return fail_hint(e, "the image was removed meanwhile");
}

/* Who has leased nothing, since all was there, may come after its removal. */
static int want_parts(struct store *s, const struct stored_image *i, struct err *e)
{
	const struct image_manifest *m = &i->manifest;
	struct digest d;

	if (want_blob(s, &i->digest, e) < 0 || want_blob(s, &i->id, e) < 0)
		return -1;
	for (size_t n = 0; n < m->layers.n; n++)
		if (digest_parse(m->layers.at[n].digest, &d, e) < 0 || want_blob(s, &d, e) < 0)
			return -1;
	return 0;
}

static int record_layers(struct store *s, const struct stored_image *i, struct err *e)
{
	char name[DIGEST_TEXT], blob[DIGEST_TEXT], diff[DIGEST_TEXT], chain[DIGEST_TEXT];

	digest_text(&i->digest, name);
	for (size_t n = 0; n < i->layers.n; n++) {
		const struct stored_layer *l = &i->layers.at[n];

		if (db_run(&s->db, DB_IMAGE_LAYER_ADD, e, "sisss", name, (int64_t)n,
			   digest_text(&l->blob, blob), digest_text(&l->diff_id, diff),
			   digest_text(&l->chain_id, chain)) < 0)
			return -1;
	}
	return 0;
}

static int record_names(struct store *s, const char *manifest, const struct image_names *names,
			size_t n, struct err *e)
{
	char text[DIGEST_TEXT];

	for (size_t i = 0; i < n; i++) {
		if (names[i].tag &&
		    db_run(&s->db, DB_TAG_SET, e, "ssi", names[i].tag, manifest, date_now_ns()) < 0)
			return -1;
		if (!names[i].digest)
			continue;
		/* of an index's images, the one that came last */
		if (store_image_forget(s, names[i].repository, names[i].digest, e) < 0 ||
		    db_run(&s->db, DB_PULLED_ADD, e, "sss", names[i].repository,
			   digest_text(names[i].digest, text), manifest) < 0)
			return -1;
	}
	return 0;
}

/**
 * store_image_record() - all blobs of an image are there: make it known, and by which names
 *
 * On the disk when this returns. A tag that named another image names this one now.
 */
int store_image_record(struct store *s, const struct stored_image *image,
		       const struct image_names *names, size_t n, struct err *e)
{
	const struct image_config *c = &image->config;
	char manifest[DIGEST_TEXT], id[DIGEST_TEXT];
	int64_t created = 0;
	own_transaction t = { 0 };

	digest_text(&image->digest, manifest);
	if (c->created && !date_parse(c->created, &created))
		log_debug("image %s: created on '%.40s', which is no date", manifest, c->created);
	if (db_begin_durable(&s->db, &t, e) < 0)
		return -1;
	if (want_parts(s, image, e) < 0 ||
	    db_run(&s->db, DB_IMAGE_ADD, e, "ssissssiiss", manifest, image->media->type,
		   (int64_t)image->size, digest_text(&image->id, id), c->os, c->architecture,
		   c->variant, created, date_now_ns(), image->artifact, c->author) < 0 ||
	    record_parts(s, image, e) < 0 || record_layers(s, image, e) < 0 ||
	    record_names(s, manifest, names, n, e) < 0 || store_write_index(s, e) < 0)
		return fail_in(e, "record the image %s", manifest);
	return db_commit(&t, e);
}

/**
 * store_image_attach() - another form of an image, as long as that is here
 * @other: its manifest, and its layers
 */
int store_image_attach(struct store *s, const struct digest *manifest,
		       const struct stored_image *other, struct err *e)
{
	char name[DIGEST_TEXT], child[DIGEST_TEXT];
	own_transaction t = { 0 };

	digest_text(manifest, name);
	if (db_begin_durable(&s->db, &t, e) < 0 ||
	    db_run(&s->db, DB_PART_ADD, e, "ss", name, digest_text(&other->digest, child)) < 0)
		return -1;
	for (size_t i = 0; i < other->layers.n; i++)
		if (db_run(&s->db, DB_PART_ADD, e, "ss", name,
			   digest_text(&other->layers.at[i].blob, child)) < 0)
			return -1;
	return db_commit(&t, e);
}

static int get_digest(struct store *s, enum db_statement which, const char *key,
		      struct digest *ret_digest, struct err *e)
{
	char text[DIGEST_TEXT];
	int r = db_get(&s->db, which, e, "s", key, text, sizeof(text));

	return r <= 0 ? r : digest_parse(text, ret_digest, e) < 0 ? -1 : 1;
}

/* store_image_by_tag() - 1: found, 0: nothing has that tag */
int store_image_by_tag(struct store *s, const char *tag, struct digest *ret_manifest, struct err *e)
{
	return get_digest(s, DB_TAG_FIND, tag, ret_manifest, e);
}

/* store_image_by_digest() - the image that came from @repository as @d, or is @d */
int store_image_by_digest(struct store *s, const char *repository, const struct digest *d,
			  struct digest *ret_manifest, struct err *e)
{
	own_rows rows = { 0 };
	char text[DIGEST_TEXT];
	int r;

	if (db_query(&s->db, DB_PULLED_FIND, &rows, e, "ss", repository, digest_text(d, text)) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r <= 0)
		return r;
	return digest_parse(db_text(&rows, 0), ret_manifest, e) < 0 ? -1 : 1;
}

/**
 * store_image_by_id() - the image whose id, or digest, begins with @hex
 *
 * Return: 1: found, 0: none; -1 also when there are several.
 */
int store_image_by_id(struct store *s, const char *hex, struct digest *ret_manifest, struct err *e)
{
	char pattern[DIGEST_TEXT + 2];
	own_rows rows = { 0 };
	size_t len = strspn(hex, "0123456789abcdef");
	int r;

	if (hex[len] || len == 0 || len > (size_t)2 * DIGEST_MAX_BYTES)
		return 0;
	snprintf(pattern, sizeof(pattern), "sha256:%s*", hex);
	if (db_query(&s->db, DB_IMAGE_BY_HEX, &rows, e, "s", pattern) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r <= 0)
		return r;
	if (digest_parse(db_text(&rows, 0), ret_manifest, e) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r > 0 && len < 64) {
		fail(e, ERR_INPUT, "find the image '%s': several ids begin so", hex);
		return fail_hint(e, "give more digits of it");
	}
	return r < 0 ? -1 : 1;
}

/* store_image_untag() - 1: the tag is gone, 0: there was none */
int store_image_untag(struct store *s, const char *tag, struct err *e)
{
	own_transaction t = { 0 };
	struct digest manifest;
	int r;

	if (db_begin_durable(&s->db, &t, e) < 0)
		return -1;
	r = store_image_by_tag(s, tag, &manifest, e);
	if (r <= 0)
		return r;
	if (db_run(&s->db, DB_TAG_DROP, e, "s", tag) < 0 || store_write_index(s, e) < 0 ||
	    db_commit(&t, e) < 0)
		return fail_in(e, "remove the tag '%s'", tag);
	return 1;
}

/* store_image_forget() - that the image came from @repository as @d, or went there */
int store_image_forget(struct store *s, const char *repository, const struct digest *d,
		       struct err *e)
{
	char text[DIGEST_TEXT];

	return db_run(&s->db, DB_PULLED_DROP, e, "ss", repository, digest_text(d, text));
}

/* A snapshot or a container is made of it. */
static int refuse_used(struct store *s, const char *image, struct err *e)
{
	char user[256];
	int r = db_get(&s->db, DB_SNAPSHOT_OF, e, "s", image, user, sizeof(user));

	if (r == 0)
		r = store_container_of(s, image, user, e);
	if (r <= 0)
		return r;
	fail(e, ERR_CONFLICT, "remove the image %.19s: '%s' is made of it", image, user);
	return fail_hint(e, "remove that first");
}

static int remove_unused(struct store *s, const char *image, struct err *e)
{
	own_transaction t = { 0 };

	if (db_begin_durable(&s->db, &t, e) < 0 || refuse_used(s, image, e) < 0)
		return -1;
	if (db_run(&s->db, DB_IMAGE_DROP, e, "s", image) < 0 || store_write_index(s, e) < 0)
		return fail_in(e, "remove the image %.19s", image);
	return db_commit(&t, e);
}

/* store_image_remove() - forget an image with all of its names; its blobs stay until collected */
int store_image_remove(struct store *s, const struct digest *manifest, struct err *e)
{
	char text[DIGEST_TEXT];
	int r;

	if (flock(s->containers, LOCK_EX) < 0)
		return fail_sys(e, "lock the folder 'containers'");
	r = remove_unused(s, digest_text(manifest, text), e);
	(void)flock(s->containers, LOCK_UN);
	return r;
}
