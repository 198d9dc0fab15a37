/* push.h - an image from the store to a registry */
#ifndef IMAGE_PUSH_H
#define IMAGE_PUSH_H

#include "codec/deflate.h"
#include "image/progress.h"
#include "remote/remote.h"
#include "spec/reference.h"
#include "store/images.h"

/**
 * struct push - one image to be pushed
 * @reference: under which name
 * @compression: of layers that are not compressed here; DEFLATE_PLAIN: they stay so
 * @digest, @size: receive the manifest's
 */
struct push {
	struct store *store;
	struct remote *remote;
	const struct reference *reference;
	const struct progress *progress;
	struct arena *a;
	enum deflate_format compression;
	struct digest digest;
	uint64_t size;
};

int image_push(struct push *p, const struct digest *manifest, struct err *e);

#endif
