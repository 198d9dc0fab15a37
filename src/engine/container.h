/* container.h - a container's two folders: what it writes, and what its runtime reads
 *
 *     ROOT/containers/ID/          on the disk, locked by whoever works on it: what the snapshot driver
 *                                  makes in there. Its marks say of which image it is, and how it is called
 *     /run/tare/containers/ID/     in memory, gone with the machine:
 *         rootfs/                  its root, mounted
 *         config.json              for the runtime
 *         hostname, hosts, resolv.conf
 *
 *         shim.json, shim.sock     if it has a shim (shim/documents.h)
 *
 * In the one on the disk lie as well, if the container is kept: container.json (engine/record.h), and
 * state.json and json.log, which are its shim's.
 *
 * The one on the disk is made first and removed last: what it stands for goes before it. So one that
 * nobody has locked and that nobody is to keep is what a kill has left, and the next command removes it.
 */
#ifndef ENGINE_CONTAINER_H
#define ENGINE_CONTAINER_H

#include "image/snapshots.h"
#include "store/containers.h"

#define CONTAINERS_RUN "/run/tare/containers"
#define CONTAINER_PATH (sizeof(CONTAINERS_RUN) + CONTAINER_ID) /* bytes of its folder's path */

/**
 * struct container - one that is ours
 * @folder: descriptor of its folder on the disk, locked; FD_NONE: there is none
 * @run: of the one in memory; @path is its path
 */
struct container {
	struct store *s;
	int folder, run;
	char id[CONTAINER_ID], name[CONTAINER_NAME], path[CONTAINER_PATH];
};

/* Is it mounted but once; must what is written last; or need it not? */
enum container_use { CONTAINER_ONCE, CONTAINER_KEPT, CONTAINER_BRIEF };

#define CONTAINER_NONE \
	{ \
		.folder = FD_NONE, .run = FD_NONE \
	}

int container_make(struct container *c, struct store *s, const struct digest *image,
		   const char *name, struct err *e);
int container_take(struct container *c, struct store *s, const char *id, struct err *e);
int container_fill(const struct container *c, const struct stored_image *image, uint64_t size,
		   struct arena *a, struct err *e);
int container_mount(const struct container *c, const struct stored_image *image,
		    enum container_use use, struct arena *a, struct err *e);
int container_open_run(struct container *c, struct err *e);
int container_renew_run(struct container *c, struct err *e);
int container_remove(struct container *c, struct err *e);
void container_close(struct container *c);

#endif
