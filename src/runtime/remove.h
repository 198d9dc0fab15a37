/* remove.h - take away everything that a container is made of */
#ifndef RUNTIME_REMOVE_H
#define RUNTIME_REMOVE_H

#include <stdbool.h>

#include "os/cgroup.h"
#include "runtime/container.h"

int container_remove(int root, const char *id, bool force, struct err *e);
int container_remove_open(struct container *c, bool force, struct err *e);
int container_remove_ended(struct container *c, struct cgroup *cg, const struct oci_hooks *hooks,
			   struct err *e);

#endif
