/* systemd.h - a container's scope, made and removed by systemd on our behalf
 *
 * Order for the systemd driver, which differs from cgroupfs in that a scope needs a process:
 *
 *   systemd_check, systemd_names_resolve    refuse early
 *   cgroup_init(CGROUP_AT_ROOT, names.path), cgroup_plan, cgroup_keep_parents, record
 *   the child is cloned, and waits
 *   systemd_start(pid)                      systemd makes the cgroup and moves the child there
 *   cgroup_create(.adopt)                   hierarchies that systemd leaves alone
 *   resources_apply, the child enters       as with cgroupfs
 *   ...
 *   systemd_stop, then cgroup_remove
 */
#ifndef RUNTIME_SYSTEMD_H
#define RUNTIME_SYSTEMD_H

#include "os/systemd_names.h"
#include "os/systemd_value.h"
#include "runtime/resources.h"

/**
 * struct systemd_scope - the unit of one container
 * @names: see systemd_names_resolve()
 * @id:    the container's, for the unit's description
 * @user:  the user's own manager
 */
struct systemd_scope {
	struct systemd_names names;
	const char *id;
	bool user;
};

int systemd_check(struct err *e);
int systemd_properties(const struct resources_host *host, const struct oci_resources *r,
		       struct arena *a, systemd_property_list *ret_list, struct err *e);
int systemd_start(const struct systemd_scope *s, pid_t pid, const struct resources_host *host,
		  const struct oci_resources *r, const struct pairs *annotations, struct err *e);
int systemd_update(const struct systemd_scope *s, const struct resources_host *host,
		   const struct oci_resources *r, struct err *e);
int systemd_stop(const struct systemd_scope *s, struct err *e);

#endif
