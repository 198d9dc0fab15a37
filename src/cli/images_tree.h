/* images_tree.h - tare images --tree */
#ifndef CLI_IMAGES_TREE_H
#define CLI_IMAGES_TREE_H

#include "base/render.h"
#include "store/listing.h"

/* struct tree_image - an image, and those of its names that are to be shown */
struct tree_image {
	const struct listed_image *image;
	char *names;
};

int images_tree(struct store *s, const struct tree_image *images, size_t n,
		const struct render *how, struct arena *a, struct err *e);

#endif
