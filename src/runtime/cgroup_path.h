/* cgroup_path.h - what config.json's cgroupsPath means to the cgroupfs driver
 *
 * Absolute: below each hierarchy's mount point, as this process sees it. Relative: below the
 * caller's own cgroup on v1, beside it on v2, where runc puts it, too. Absent: the container's
 * id below the caller's choice of parent.
 *
 * (The systemd driver's "slice:prefix:name" is in os/systemd_names.h.)
 */
#ifndef RUNTIME_CGROUP_PATH_H
#define RUNTIME_CGROUP_PATH_H

#include "os/cgroup.h"

/* struct cgroup_path - what to give cgroup_init() */
struct cgroup_path {
	enum cgroup_base base;
	const char *path;
};

int cgroup_path_resolve(const char *cgroups_path, const char *default_parent, const char *id,
			struct arena *a, struct cgroup_path *ret_path, struct err *e);

#endif
