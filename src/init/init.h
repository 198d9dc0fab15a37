/* init.h - tare-init: one process's way from fresh namespaces to the container's program
 *
 * tare-init is a small static program that tare-runtime executes from a sealed memory file,
 * so the container never sees a binary of the host. It carries out a plan (spec/plan.h) and
 * ends in execve. It is single-threaded, reads nothing from the container but what a stage
 * must look at, and answers only to its socket.
 */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include "init/privileges.h"
#include "os/mount.h"
#include "os/recipe.h"
#include "spec/plan.h"

/**
 * struct init - everything tare-init knows
 * @plan:    what to do; its memory lives until exec
 * @recipe:  where we are in the table of stages, and the socket to the other side
 * @rootfd:  the root directory of the container, O_PATH, from ROOTFS on
 * @root_in_place: the root is mounted on its own path, not on top of "/"
 * @roots_below: how many roots lie below it, because the config mounts on "/"
 * @host_null: the host's /dev/null, O_PATH, opened before anything of the container's is
 * @console: the pty's slave, from CONSOLE on
 * @program: absolute or cwd-relative path of the program, from PROGRAM on
 * @privileges: what PRIVILEGES was given, still needed at EXEC
 */
struct init {
	struct plan plan;
	struct recipe recipe;
	int rootfd, host_null, console;
	bool root_in_place;
	unsigned roots_below;
	char *program;
	struct privileges privileges;
};

int init_join(struct init *in, struct err *e);
int init_enter_cgroup(struct init *in, struct err *e);
int init_enter_cgroup_late(struct init *in, struct err *e);
int init_set_uts(struct init *in, struct err *e);
int init_raise_loopback(struct init *in, struct err *e);
int init_set_sysctl(struct init *in, struct err *e);
int init_prepare_rootfs(struct init *in, struct err *e);
int init_make_mounts(struct init *in, struct err *e);
int init_make_mounts_count(struct init *in, size_t *ret_done, struct err *e);
int init_add_mounts(struct init *in, struct err *e);
int init_remove_mounts(struct init *in, struct err *e);
int init_make_late_mounts(struct init *in, struct err *e);
int init_make_devices(struct init *in, struct err *e);
int init_cover_paths(struct init *in, struct err *e);
int init_pivot(struct init *in, struct err *e);
int init_chroot(struct init *in, struct err *e);
int init_set_console(struct init *in, struct err *e);
void init_use_own_null(int root);
int init_go_home(struct init *in, struct err *e);
int init_compose_env(struct init *in, struct err *e);
int init_find_program(struct init *in, struct err *e);
int init_wait_start(struct init *in, struct err *e);
int init_run_container_hooks(struct init *in, struct err *e);
int init_run_start_hooks(struct init *in, struct err *e);
int init_set_privileges(struct init *in, struct err *e);
int init_seal(struct init *in, struct err *e);
int init_exec(struct init *in, struct err *e);

/* What mount_setattr(2) is asked for, for one mount of the plan. */
struct mount_attrs init_mount_attrs(const struct plan_mount *m);
int init_open_inside(struct init *in, const struct plan_mount *m, uint32_t *ret_shape,
		     struct err *e);
int init_bind_inside(struct init *in, const struct plan_mount *m, int source, int target,
		     struct err *e);

int init_open_proc(const char *name, struct err *e);
int copyup_tree(int from, int to, struct err *e);

#endif
