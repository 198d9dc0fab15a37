/* images.h - what the store knows of images: records, tags, and what nobody needs any more */
#ifndef STORE_IMAGES_H
#define STORE_IMAGES_H

#include "base/arena.h"
#include "spec/image.h"
#include "store/store.h"

/**
 * struct stored_image - an image with its documents
 * @id:       what people call it by: its config's digest, as docker does
 * @layers:   digests of @manifest's layers, of their inflated bytes and of the chains that they end
 * @artifact: its type when it is no container image, else NULL; @config and @layers are empty then
 */
struct stored_layer {
	struct digest blob, diff_id, chain_id;
	uint64_t size; /* bytes of the blob */
	const struct media *media;
};
struct stored_image {
	struct digest digest, id;
	const struct media *media;
	uint64_t size; /* bytes of the manifest */
	struct image_manifest manifest;
	struct image_config config;
	LIST(struct stored_layer) layers;
	const char *artifact;
};

/**
 * struct image_names - by what an image is to be known
 * @tag:        whole name with its tag; NULL: none
 * @repository: where it came from or went to, and
 * @digest:     what it is called there, which may be an index's digest; NULL: nowhere
 */
struct image_names {
	const char *tag, *repository;
	const struct digest *digest;
};

int store_image_load(struct store *s, const struct digest *manifest, struct arena *a,
		     struct stored_image *ret_image, struct err *e);
int store_image_record(struct store *s, const struct stored_image *image,
		       const struct image_names *names, size_t n, struct err *e);
int store_image_attach(struct store *s, const struct digest *manifest,
		       const struct stored_image *other, struct err *e);
int store_image_by_id(struct store *s, const char *hex, struct digest *ret_manifest, struct err *e);
int store_image_by_tag(struct store *s, const char *tag, struct digest *ret_manifest,
		       struct err *e);
int store_image_by_digest(struct store *s, const char *repository, const struct digest *d,
			  struct digest *ret_manifest, struct err *e);
int store_image_untag(struct store *s, const char *tag, struct err *e);
int store_image_forget(struct store *s, const char *repository, const struct digest *d,
		       struct err *e);
int store_image_remove(struct store *s, const struct digest *manifest, struct err *e);
int digest_chain(const struct digest *parent, const struct digest *diff_id,
		 struct digest *ret_chain, struct err *e);

/* gc.c */

/**
 * struct collected - what was removed; the caller frees it with collected_done()
 * @layers: the caller removes their folders, by the snapshot driver, before it commits
 */
struct collected {
	struct arena a;
	LIST(char *) blobs, layers;
	uint64_t bytes;
};

int store_collect_blobs(struct store *s, struct collected *c, struct err *e);
int store_unused_layers(struct store *s, struct collected *c, struct err *e);
int store_collect_ingest(struct store *s, int64_t older_than_s, uint64_t *bytes, struct err *e);
void collected_done(struct collected *c);

#endif
