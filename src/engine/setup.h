/* setup.h - from a wish and an image to a container that can be started */
#ifndef ENGINE_SETUP_H
#define ENGINE_SETUP_H

#include "engine/container.h"
#include "engine/mounts.h"

/**
 * struct setup - what a container is made from
 * @image: its documents; @wish: as it was asked for, with what the image says
 * @size: bytes that may be written to its root; 0: any number
 * @runtime: path of the OCI runtime
 */
struct setup {
	struct store *s;
	struct arena a;
	struct stored_image image;
	struct wish wish;
	struct mounts_asked mounts;
	int64_t size;
	char runtime[4096];
};

int setup_find_runtime(const char *other, char *ret_path, size_t size, struct err *e);
int setup_prepare(struct setup *u, struct store *s, const struct digest *image,
		  const struct wish *w, struct err *e);
int setup_write(struct setup *u, const struct container *c, int root, struct err *e);
int setup_write_id(const struct setup *u, const struct container *c, struct err *e);
void setup_done(struct setup *u);

#endif
