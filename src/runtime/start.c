/* start.c - start and kill */
#include "runtime/start.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/own.h"
#include "os/process.h"
#include "os/recipe.h"
#include "runtime/activation.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"
#include "runtime/host_hooks.h"
#include "runtime/remove.h"
#include "spec/plan.h"

static int connect_to_init(const struct container *c, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	own_fd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return fail_sys(e, "make a socket");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" START_SOCKET, c->dir);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail_sys(e, "reach the process of container '%s'", c->state.id);
	return give_fd(&sock);
}

/* tare-init's last stages, seen from here: all are its own, and end in exec. */
static int walk(int sock, struct err *e)
{
	struct recipe r = { .rows = stage_rows,
			    .n = STAGE_COUNT,
			    .me = SIDE_RUNTIME,
			    .enabled = STAGE_BIT(EXEC),
			    .peer = sock,
			    .exec_ends = true };
	int sent = recipe_tell(sock, MSG_START, 0, -1);

	if (sent < 0)
		return fail_errno(e, -sent, "tell the container to start");
	return recipe_walk(&r, 0, STAGE_COUNT, e);
}

static int run_poststart(struct container *c, struct err *e)
{
	if (container_load_config(c, e) < 0)
		return -1;
	if (!c->config->hooks)
		return 0;
	return host_hooks_run(c, STATUS_RUNNING, "poststart", &c->config->hooks->poststart, e);
}

/**
 * container_start() - let a created container's process become its program
 *
 * When the program cannot be started its process ends, and the reason is the error.
 */
int container_start(int root, const char *id, struct err *e)
{
	own_container struct container c;
	enum container_status status;
	own_fd int sock = FD_NONE, notify = FD_NONE;

	if (container_open_locked(&c, root, id, e) < 0 || container_status(&c, &status, e) < 0)
		return -1;
	if (status != STATUS_CREATED)
		return fail(e, ERR_CONFLICT, "cannot start container '%s' in the %s state", id,
			    word_name(status_words, status));
	sock = connect_to_init(&c, e);
	if (sock < 0 || notify_listen(&c, &notify, e) < 0 || walk(sock, e) < 0)
		return -1;
	(void)unlinkat(c.dir, START_SOCKET, 0);
	if (run_poststart(&c, e) == 0) {
		if (notify >= 0)
			notify_wait(notify, (pid_t)c.state.pid, c.state.pid_start);
		return 0;
	}
	/* runtime.md, Lifecycle 9: a failing poststart hook ends the container, as crun and runc do */
	(void)container_remove_open(&c, true, &(struct err){ 0 });
	return -1;
}

/**
 * container_kill() - send a signal to a container's first process, or to all of them
 */
int container_kill(int root, const char *id, int sig, bool all, struct err *e)
{
	own_container struct container c;
	enum container_status status;

	if (container_open(&c, root, id, e) < 0 || container_status(&c, &status, e) < 0)
		return -1;
	/* runtime-spec says "the container process"; without a pid namespace of its own, nothing else
	 * would end the others, so runc's rule is ours */
	if (all || (sig == SIGKILL && !c.state.own_pidns)) {
		own_container_cgroup struct container_cgroup g;

		if (cgroups_recall(&g, &c, e) < 0)
			return -1;
		if (g.present && (all || cgroup_ours(&g.cgroup)))
			return sig == SIGKILL ? cgroup_kill(&g.cgroup, e)
					      : cgroup_signal(&g.cgroup, sig, e);
	}
	if (status == STATUS_STOPPED)
		return all ? 0 : fail(e, ERR_CONFLICT, "container not running: '%s'", id);
	/* only the end of a pid namespace's first process is everybody's */
	if (all && !(sig == SIGKILL && c.state.own_pidns))
		return fail(e, ERR_UNSUPPORTED,
			    "kill all processes of container '%s': it has no cgroup", id);
	return process_signal((pid_t)c.state.pid, c.state.pid_start, sig, e);
}
