/* main.c - tare-init: read the plan, walk this side's stages
 *
 * usage: tare-init SOCKET-FD PLAN-FD      (executed by tare-runtime only)
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/leaks.h"
#include "base/own.h"
#include "init/init.h"
#include "os/probe.h"

static int (*const stage_functions[STAGE_COUNT])(struct init *, struct err *) = {
	[STAGE_JOIN] = init_join,
	[STAGE_ENTER_CGROUP] = init_enter_cgroup,
	[STAGE_UTS] = init_set_uts,
	[STAGE_LOOPBACK] = init_raise_loopback,
	[STAGE_SYSCTL] = init_set_sysctl,
	[STAGE_ROOTFS] = init_prepare_rootfs,
	[STAGE_MOUNTS] = init_make_mounts,
	[STAGE_DEVICES] = init_make_devices,
	[STAGE_MASKS] = init_cover_paths,
	[STAGE_ENTER_CGROUP_LATE] = init_enter_cgroup_late,
	[STAGE_LATE_MOUNTS] = init_make_late_mounts,
	[STAGE_HOOKS_CONTAINER] = init_run_container_hooks,
	[STAGE_PIVOT] = init_pivot,
	[STAGE_CONSOLE] = init_set_console,
	[STAGE_HOME] = init_go_home,
	[STAGE_PROGRAM] = init_find_program,
	[STAGE_WAIT_START] = init_wait_start,
	[STAGE_SEAL] = init_seal,
	[STAGE_HOOKS_START] = init_run_start_hooks,
	[STAGE_PRIVILEGES] = init_set_privileges,
	[STAGE_PRIVILEGES_LATE] = init_set_privileges,
	[STAGE_EXEC] = init_exec,
	[STAGE_HOT_ADD] = init_add_mounts,
	[STAGE_HOT_REMOVE] = init_remove_mounts,
};

static int run_stage(void *ctx, unsigned i, struct err *e)
{
	return stage_functions[i](ctx, e);
}

static int read_plan(int fd, struct arena *a, struct plan *ret_plan, struct err *e)
{
	struct stat st;
	void *at;
	int r;

	if (fstat(fd, &st) < 0)
		return fail_sys(e, "read the plan");
	if (st.st_size <= 0)
		return fail(e, ERR_BUG, "read the plan: it is empty");
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return fail_sys(e, "read the plan");
	r = bind_unpack(&plan_table, at, (size_t)st.st_size, a, ret_plan, e);
	(void)munmap(at, (size_t)st.st_size);
	(void)close(fd);
	if (r == 0 && ret_plan->process)
		r = oci_process_settle(ret_plan->process, a, e);
	return r;
}

/* Hooks and the program must not get them, whatever --preserve-fds lets pass. */
static int mark_ours(void *ctx __attribute__((unused)), int fd, struct err *e)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? fail_sys(e, "mark descriptor %d", fd) : 0;
}

/* The runtime's caller may have blocked signals. What hooks and the program get is settled when
 * they are started (sys_reset_signals()); this is for the time until then. */
static void hear_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Did the runtime die before it could have killed us by PR_SET_PDEATHSIG? */
static bool runtime_is_gone(int sock)
{
	char c;

	return recv(sock, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static int begin(int sock, struct err *e)
{
	/* Nobody in a namespace that we enter may look into this process or its descriptors. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail_sys(e, "become undumpable");
	/* killed with the runtime until the container is made */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail_sys(e, "die with the runtime");
	if (fcntl(sock, F_SETFD, FD_CLOEXEC) < 0)
		return fail_sys(e, "close the socket on exec");
	return 0;
}

int main(int argc, char **argv)
{
	own_arena struct arena arena = { 0 };
	struct init in = { .rootfd = FD_NONE, .host_null = FD_NONE, .console = FD_NONE };
	struct err e = { 0 };
	uint64_t sock = 0, plan_fd = 0;

	if (argc != 3 || text_u64(argv[1], INT_MAX, &sock) < 0 ||
	    text_u64(argv[2], INT_MAX, &plan_fd) < 0)
		return 125;
	in.recipe = (struct recipe){ .rows = stage_rows,
				     .n = STAGE_COUNT,
				     .me = SIDE_INIT,
				     .peer = (int)sock,
				     .ctx = &in,
				     .run = run_stage };
	if (begin(in.recipe.peer, &e) < 0) {
		(void)recipe_tell_failure(in.recipe.peer, &e);
		return 125;
	}
	if (runtime_is_gone(in.recipe.peer))
		return 125;
	if (read_plan((int)plan_fd, &arena, &in.plan, &e) < 0 ||
	    plan_each_fd(&in.plan, mark_ours, NULL, &e) < 0) {
		(void)recipe_tell_failure(in.recipe.peer, &e);
		return 125;
	}
	probe_lack((unsigned)in.plan.lacking);
	hear_signals();
	in.recipe.enabled = in.plan.stages;
	/* on failure the other side has been told; there is nobody else to tell */
	if (recipe_walk(&in.recipe, 0, STAGE_COUNT, &e) < 0)
		return err_exit_status(&e);
	return in.plan.stages & STAGE_BIT(EXEC) ? 125 : 0;
}
