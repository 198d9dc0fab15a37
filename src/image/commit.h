/* commit.h - an image of another one and of what was changed in a container of it
 *
 * The layer goes into the store, and is unpacked, as it is packed; the image is recorded, and tagged, when all of it
 * is on the disk. Killed at any moment it leaves the store as it was, and what is collected.
 */
#ifndef IMAGE_COMMIT_H
#define IMAGE_COMMIT_H

#include "image/layers.h"
#include "image/platform.h"
#include "layer/pack.h"
#include "store/images.h"

/**
 * struct commit - what the image is to be
 * @parent:      the image below, loaded; NULL: none, the layer is the first
 * @source:      what the layer is made of
 * @platform:    of an image without a parent
 * @run:         what its containers run; NULL: as @parent's
 * @changes:     lines of a Dockerfile that change that (image/change.h); @n_changes of them
 * @created_by, @comment, @author: for its history; NULL: nothing; @author NULL: as @parent's
 * @tag:         its whole name; NULL: none
 * @created:     ns since 1970
 * @not_after:   files that changed later get that time; zero: they keep theirs
 * @compression: of the layer in the store
 * @a:           owns what the documents point to
 * @id, @manifest, @packed: receive what was made
 */
struct commit {
	struct store *store;
	struct layers *layers;
	const struct stored_image *parent;
	const struct pack_source *source;
	const struct platform *platform;
	const struct image_run *run;
	const char *const *changes;
	size_t n_changes;
	const char *created_by, *comment, *author, *tag;
	int64_t created;
	struct timespec not_after;
	enum deflate_format compression;
	struct arena *a;
	struct digest id, manifest;
	struct pack_result packed;
};

int image_commit(struct commit *c, struct err *e);

#endif
