/* exec.c - joins a running container
 *
 * tare-init is started outside, in the container's cgroup; it enters the namespaces of the
 * container's first process by one pidfd, and only its child, born undumpable inside the pid
 * namespace, can be seen by the container (CVE-2016-9962).
 */
#include "os/foreground.h"
#include "runtime/exec.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/own.h"
#include "os/file.h"
#include "os/lsm.h"
#include "os/process.h"
#include "os/recipe.h"
#include "os/sys.h"
#include "runtime/cgroups.h"
#include "runtime/check_rules.h"
#include "runtime/console.h"
#include "runtime/container.h"
#include "runtime/exec_process.h"
#include "runtime/join.h"
#include "runtime/launch.h"
#include "runtime/rdt.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_plan.h"

/**
 * struct exec_run - the working papers of one exec
 * @pidfd:  the container's first process
 * @where:  the cgroup to enter
 */
struct exec_run {
	const struct exec_options *o;
	struct container container;
	struct container_cgroup home;
	struct cgroup where;
	struct cgroup_entry entry;
	struct oci_process process;
	struct plan plan;
	struct plan_join joins[JOIN_MAX];
	struct numbers tasks;
	pid_t pid;
	int pidfd, sock, console;
};

static int check_status(struct exec_run *x, struct err *e)
{
	enum container_status status;

	if (container_status(&x->container, &status, e) < 0)
		return -1;
	if (status == STATUS_PAUSED && !x->o->ignore_paused) {
		fail(e, ERR_CONFLICT, "cannot exec in a paused container");
		return fail_hint(e, "use --ignore-paused to override");
	}
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(e, ERR_CONFLICT, "cannot exec in a %s container: '%s'",
			    word_name(status_words, status), x->o->id);
	return 0;
}

/* Whoever matches runc's words finds them. */
static int fail_entry(const struct exec_run *x, struct err *e)
{
	return x->o->cgroups && e->sysno
		       ? fail_in(e, "exec: adding pid to cgroup '%s'", x->o->cgroups[0])
		       : -1;
}

static int choose_cgroup(struct exec_run *x, struct err *e)
{
	if (cgroups_recall(&x->home, &x->container, e) < 0)
		return -1;
	if (!x->home.present && x->o->cgroups)
		return fail(e, ERR_UNSUPPORTED, "exec in cgroup '%s' of '%s': it has no cgroup",
			    x->o->cgroups[0], x->container.state.id);
	if (!x->home.present)
		return 0;
	if (x->o->cgroups) {
		if (cgroup_init_sub(&x->where, &x->home.cgroup, (char *const *)x->o->cgroups, e) <
		    0)
			return fail_entry(x, e);
	} else if (cgroup_init_near_pid(&x->where, &x->home.cgroup, (pid_t)x->container.state.pid,
					e) < 0) {
		return -1;
	}
	return cgroup_entry_open(&x->where, &x->entry, e) < 0 ? fail_entry(x, e) : 0;
}

static int make_plan(struct exec_run *x, struct err *e)
{
	const struct oci_config *config = x->container.config;
	struct oci_process *process = &x->process;
	struct arena *mem = &x->container.mem;
	struct plan *p = &x->plan;
	bool early_filter;

	if (exec_process_make(x->o, config, mem, process, e) < 0 ||
	    check_process_values(process, e) < 0 ||
	    lsm_check(process->apparmor_profile, process->selinux_label, "config.json: /process",
		      e) < 0)
		return -1;
	*p = (struct plan){ .id = x->container.state.id,
			    .lacking = sys_lacking,
			    .start_fd = -1,
			    .preserve_fds = x->o->preserve_fds,
			    .process = process,
			    .terminal = process->terminal,
			    .personality = config->platform->personality,
			    .memory_policy = config->platform->memory_policy,
			    .selinux_label = process->selinux_label,
			    .apparmor_profile = process->apparmor_profile };
	p->joins.at = x->joins;
	if (join_container(&x->container, p, &x->pidfd, e) < 0 || choose_cgroup(x, e) < 0 ||
	    seccomp_plan(p, config->platform->seccomp, false, x->container.root, mem, e) < 0)
		return -1;
	p->cgroup_tasks.at = arena_array(mem, x->entry.n, sizeof(int64_t));
	if (!p->cgroup_tasks.at)
		return fail_errno(e, ENOMEM, "make the plan");
	for (size_t i = 0; i < x->entry.n; i++)
		p->cgroup_tasks.at[p->cgroup_tasks.n++] = x->entry.file[i];
	early_filter = p->has_seccomp && !process->no_new_privileges;
	p->stages = STAGE_BIT(JOIN) | STAGE_BIT(CONSOLE) | STAGE_BIT(PROGRAM) | STAGE_BIT(SEAL) |
		    STAGE_BIT(EXEC) | (p->cgroup_tasks.n ? STAGE_BIT(ENTER_CGROUP) : 0) |
		    (process->oom_score_adj.set ? STAGE_BIT(HOST_FACTS) : 0) |
		    (x->container.state.intel_rdt ? STAGE_BIT(RDT) : 0) |
		    (early_filter ? STAGE_BIT(PRIVILEGES_LATE) : STAGE_BIT(PRIVILEGES));
	return 0;
}

static int send_listener(struct exec_run *x, int fd, struct err *e)
{
	own_mem char *state = container_state_text(&x->container, STATUS_RUNNING, false, e);
	const struct seccomp_listen l = { .oci_version = SECCOMP_STATE_VERSION,
					  .state = state,
					  .pid = x->pid };

	return state ? seccomp_send_listener(x->container.config->platform->seccomp, fd, &l, e)
		     : -1;
}

static int hear(void *ctx, const struct msg *m, int *fd, struct err *e)
{
	struct exec_run *x = ctx;

	switch (m->kind) {
	case MSG_PID:
		(void)waitpid(x->pid, NULL, 0);
		x->pid = (pid_t)m->value;
		return 0;
	case MSG_CONSOLE:
		x->console = give_fd(fd);
		return x->o->console_socket ? console_send(x->o->console_socket, x->console, e) : 0;
	case MSG_NOTIFY:
		return send_listener(x, *fd, e);
	default:
		return 0;
	}
}

static int set_oom_score(const struct exec_run *x, struct err *e)
{
	char path[48], text[24];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)x->pid);
	snprintf(text, sizeof(text), "%lld", (long long)x->process.oom_score_adj.v);
	r = file_try_write(AT_FDCWD, path, text);
	return r < 0 ? fail_errno(e, -r, "set oom_score_adj to %s", text) : 0;
}

static int run_stage(void *ctx, unsigned i, struct err *e)
{
	const struct exec_run *x = ctx;

	return i == STAGE_RDT ? rdt_enter(&x->container.state, x->pid, e) : set_oom_score(x, e);
}

static int write_pid_file(const struct exec_run *x, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)x->pid);

	if (!x->o->pid_file)
		return 0;
	if (file_replace_path(x->o->pid_file, text, (size_t)n, e) < 0)
		return fail_in(e, "write the pid file '%s'", x->o->pid_file);
	return 0;
}

static int launch_and_walk(struct exec_run *x, struct err *e)
{
	const struct launch l = { .plan = &x->plan, .cgroup = x->entry.into };
	struct recipe r = { .rows = stage_rows,
			    .n = STAGE_COUNT,
			    .me = SIDE_RUNTIME,
			    .enabled = x->plan.stages,
			    .ctx = x,
			    .run = run_stage,
			    .hear = hear,
			    .exec_ends = true };

	x->pid = launch_init(&l, &x->sock, e);
	if (x->pid < 0)
		return -1;
	r.peer = x->sock;
	r.forks = x->plan.fork ? x->pid : 0;
	log_debug("child process in init(): walking the stages with process %d", (int)x->pid);
	log_debug("setns_init: about to exec");
	if (recipe_walk(&r, 0, STAGE_COUNT, e) == 0 && write_pid_file(x, e) == 0 &&
	    (!x->o->pidfd_socket || pidfd_send(x->o->pidfd_socket, x->pid, e) == 0))
		return 0;
	(void)kill(x->pid, SIGKILL);
	(void)waitpid(x->pid, NULL, 0);
	return -1;
}

static int prepare(struct exec_run *x, struct err *e)
{
	x->container.root = container_open_root(x->o->root, false, e);
	if (x->container.root < 0 ||
	    container_open(&x->container, x->container.root, x->o->id, e) < 0 ||
	    check_status(x, e) < 0 || container_load_config(&x->container, e) < 0)
		return -1;
	if (x->o->pid_file && file_check_place(x->o->pid_file, e) < 0)
		return fail_in(e, "option '--pid-file'");
	if (make_plan(x, e) < 0)
		return -1;
	if (x->process.terminal && x->o->detach && !x->o->console_socket) {
		fail(e, ERR_INPUT,
		     "cannot allocate tty if detached without setting console socket");
		return fail_hint(e, "use --console-socket with --detach when a terminal is used");
	}
	if (x->o->console_socket && !x->process.terminal)
		return fail(e, ERR_INPUT,
			    "--console-socket cannot be used: the process asks for no terminal");
	return 0;
}

static void exec_done(struct exec_run *x)
{
	cgroup_entry_close(&x->entry);
	cgroup_done(&x->where);
	cgroups_done(&x->home);
	fd_close(&x->pidfd);
	if (x->plan.root > 0)
		(void)close((int)x->plan.root);
	fd_close(&x->sock);
	fd_close(&x->console);
	fd_close(&x->container.root);
	container_done(&x->container);
}

/**
 * container_exec() - run a program in a container that runs already
 * @ret_status: its exit status as a shell has it; 0 when detached
 */
int container_exec(const struct exec_options *o, int *ret_status, struct err *e)
{
	struct exec_run x = { .o = o,
			      .pidfd = FD_NONE,
			      .sock = FD_NONE,
			      .console = FD_NONE,
			      .entry = { .into = FD_NONE },
			      .container = { .root = FD_NONE, .dir = FD_NONE } };
	struct foreground f;
	int r = -1;

	*ret_status = 0;
	if (prepare(&x, e) == 0) {
		if (o->detach) {
			r = launch_and_walk(&x, e);
		} else if (foreground_begin(&f, e) == 0) {
			r = launch_and_walk(&x, e);
			if (r == 0)
				r = foreground_wait(&f, x.pid, x.console, ret_status, e);
			foreground_end(&f);
		}
	}
	exec_done(&x);
	return r < 0 ? exec_process_fail(o, e) : r;
}
