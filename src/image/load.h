/* load.h - images from archives: docker-archive and oci-archive
 *
 * The archive is made into a folder by tare-unpack, which can do nothing else; what lies there is
 * read by openat2 below it, bounded, and taken into the store by content.
 */
#ifndef IMAGE_LOAD_H
#define IMAGE_LOAD_H

#include "image/layers.h"
#include "store/images.h"

/**
 * struct loaded - one image that came in
 * @names: whole names; none: it has only its id
 */
struct loaded {
	struct digest digest, id;
	LIST(char *) names;
};

struct platform;

/**
 * struct load - a load in progress
 * @store, @layers: where the images go, and what unpacks them
 * @want:    only what is for it; NULL: all, and of an index's images ours
 * @lacks:   what was left out, if anything was
 * @folder:  of the extracted archive
 * @a:       owns what is returned
 * @images:  what came in so far
 */
struct load {
	struct store *store;
	struct layers *layers;
	const struct platform *want;
	struct err lacks;
	int folder;
	struct arena *a;
	LIST(struct loaded) images;
};

int image_load(struct load *l, int input, struct err *e);

/* load_docker.c, load_oci.c */
int load_docker(struct load *l, struct err *e);
int load_oci(struct load *l, struct err *e);

/* load.c, for these two */
int load_read(struct load *l, const char *name, size_t max, char **ret_text, struct err *e);
int load_open(struct load *l, const char *name, uint64_t *ret_size, struct err *e);
int load_blob(struct load *l, const char *name, const struct digest *known, uint64_t size,
	      const char *media_type, struct digest *ret_digest, uint64_t *ret_size, struct err *e);
int load_wants(struct load *l, const struct digest *config, struct err *e);
int load_finish(struct load *l, const struct digest *manifest, char *const *names, size_t n,
		struct err *e);

#endif
