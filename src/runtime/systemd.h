/* systemd.h - a container's scope, made and removed by systemd on our behalf
 *
 * A scope needs a process, so with this driver the cgroup comes after the child:
 *
 *   systemd_check, systemd_names_resolve, systemd_draft      refuse early
 *   cgroup_init(CGROUP_AT_ROOT, names.path), cgroup_plan, cgroup_keep_parents, record
 *   the child is cloned, and waits
 *   systemd_start(pid)          systemd makes the cgroup and moves the child there
 *   cgroup_create(.adopt)       hierarchies that systemd leaves alone
 *   resources_apply             what systemd has no words for
 *   ...
 *   systemd_stop, then cgroup_remove
 *
 * runtime/scope.c is the caller.
 */
#ifndef RUNTIME_SYSTEMD_H
#define RUNTIME_SYSTEMD_H

#include "os/systemd_names.h"
#include "os/systemd_value.h"
#include "runtime/resources.h"

/**
 * struct systemd_scope - the unit of one container
 * @names:       see systemd_names_resolve()
 * @description: the unit's, by which we know it again; NULL: any will do
 * @user:        the user's own manager
 */
struct systemd_scope {
	struct systemd_names names;
	const char *description;
	bool user;
};

/**
 * struct systemd_limits - what the unit is to have
 * @resources: may be NULL
 */
struct systemd_limits {
	struct resources_host host;
	struct resources_how how;
	const struct oci_resources *resources;
};

int systemd_check(bool user, struct err *e);
int systemd_start(const struct systemd_scope *s, pid_t pid, const char *draft, struct err *e);
int systemd_update(const struct systemd_scope *s, const struct systemd_limits *l, struct err *e);
int systemd_stop(const struct systemd_scope *s, struct err *e);

/* systemd_properties.c */
int systemd_properties(const struct resources_host *host, const struct oci_resources *r,
		       const struct resources_how *how, struct arena *a,
		       systemd_property_list *ret_list, struct err *e);
int systemd_draft(const struct systemd_scope *s, const struct systemd_limits *l,
		  const struct pairs *annotations, struct str *out, struct err *e);
int systemd_draft_update(const struct systemd_limits *l, struct str *out, struct err *e);
int64_t systemd_round_quota(int64_t quota, uint64_t period);

#endif
