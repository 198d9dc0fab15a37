/* cgroups.h - a container's cgroup between its config, its state file and the kernel */
#ifndef RUNTIME_CGROUPS_H
#define RUNTIME_CGROUPS_H

#include "os/cgroup.h"

struct container;
struct creation;
struct err;

/**
 * struct container_cgroup - a container's cgroup as an open thing, recalled from its state
 */
struct container_cgroup {
	struct cgroup_world world;
	struct cgroup cgroup;
	bool present; /* false: the container has none */
};

int cgroups_prepare(struct creation *c, struct err *e);
int cgroups_make_early(struct creation *c, struct err *e);
int cgroups_make(struct creation *c, struct err *e);
int cgroups_make_scope(struct creation *c, pid_t pid, struct err *e);
int cgroups_files(struct creation *c, char ***ret_files, struct err *e);
int cgroups_recall(struct container_cgroup *g, const struct container *c, struct err *e);
void cgroups_done(struct container_cgroup *g);

#define own_container_cgroup __attribute__((cleanup(cgroups_done)))

#endif
