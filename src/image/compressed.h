/* compressed.h - an image as registries get it: with layers that are compressed
 *
 * What was loaded or committed uncompressed lies in the store as it is, since its bytes are what its
 * config and whoever loads it again mean. For a push its layers are compressed once, and kept beside
 * it with a manifest of their own, by which it is pushed the next time, too.
 */
#ifndef IMAGE_COMPRESSED_H
#define IMAGE_COMPRESSED_H

#include "codec/deflate.h"
#include "store/images.h"

int image_compressed(struct store *s, const struct stored_image *image, enum deflate_format how,
		     struct arena *a, struct stored_image *ret_image, struct err *e);

#endif
