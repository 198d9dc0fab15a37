/* pull.c - which image it is, and what of it is missing
 *
 * A tag is asked for by HEAD first: mostly it is what is here already, and one short answer ends it.
 */
#include "image/pull.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/ingest.h"

static const char *wanted(const struct reference *r, char buf[DIGEST_TEXT])
{
	return r->digest.algorithm != DIGEST_NONE ? digest_text(&r->digest, buf) : r->tag;
}

/* One that does not say what it is for may be for anything. */
static bool is_for(const struct pull *p, const struct stored_image *i)
{
	return i->artifact || !i->config.os || !*i->config.os ||
	       platform_runs(p->want, i->config.os, i->config.architecture, i->config.variant);
}

/* Whether all of an image is in the store, unpacked. */
static int is_complete(struct pull *p, const struct digest *manifest, struct err *e)
{
	struct stored_image image;
	struct err broken = { 0 };
	int r;

	if (store_image_load(p->store, manifest, p->a, &image, &broken) < 0)
		return 0;
	/* of an index's images this may be another's; an image that the name means itself is what it is */
	if (!is_for(p, &image) && (p->strict || !digest_same(&p->manifest, &p->digest)))
		return 0;
	for (size_t i = 0; i < image.layers.n; i++) {
		r = store_blob_find(p->store, &image.layers.at[i].blob, e);
		if (r > 0)
			r = layers_have(p->layers, &image.layers.at[i], e);
		if (r <= 0)
			return r;
	}
	return 1;
}

/* 1: the repository's image of that digest is here, and whole. */
static int is_here(struct pull *p, const struct digest *d, struct err *e)
{
	char name[REFERENCE_TEXT];
	int r = store_image_by_digest(p->store, reference_name(p->reference, name), d, &p->manifest,
				      e);

	return r <= 0 ? r : is_complete(p, &p->manifest, e);
}

/* The tag may have moved on to an image that came by another name. */
static int retag(struct pull *p, struct err *e)
{
	char tag[REFERENCE_TEXT];
	struct image_names names = { .tag = reference_full(p->reference, tag) };
	struct stored_image image;
	struct digest is;
	int r;

	if (!*p->reference->tag || p->reference->digest.algorithm != DIGEST_NONE)
		return 0;
	r = store_image_by_tag(p->store, tag, &is, e);
	if (r < 0 || (r > 0 && digest_same(&is, &p->manifest)))
		return r < 0 ? -1 : 0;
	if (store_image_load(p->store, &p->manifest, p->a, &image, e) < 0)
		return -1;
	p->fresh = true;
	return store_image_record(p->store, &image, &names, 1, e);
}

/* 1: nothing to do. */
static int is_up_to_date(struct pull *p, struct err *e)
{
	struct remote_event head;
	int r;

	if (p->reference->digest.algorithm != DIGEST_NONE) {
		p->digest = p->reference->digest;
	} else {
		if (remote_manifest_head(p->remote, p->reference->tag, &head, e) < 0)
			return -1;
		if (head.digest.algorithm == DIGEST_NONE)
			return 0;
		p->digest = head.digest;
	}
	r = is_here(p, &p->digest, e);
	if (r > 0 && retag(p, e) < 0)
		return -1;
	return r;
}

/* What an index says of a manifest, against what came. */
static int check_promise(const struct image_descriptor *from, const struct remote_manifest *m,
			 const struct media *is, struct err *e)
{
	const struct media *said = media_find(from->media_type);
	struct digest d;

	if (digest_parse(from->digest, &d, e) < 0)
		return -1;
	if (!digest_same(&m->digest, &d))
		return fail(e, ERR_INPUT, "pull %s: the registry sent something else",
			    from->digest);
	if (m->size != from->size)
		return fail(e, ERR_INPUT,
			    "pull %s: it has %zu bytes, and not %llu as its index says",
			    from->digest, m->size, (unsigned long long)from->size);
	if (said != is)
		return fail(e, ERR_INPUT,
			    "pull %s: it is of type '%s', and not '%.100s' as its index says",
			    from->digest, is->type, from->media_type ? from->media_type : "");
	return 0;
}

/* A manifest or index, from the registry into the store; @from: what an index says of it, or NULL */
static int fetch_document(struct pull *p, const char *what, const struct image_descriptor *from,
			  struct image_document *ret_doc, struct digest *ret_digest, struct err *e)
{
	struct remote_manifest m;
	struct digest kept;

	if (remote_manifest(p->remote, what, p->a, &m, e) < 0)
		return -1;
	if (image_document(m.bytes, m.size, m.media_type, "the image's manifest", p->a, ret_doc,
			   e) < 0 ||
	    (from && check_promise(from, &m, ret_doc->media, e) < 0) ||
	    store_blob_keep(p->store, m.bytes, m.size, ret_doc->media->type, &kept, e) < 0)
		return -1;
	*ret_digest = m.digest;
	return 0;
}

/* The image's own manifest: an index leads to it. */
static int fetch_manifest(struct pull *p, struct err *e)
{
	char text[DIGEST_TEXT];
	const char *what = wanted(p->reference, text);
	const struct image_descriptor *chosen;
	struct image_document d;

	if (fetch_document(p, what, NULL, &d, &p->digest, e) < 0)
		return -1;
	p->manifest = p->digest;
	if (d.media->kind == MEDIA_MANIFEST)
		return 0;
	chosen = platform_choose(p->want, &d.index, e);
	if (!chosen || fetch_document(p, chosen->digest, chosen, &d, &p->manifest, e) < 0)
		return -1;
	if (d.media->kind != MEDIA_MANIFEST)
		return fail(e, ERR_UNSUPPORTED, "pull: an index within an index");
	return 0;
}

static int fetch_config(struct pull *p, struct err *e)
{
	own_mem char *text = NULL;
	struct image_document d;
	size_t len;

	if (store_blob_read(p->store, &p->manifest, IMAGE_DOCUMENT_MAX, &text, &len, e) < 0 ||
	    image_document(text, len, NULL, "the image's manifest", p->a, &d, e) < 0)
		return -1;
	if (d.manifest.config->size > IMAGE_DOCUMENT_MAX)
		return fail(e, ERR_LIMIT,
			    "pull: a config of %llu bytes is more than the %zu allowed",
			    (unsigned long long)d.manifest.config->size, IMAGE_DOCUMENT_MAX);
	return pull_blob(p, d.manifest.config, e);
}

static int refuse_foreign(const struct stored_image *image, struct err *e)
{
	char text[DIGEST_TEXT];

	for (size_t i = 0; i < image->layers.n; i++)
		if (image->layers.at[i].media->kind == MEDIA_FOREIGN_LAYER) {
			fail(e, ERR_UNSUPPORTED,
			     "pull: the layer %s is not in the registry (a foreign layer)",
			     digest_text(&image->layers.at[i].blob, text));
			return fail_hint(
				e, "its publisher distributes it elsewhere, mostly with Windows; "
				   "addresses that an image names are not followed");
		}
	return 0;
}

/* An image without an index is for one machine only, and says so itself. */
static int check_platform(const struct pull *p, const struct stored_image *image, struct err *e)
{
	const struct image_config *c = &image->config;
	struct platform is = platform_of(c->os, c->architecture, c->variant);
	char has[100], wanted[100];

	if (is_for(p, image))
		return 0;
	if (!p->strict) {
		log_warn("the image is for %s, and does not run on this machine, which is %s",
			 platform_text(&is, has), platform_text(p->want, wanted));
		return 0;
	}
	(void)platform_check(p->want, "the image", &is, e);
	return fail_hint(e, "there is no other of that name; without --platform it is pulled");
}

static int record(struct pull *p, const struct stored_image *image, struct err *e)
{
	char tag[REFERENCE_TEXT], name[REFERENCE_TEXT];
	bool by_tag = p->reference->digest.algorithm == DIGEST_NONE;
	struct image_names names = {
		.tag = by_tag ? reference_full(p->reference, tag) : NULL,
		.repository = reference_name(p->reference, name),
		.digest = &p->digest,
	};

	return store_image_record(p->store, image, &names, 1, e);
}

/* The registry knows it: from here on something is done. */
static void announce(const struct pull *p)
{
	const struct reference *r = p->reference;
	char name[REFERENCE_TEXT], text[DIGEST_TEXT], line[REFERENCE_TEXT + DIGEST_TEXT + 32];

	if (!p->progress || !p->progress->say)
		return;
	snprintf(line, sizeof(line), "%s: Pulling from %s", wanted(r, text),
		 strcmp(r->registry, REFERENCE_DEFAULT_REGISTRY) == 0 ? r->repository
								      : reference_name(r, name));
	p->progress->say(p->progress->ctx, line);
}

/**
 * image_pull() - download what is missing of an image, unpack it, and make it known
 * @p: all but its results is set
 */
int image_pull(struct pull *p, struct err *e)
{
	struct stored_image image;
	int r = is_up_to_date(p, e);

	if (r < 0)
		return -1;
	announce(p);
	p->found = r > 0;
	if (r > 0)
		return 0;
	p->fresh = true;
	if (fetch_manifest(p, e) < 0)
		return -1;
	p->found = true;
	if (fetch_config(p, e) < 0 ||
	    store_image_load(p->store, &p->manifest, p->a, &image, e) < 0 ||
	    check_platform(p, &image, e) < 0 || refuse_foreign(&image, e) < 0 ||
	    pull_blobs(p, &image, e) < 0)
		return -1;
	return record(p, &image, e);
}
