/* mounts.h - what was asked to be mounted in a container, in all the ways that there are to say it */
#ifndef ENGINE_MOUNTS_H
#define ENGINE_MOUNTS_H

#include "engine/wish.h"

/**
 * struct mount_asked - one
 * @source:  an absolute path of the host's; NULL: memory (tmpfs)
 * @target:  an absolute path in the container
 * @options: of mount(8), as OCI has them; NULL-terminated, or NULL
 * @create:  a source that isn't there is made, as a folder
 */
struct mount_asked {
	char *source, *target, **options;
	bool create;
};

struct mounts_asked {
	struct mount_asked *at;
	size_t n;
};

int mounts_read(const struct host_config *h, struct arena *a, struct mounts_asked *ret,
		struct err *e);
int mounts_make_sources(const struct mounts_asked *m, struct err *e);

#endif
