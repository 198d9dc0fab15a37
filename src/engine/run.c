/* run.c - see run.h
 *
 * Nothing stands between the program and our standard streams: the runtime inherits them, and we wait.
 * So such a container costs no more than the runtime does, and is gone with us: what is left of one after
 * a kill, the next run removes.
 */
#include "engine/run.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "engine/clear.h"
#include "engine/stand_in.h"
#include "engine/kept.h"
#include "engine/setup.h"
#include "shim/verdict.h"

/* struct running - one container */
struct running {
	struct setup setup;
	struct container container;
};

static int run_runtime(struct running *r, int *ret_status, struct err *e)
{
	struct container *own = &r->container;
	char *runtime = r->setup.runtime;
	char log[sizeof(own->path) + 16], pid_file[sizeof(own->path) + 16];
	char *argv[] = { runtime,
			 (char *)"--log",
			 log,
			 (char *)"--log-format",
			 (char *)"json",
			 (char *)"run",
			 (char *)"--pid-file",
			 pid_file,
			 (char *)"--bundle",
			 own->path,
			 own->id,
			 NULL };
	const struct image_run *c = &r->setup.wish.config;
	int status;

	snprintf(log, sizeof(log), "%s/" VERDICT_LOG, own->path);
	snprintf(pid_file, sizeof(pid_file), "%s/" SHIM_PID, own->path);
	if (stand_in(runtime, argv, c->open_stdin || c->tty, &status, e) < 0)
		return -1;
	if (WIFEXITED(status)) {
		*ret_status = verdict(own->run, VERDICT_LOG, WEXITSTATUS(status));
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
	if (root < 0 || setup_write(u, own, root, e) < 0 || setup_write_id(u, own, e) < 0 ||
	    kept_write_record(u, q, own, own->run, false, e) < 0)
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
