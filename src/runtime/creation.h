/* creation.h - the working papers of one create, shared by the files that do its parts */
#ifndef RUNTIME_CREATION_H
#define RUNTIME_CREATION_H

#include "base/own.h"
#include "os/cgroup.h"
#include "os/recipe.h"
#include "runtime/bundle.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/mount_plan.h"
#include "runtime/systemd.h"
#include "spec/plan.h"

#define MAX_JOINS 8

struct net_devices;

/* A namespace to enter around the clone, and the way back. */
struct detour {
	int64_t type;
	int back;
};

/**
 * struct creation - everything that is made on the way, and must be undone when it fails
 * @pid:         the container's process; 0 before there is one
 * @sock:        our end of the socket to it
 * @clone_flags: namespaces that it is born into
 * @around:      namespaces that this process enters for the clone only
 * @unshare_time: give it a time namespace
 * @home:        the mount namespace that the program shares with us; FD_NONE: it has its own
 * @console:     the pty's master, once received
 * @notify:      where the program says that it is ready; FD_NONE when nobody asks
 * @hook_out, @hook_err: files that hooks write to, or 0
 * @net:         network devices that were moved, or NULL
 * @shown:       the caller's own cgroup, where the container stays in it
 * @plain_user:  we are not root, but for that of his own user namespace
 * @late_cgroup: v1 cgroups are made while tare-init makes the mounts
 * @has_scope:   systemd makes the cgroup: @scope, from @scope_draft, once there is a process
 * @scope_tried: it was asked to
 * @delegate:    run.oci.delegate-cgroup, or NULL
 */
struct creation {
	const struct create_options *o;
	struct bundle bundle;
	struct container container;
	struct cgroup_world world;
	struct cgroup cgroup, shown;
	struct cgroup_entry entry;
	bool has_cgroup, late_cgroup, made_container, plain_user;
	struct systemd_scope scope;
	bool has_scope, scope_tried;
	const char *scope_draft, *delegate;
	struct arena mem;
	struct mount_plan mounts;
	struct plan plan;
	struct plan_rootfs rootfs;
	struct plan_join joins[MAX_JOINS];
	uint64_t clone_flags;
	bool new_userns, unshare_time;
	LIST(struct plan_join) around;
	struct plan_join around_at[MAX_JOINS];
	pid_t pid;
	int home, sock, listener, console, seccomp_listener, notify, hook_out, hook_err;
	struct recipe recipe;
	struct net_devices *net;
};

/* create.c */
void creation_init(struct creation *c, const struct create_options *o);
void creation_done(struct creation *c);
int creation_record(struct creation *c, struct err *e);
/* device_nodes.c */
int creation_devices(struct creation *c, struct err *e);
/* plan_build.c */
int creation_plan(struct creation *c, struct err *e);
/* birth.c */
int creation_launch(struct creation *c, struct err *e);
/* namespaces.c */
int creation_namespaces(struct creation *c, struct err *e);

#endif
