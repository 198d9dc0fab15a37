/* images_tree.h - tare images --tree */
#ifndef CLI_IMAGES_TREE_H
#define CLI_IMAGES_TREE_H

#include "base/render.h"
#include "store/listing.h"

/* struct tree_name - an image by one of its names; all of one image stand together. NULL: it has none */
struct tree_name {
	const struct listed_image *image;
	char *name;
};

int images_tree(struct store *s, const struct tree_name *names, size_t n, const struct render *how,
		struct arena *a, struct err *e);

#endif
