/* container.h - a container's folder in the state root, and what it says
 *
 *   ROOT/ID/status      struct state; written before the first effect, replaced by rename
 *   ROOT/ID/config.json the config as it was at create
 *   ROOT/ID/nodes/N     device nodes until tare-init has mounted them, see device_nodes.c
 *   ROOT/ID/start.sock  tare-init listens here until it is told to start
 *
 * The root lies in /run: it dies with the machine, as all that it speaks of does. Whoever makes,
 * changes or removes a container holds a lock on its folder, which the kernel drops with the
 * process; so a folder without a pid and without a lock is the remains of a crash.
 */
#ifndef RUNTIME_CONTAINER_H
#define RUNTIME_CONTAINER_H

#include "base/arena.h"
#include "base/err.h"
#include "spec/oci.h"
#include "spec/state.h"

#define CONTAINER_ROOT_DEFAULT "/run/tare/runtime"
#define CONTAINER_ID_MAX       255 /* bytes, as of any file name */
#define START_SOCKET           "start.sock"
#define CONTAINER_NODES        "nodes"

/**
 * struct container - one open folder
 * @root, @dir: the state root and the container's folder
 * @state:      as read, or as it is being made; its strings live in @mem
 * @config:     NULL until container_load_config()
 * @locked:     this process is the one that may change it
 */
struct container {
	int root, dir;
	struct arena mem;
	struct state state;
	struct oci_config *config;
	bool locked;
};

int container_check_id(const char *id, struct err *e);
int container_open_root(const char *path, bool make, struct err *e);
int container_make(struct container *c, int root, const char *id, struct err *e);
int container_open(struct container *c, int root, const char *id, struct err *e);
int container_peek(struct container *c, int root, const char *id, struct err *e);
int container_open_locked(struct container *c, int root, const char *id, struct err *e);
int container_lock(struct container *c, struct err *e);
int container_save(struct container *c, struct err *e);
int container_load_config(struct container *c, struct err *e);
int container_status(struct container *c, enum container_status *ret_status, struct err *e);
void container_drop_nodes(const struct container *c);
int container_forget(struct container *c, struct err *e);
int container_list(int root, struct arena *a, char ***ret_ids, struct err *e);
char *container_state_text(const struct container *c, enum container_status status, bool pretty,
			   struct err *e);
void container_done(struct container *c);

#define own_container __attribute__((cleanup(container_done)))

#endif
