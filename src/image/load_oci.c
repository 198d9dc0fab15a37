/* load_oci.c - oci-archive: an image layout in a tar (image-spec image-layout.md) */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "image/load.h"
#include "image/platform.h"
#include "spec/reference.h"

#define INDEX_DEPTH 4

static const char *annotation(const struct image_descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->annotations.n; i++)
		if (strcmp(d->annotations.at[i].key, key) == 0)
			return d->annotations.at[i].value;
	return NULL;
}

static int load_part(struct load *l, const struct image_descriptor *from, struct err *e)
{
	struct digest d, is;
	char name[DIGEST_TEXT + 16], hex[DIGEST_TEXT];
	uint64_t size;

	if (digest_parse(from->digest, &d, e) < 0)
		return -1;
	snprintf(name, sizeof(name), "blobs/%s/%s", digest_algorithm_name(d.algorithm),
		 digest_hex(&d, hex));
	return load_blob(l, name, &d, from->size, from->media_type, &is, &size, e);
}

/* A document of the layout, from the store: checked against its digest on the way. */
static int read_document(struct load *l, const struct image_descriptor *from,
			 struct image_document *ret, struct digest *ret_digest, struct err *e)
{
	own_mem char *text = NULL;
	size_t len;

	if (load_part(l, from, e) < 0 || digest_parse(from->digest, ret_digest, e) < 0 ||
	    store_blob_read(l->store, ret_digest, IMAGE_DOCUMENT_MAX, &text, &len, e) < 0)
		return -1;
	return image_document(text, len, from->media_type, from->digest, l->a, ret, e);
}

/* 1: wanted, and its config is here; 0: left out */
static int load_config(struct load *l, const struct image_manifest *m, struct err *e)
{
	struct digest d;

	if (load_part(l, m->config, e) < 0 || digest_parse(m->config->digest, &d, e) < 0)
		return -1;
	/* an artifact is for no machine */
	return image_is_artifact(m) ? 1 : load_wants(l, &d, e);
}

static int load_layers(struct load *l, const struct image_manifest *m, struct err *e)
{
	for (size_t i = 0; i < m->layers.n; i++)
		if (load_part(l, &m->layers.at[i], e) < 0)
			return -1;
	return 0;
}

/* Which of an index's is ours, or is asked for, when it has several. 1: chosen, 0: there is none of those asked for */
static int choose(struct load *l, const struct image_index *index,
		  const struct image_descriptor **ret, struct err *e)
{
	struct platform ours;

	if (!l->want && platform_of_host(&ours, e) < 0)
		return -1;
	*ret = platform_choose(l->want ? l->want : &ours, index, e);
	if (*ret)
		return 1;
	if (!l->want)
		return -1;
	l->lacks = *e;
	*e = (struct err){ 0 };
	return 0;
}

static int load_image(struct load *l, const struct image_manifest *m, const struct digest *digest,
		      char *const *names, size_t n, struct err *e)
{
	int r = load_config(l, m, e);

	if (r <= 0)
		return r;
	return load_layers(l, m, e) < 0 ? -1 : load_finish(l, digest, names, n, e);
}

static int load_manifest(struct load *l, const struct image_descriptor *from, char *const *names,
			 size_t n, int depth, struct err *e)
{
	const struct image_descriptor *chosen;
	struct image_document d;
	struct digest digest;
	int r;

	if (read_document(l, from, &d, &digest, e) < 0)
		return -1;
	if (d.media->kind == MEDIA_MANIFEST)
		return load_image(l, &d.manifest, &digest, names, n, e);
	if (depth >= INDEX_DEPTH)
		return fail(e, ERR_LIMIT, "load: indexes within indexes, more than %d deep",
			    INDEX_DEPTH);
	r = choose(l, &d.index, &chosen, e);
	if (r <= 0)
		return r < 0 ? fail_in(e, "load %s", from->digest) : 0;
	return load_manifest(l, chosen, names, n, depth + 1, e);
}

/* By what name: containerd's whole one, or the specification's if it is whole, too. */
static int name_of(struct load *l, const struct image_descriptor *d, char **ret_name, struct err *e)
{
	const char *whole = annotation(d, "io.containerd.image.name");
	const char *given = whole ? whole : annotation(d, "org.opencontainers.image.ref.name");
	struct reference r;
	char text[REFERENCE_TEXT];
	struct err bad = { 0 };

	*ret_name = NULL;
	/* a tag alone, as skopeo and umoci write, names no image */
	if (!given || (!whole && !strpbrk(given, "/:")) || reference_parse(given, &r, &bad) < 0)
		return 0;
	*ret_name = arena_dup(l->a, reference_full(&r, text));
	return *ret_name ? 0 : fail_errno(e, ENOMEM, "load an image");
}

static int load_entry(struct load *l, const struct image_index *index, size_t i, struct err *e)
{
	const struct image_descriptor *d = &index->manifests.at[i];
	char **names = arena_array(l->a, index->manifests.n + 1, sizeof(char *));
	size_t n = 0;

	if (!names)
		return fail_errno(e, ENOMEM, "load an image");
	/* one image may be listed once for each of its names */
	for (size_t k = 0; k < index->manifests.n; k++) {
		const struct image_descriptor *other = &index->manifests.at[k];

		if (strcmp(other->digest, d->digest) != 0)
			continue;
		if (k < i)
			return 0;
		if (name_of(l, other, &names[n], e) < 0)
			return -1;
		n += names[n] != NULL;
	}
	return load_manifest(l, d, names, n, 0, e);
}

/* load_oci() - the images of an oci-archive that is extracted */
int load_oci(struct load *l, struct err *e)
{
	own_mem char *text = NULL;
	int len = load_read(l, "index.json", IMAGE_DOCUMENT_MAX, &text, e);
	struct image_document d;

	if (len < 0 || image_document(text, (size_t)len, NULL, "index.json", l->a, &d, e) < 0)
		return -1;
	if (d.media->kind != MEDIA_INDEX)
		return fail(e, ERR_INPUT, "load: index.json is no index");
	if (d.index.manifests.n == 0)
		return fail(e, ERR_INPUT, "load: index.json names no images");
	for (size_t i = 0; i < d.index.manifests.n; i++)
		if (load_entry(l, &d.index, i, e) < 0)
			return -1;
	return 0;
}
