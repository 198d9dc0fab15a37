/* salvage.h - what is known of a container whose state cannot be read */
#ifndef RUNTIME_SALVAGE_H
#define RUNTIME_SALVAGE_H

#include "os/cgroup.h"
#include "runtime/container.h"

/**
 * struct salvage - the cgroups that are beyond doubt the container's
 * @kept: those; borrows from the others
 * @left: one that may be somebody else's, or ""
 * @busy: @left has processes
 */
struct salvage {
	struct cgroup_world world;
	struct cgroup recorded, derived, kept;
	char left[256];
	bool busy;
};

int salvage_cgroups(struct container *c, struct salvage *ret, struct err *e);
void salvage_done(struct salvage *s);

#define own_salvage __attribute__((cleanup(salvage_done)))

#endif
