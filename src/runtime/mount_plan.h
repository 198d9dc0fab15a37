/* mount_plan.h - config.json's mounts as tare-init's orders, with host paths already opened */
#ifndef RUNTIME_MOUNT_PLAN_H
#define RUNTIME_MOUNT_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "os/cgroup.h"
#include "spec/oci.h"
#include "spec/plan.h"

/**
 * struct mount_plan - what the translation needs and makes
 * @mem:       owns the strings
 * @config, @bundle: the config, and the absolute path that relative sources start from
 * @rootfs:    the root's path on the host; sources below it are the container's, and looked up
 *             there when their turn comes. NULL: none is
 * @cgroup:    the container's cgroup, for mounts of type "cgroup"; NULL when there is none
 * @own_cgroupns, @own_userns: the container has such a namespace of its own
 * @userns_fd: its user namespace, for "idmap" without mappings; -1 when not known
 * @late_cgroups: the cgroup does not exist yet; mounts that show it are made in a stage of
 *             their own
 * @unmade_cgroups: it does not exist yet, but will when mounts are made
 * @open:      open sources and make detached mounts; false: only describe (the plan command)
 * @list:      the result; descriptors in it are closed by mount_plan_close()
 */
struct mount_plan {
	struct arena *mem;
	const struct oci_config *config;
	const char *bundle, *rootfs;
	const struct cgroup *cgroup;
	bool own_cgroupns, own_userns, open, late_cgroups, unmade_cgroups;
	uint64_t propagation;
	struct plan_mount *list;
	size_t n, room;
};

int mount_plan_make(struct mount_plan *p, struct err *e);
int mount_plan_label(struct mount_plan *p, struct plan_mount *o, struct err *e);
int mount_plan_add(struct mount_plan *p, const struct oci_mount *m, const char *origin,
		   struct err *e);
int mount_plan_idmap(const struct mount_plan *p, int64_t i, int peer, struct err *e);
void mount_plan_close_trees(struct mount_plan *p);
void mount_plan_close(struct mount_plan *p);
struct plan_mount *mount_plan_append(struct mount_plan *p);
char *mount_plan_clean(struct arena *a, const char *path);

#endif
