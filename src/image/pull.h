/* pull.h - an image from a registry into the store */
#ifndef IMAGE_PULL_H
#define IMAGE_PULL_H

#include "image/layers.h"
#include "image/platform.h"
#include "image/progress.h"
#include "remote/remote.h"
#include "spec/reference.h"
#include "store/images.h"

/**
 * struct pull - one image to be pulled
 * @remote:   its repository
 * @want:     for which machine; @strict: who pulls has said so, and takes no other
 * @a:        owns what is read
 * @digest, @manifest: what came: by which digest the registry knows it, and the image's own
 * @fresh:    there was something to download; @found: the registry has it, whatever failed afterwards
 */
struct pull {
	struct store *store;
	struct layers *layers;
	struct remote *remote;
	const struct reference *reference;
	const struct platform *want;
	const struct progress *progress;
	struct arena *a;
	struct digest digest, manifest;
	bool strict, fresh, found;
};

int image_pull(struct pull *p, struct err *e);

/* pull_blobs.c */
int pull_blobs(struct pull *p, const struct stored_image *image, struct err *e);
int pull_blob(struct pull *p, const struct image_descriptor *d, struct err *e);

#endif
