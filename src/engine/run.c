/* run.c - see run.h
 *
 * Nothing stands between the program and our standard streams: the runtime inherits them, and we wait.
 * So such a container costs no more than the runtime does, and is gone with us: what is left of one after
 * a kill, the next run removes.
 */
#include "engine/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/clear.h"
#include "engine/setup.h"
#include "os/spawn.h"
#include "shim/verdict.h"

/* struct running - one container */
struct running {
	struct setup setup;
	struct container container;
};

/* What a terminal sends goes to all in the foreground, to the runtime as well; the rest is ours to pass
 * on. Return: the runtime's wait status. */
static int stand_in(pid_t pid, const sigset_t *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(signals, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			if (info.si_code != SI_KERNEL)
				(void)kill(pid, info.si_signo);
			continue;
		}
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
	}
}

static int run_runtime(struct running *r, int *ret_status, struct err *e)
{
	struct container *own = &r->container;
	char *runtime = r->setup.runtime;
	char log[sizeof(own->path) + 16];
	char *argv[] = { runtime,
			 (char *)"--log",
			 log,
			 (char *)"--log-format",
			 (char *)"json",
			 (char *)"run",
			 (char *)"--bundle",
			 own->path,
			 own->id,
			 NULL };
	const struct image_run *c = &r->setup.wish.config;
	const struct spawn s = {
		.path = runtime,
		.argv = argv,
		.envp = environ,
		.our_input = c->open_stdin || c->tty,
	};
	sigset_t ours, before;
	int status = 0;
	pid_t pid;

	snprintf(log, sizeof(log), "%s/" VERDICT_LOG, own->path);
	(void)sigfillset(&ours);
	for (size_t i = 0; i < 3; i++)
		(void)sigdelset(&ours, (int[]){ SIGTSTP, SIGTTIN, SIGTTOU }[i]);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	pid = spawn_start(&s, e);
	if (pid > 0)
		status = stand_in(pid, &ours);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -1;
	if (WIFEXITED(status)) {
		*ret_status = verdict(own->run, WEXITSTATUS(status));
		return 0;
	}
	/* it could not clean up itself */
	container_delete(runtime, own->id);
	return fail(e, ERR_SYSTEM, "run the container %.12s: its runtime was killed by signal %d",
		    own->id, WTERMSIG(status));
}

static int run(struct running *r, const struct run_request *q, int *ret_status, struct err *e)
{
	struct container *own = &r->container;
	struct setup *u = &r->setup;
	own_fd int root = FD_NONE;

	if (container_make(own, u->s, &q->image, q->name, e) < 0 ||
	    container_fill(own, &u->image, (uint64_t)u->size, &u->a, e) < 0 ||
	    container_open_run(own, e) < 0)
		return -1;
	root = container_mount(own, &u->image, CONTAINER_ONCE, &u->a, e);
	if (root < 0 || setup_write(u, own, root, e) < 0 || setup_write_id(u, own, e) < 0)
		return -1;
	fd_close(&root);
	return run_runtime(r, ret_status, e);
}

/**
 * run_foreground() - run a container, wait for its end, and remove it
 * @ret_status: its program's exit status, 128 + N if signal N ended it
 *
 * Return: 0, or -1: it was not run.
 */
int run_foreground(struct store *s, const struct run_request *q, int *ret_status, struct err *e)
{
	struct running r = { .container = CONTAINER_NONE };
	struct err other = { 0 };
	int result = -1;

	if (setup_prepare(&r.setup, s, &q->image, q->wish, e) == 0 &&
	    containers_clear(s, r.setup.runtime, e) == 0) {
		result = run(&r, q, ret_status, e);
		if (container_remove(&r.container, &other) < 0)
			log_warn("%s", other.text);
	}
	container_close(&r.container);
	setup_done(&r.setup);
	return result;
}
