/* cgroup_mount.h - the mounts behind one config mount of type "cgroup" */
#ifndef RUNTIME_CGROUP_MOUNT_H
#define RUNTIME_CGROUP_MOUNT_H

struct err;
struct mount_plan;
struct mount_want;
struct oci_mount;

int cgroup_mount_add(struct mount_plan *p, const struct oci_mount *m, const char *origin,
		     const struct mount_want *w, struct err *e);

#endif
