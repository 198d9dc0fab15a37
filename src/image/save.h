/* save.h - images to archives that docker, podman and skopeo load */
#ifndef IMAGE_SAVE_H
#define IMAGE_SAVE_H

#include "store/images.h"

/* enum save_format - an oci-archive; or one that also has what docker before 25 reads */
enum save_format { SAVE_DOCKER, SAVE_OCI };

/* struct save_image - one image, and the whole names that it is saved under */
struct save_image {
	struct digest digest;
	char **names;
	size_t n;
};

int image_save(struct store *s, const struct save_image *images, size_t n, enum save_format format,
	       int output, struct err *e);

#endif
