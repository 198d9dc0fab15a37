/* launch.h - start tare-init from its sealed memory file */
#ifndef RUNTIME_LAUNCH_H
#define RUNTIME_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "spec/plan.h"

/* The name of tare-init's memory file, and so of the executable of who has not got beyond it. */
#define LAUNCH_INIT_NAME "tare-init"

/* struct launch_image - which file it is: a name can be anybody's */
struct launch_image {
	uint64_t dev, ino;
};

/**
 * struct launch - how tare-init is born
 * @plan:   what it will do; all descriptors in it are inherited
 * @flags:  CLONE_NEW* to be born into
 * @cgroup: v2 cgroup to be born into, or -1
 * @apart:  copy this process's memory (a time namespace is pending)
 * @map:    NULL, or called once it exists in a new user namespace, to map its ids
 * @ctx:    for @map
 * @image:  NULL, or receives what st_dev and st_ino say of tare-init's memory file
 */
struct launch {
	const struct plan *plan;
	uint64_t flags;
	int cgroup;
	bool apart;
	int (*map)(void *ctx, pid_t pid, struct err *e);
	void *ctx;
	struct launch_image *image;
};

pid_t launch_init(const struct launch *l, int *ret_sock, struct err *e);

#endif
