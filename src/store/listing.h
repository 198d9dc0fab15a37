/* listing.h - all images of the store with their names, in three queries */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include "base/bind.h"
#include "store/store.h"

/**
 * struct listed_image - one image
 * @digest, @id: of its manifest and its config, as text
 * @created, @added: ns since 1970; when it was made, and when it came here
 * @size:    bytes of its unpacked layers; @content: bytes of its blobs
 * @tags:    whole names
 * @digests: repository@digest, by which it was pulled or pushed
 */
struct listed_image {
	char *digest, *media_type, *id, *os, *architecture, *variant, *artifact;
	int64_t created, added;
	uint64_t size, content;
	LIST(char *) tags;
	LIST(char *) digests;
};

struct listed_images {
	struct listed_image *at;
	size_t n;
};

int store_images(struct store *s, struct arena *a, struct listed_images *ret_images, struct err *e);

#endif
