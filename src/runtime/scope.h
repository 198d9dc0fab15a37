/* scope.h - the systemd unit of a container: wished for, made, found again, removed */
#ifndef RUNTIME_SCOPE_H
#define RUNTIME_SCOPE_H

#include "runtime/cgroup_path.h"
#include "runtime/resources.h"

struct container;
struct creation;
struct err;

int scope_prepare(struct creation *c, struct cgroup_path *ret_path, struct err *e);
int scope_start(struct creation *c, pid_t pid, struct err *e);
int scope_give(struct creation *c, struct err *e);
int scope_delegate(struct creation *c, struct err *e);
int scope_update(const struct container *c, const struct cgroup_world *w,
		 const struct oci_resources *r, const struct resources_how *how, struct err *e);
void scope_round(struct oci_resources *r);
int scope_remove(const struct container *c, struct err *e);

#endif
