/* start.c - the last stretch: wait for `start`, run hooks, shed privileges, become the program */
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/own.h"
#include "init/env.h"
#include "init/exec.h"
#include "init/init.h"
#include "init/hooks.h"
#include "os/msg.h"
#include "os/sys.h"

int init_run_container_hooks(struct init *in, struct err *e)
{
	/* with the container's mounts in place, and its root as working directory (as runc has it) */
	const struct hooks_how how = { .kind = "createContainer",
				       .state = in->plan.state_created,
				       .env = in->plan.hook_env,
				       .cwd = in->rootfd,
				       .out = (int)in->plan.hook_out,
				       .err = (int)in->plan.hook_err };

	return hooks_run(&in->plan.create_container, &how, e);
}

int init_run_start_hooks(struct init *in, struct err *e)
{
	const struct hooks_how how = { .kind = "startContainer",
				       .state = in->plan.state_start,
				       .env = in->plan.process->env,
				       .out = (int)in->plan.hook_out,
				       .err = (int)in->plan.hook_err };

	return hooks_run(&in->plan.start_container, &how, e);
}

/* Does this connection say "start"? A command that only looks closes it without a word. */
static bool says_start(int sock)
{
	struct msg m = { 0 };
	own_fd int fd = FD_NONE;
	ssize_t n = msg_try_recv(sock, &m, sizeof(m), &fd);

	return n >= (ssize_t)MSG_SHORT && m.kind == MSG_START;
}

static void die_of(int sig)
{
	_exit(128 + sig);
}

/* The first process of a pid namespace is spared signals that it has no handler for; who asks a
 * created container to end means it all the same. */
static void obey_signals(void (*handler)(int))
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	for (size_t i = 0; i < COUNT(signals); i++)
		(void)signal(signals[i], handler);
}

/* From here on the start command is the other side. */
int init_wait_start(struct init *in, struct err *e)
{
	int listener = (int)in->plan.start_fd, tries = 0;

	for (;;) {
		own_fd int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (sock < 0 &&
		    (errno == EINTR || errno == ECONNABORTED || msg_shortage_passes(errno, &tries)))
			continue;
		if (sock < 0)
			return fail_sys(e, "accept the start command");
		if (!says_start(sock))
			continue;
		(void)close(in->recipe.peer);
		in->recipe.peer = give_fd(&sock);
		(void)close(listener);
		obey_signals(SIG_DFL);
		return 0;
	}
}

/*
 * A created container outlives the command that made it. Said here, before the runtime hears that
 * our rows are done: afterwards it may be gone before we could say it, and we would die of its
 * success. Should it be killed instead, we learn so from the socket, which we turn to next. A
 * `kill` may come as soon, too.
 */
static int outlive_create(const struct init *in, struct err *e)
{
	if (!(in->plan.stages & STAGE_BIT(WAIT_START)))
		return 0;
	obey_signals(die_of);
	return prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0 ? fail_sys(e, "outlive the create command")
						       : 0;
}

/* Each variable once, and HOME; from here on plan.process->env is what the program gets. */
int init_compose_env(struct init *in, struct err *e)
{
	static struct arena mem; /* lives until exec */
	struct oci_process *p = in->plan.process;

	return env_prepare(p->env, p->user->uid, "config.json: /process", &mem, &p->env, e);
}

int init_find_program(struct init *in, struct err *e)
{
	const struct oci_process *p = in->plan.process;

	if (outlive_create(in, e) < 0)
		return -1;
	if (!p->cwd || p->cwd[0] != '/') {
		fail(e, ERR_INPUT, "cwd '%s' is not an absolute path", p->cwd ? p->cwd : "");
		return fail_at(e, "config.json: /process/cwd");
	}
	/* a path with a slash is relative to cwd, as the shell has it */
	(void)!chdir(p->cwd);
	if (init_compose_env(in, e) < 0)
		return -1;
	return exec_resolve(p->args, p->env, &in->program, e);
}

/* The descriptor by which a label is set at exec; must be opened by this very process. */
static int open_attr(const char *name, struct err *e)
{
	own_fd int attr = init_open_proc("thread-self/attr", e);
	int fd;

	if (attr < 0)
		return -1;
	fd = openat(attr, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT && strncmp(name, "apparmor/", 9) == 0)
		fd = openat(attr, name + 9, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fail_sys(e, "open '/proc/thread-self/attr/%s'", name) : fd;
}

static int open_attrs(const struct plan *p, struct privileges *x, struct err *e)
{
	x->apparmor_fd = x->selinux_fd = x->keycreate_fd = -1;
	if (p->apparmor_profile && (x->apparmor_fd = open_attr("apparmor/exec", e)) < 0)
		return -1;
	if (!p->selinux_label)
		return 0;
	x->selinux_fd = open_attr("exec", e);
	x->keycreate_fd = open_attr("keycreate", e);
	return x->selinux_fd < 0 || x->keycreate_fd < 0 ? -1 : 0;
}

static int send_listener(void *ctx, int fd, struct err *e)
{
	const struct init *in = ctx;
	int r = recipe_tell(in->recipe.peer, MSG_NOTIFY, 0, fd);

	return r < 0 ? fail_errno(e, -r, "send the seccomp listener") : 0;
}

int init_set_privileges(struct init *in, struct err *e)
{
	const struct plan *p = &in->plan;
	int tolerated, told = 0;

	in->privileges = (struct privileges){
		.container_id = p->id,
		.exec = !p->rootfs,
		.keep_keyring = !p->new_keyring,
		.keep_groups = p->keep_groups,
		.user_namespace = p->in_userns,
		.setgroups_denied = p->setgroups_denied,
		.rlimits_done = p->rlimits_done,
		.personality = p->personality,
		.memory_policy = p->memory_policy,
		.last_cap = p->last_cap,
		.filter = p->has_seccomp ? p->seccomp.at : NULL,
		.filter_size = p->seccomp.n,
		.filter_flags = (unsigned)p->seccomp_flags,
		.notify = p->seccomp_notify ? send_listener : NULL,
		.notify_ctx = in,
	};
	if (open_attrs(p, &in->privileges, e) < 0)
		return -1;
	tolerated = privileges_apply(p->process, &in->privileges, e);
	if (tolerated < 0)
		return -1;
	if (tolerated)
		told = recipe_tell(in->recipe.peer, MSG_WARNING, tolerated, -1);
	if (told < 0)
		return fail_errno(e, -told, "tell the runtime what was tolerated");
	/* set again after privileges_apply() has cleared them, where `start` is still to come */
	if ((p->stages & STAGE_BIT(PRIVILEGES)) && (p->stages & STAGE_BIT(WAIT_START)))
		obey_signals(die_of);
	return 0;
}

/* Linux < 5.9: mark them one by one, up to the limit. */
static int mark_each(unsigned first, struct err *e)
{
	struct rlimit limit;
	rlim_t end;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fail_sys(e, "read the limit of descriptors");
	end = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > 1 << 20 ? 1 << 20
									  : limit.rlim_max;
	for (rlim_t fd = first; fd < end; fd++)
		if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF)
			return fail_sys(e, "close descriptor %lu", (unsigned long)fd);
	return 0;
}

/* Nothing of ours or of our caller's reaches the program (CVE-2024-21626). A failure is fatal. */
static int close_others(const struct plan *p, struct err *e)
{
	unsigned first = 3 + p->preserve_fds;

	if (sys_close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	/* ENOSYS: Linux < 5.9; EINVAL: Linux < 5.11 lacks the flag; EPERM: a policy around us */
	if (errno == ENOSYS || errno == EINVAL || errno == EPERM)
		return mark_each(first, e);
	return fail_sys(e, "close descriptors");
}

/* Nothing is let in or out any more, and the filter is loaded: hooks run under it as well. */
int init_seal(struct init *in, struct err *e)
{
	/* the program outlives us all */
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return fail_sys(e, "outlive the runtime");
	if (close_others(&in->plan, e) < 0)
		return -1;
	return privileges_seal(in->plan.process, &in->privileges, e);
}

int init_exec(struct init *in, struct err *e)
{
	const struct oci_process *p = in->plan.process;

	return exec_now(in->program, p->args, p->env, e);
}
