/* hooks.c - OCI hooks: in order, each with the state on its standard input, each bounded
 *
 * Source: runtime-spec config.md "POSIX-platform Hooks", runtime.md "Lifecycle". Shared by both
 * programs: tare-runtime runs the host's hooks, tare-init those that belong into the container.
 */
#include "init/hooks.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "os/spawn.h"

#define TAIL 200 /* bytes of a failed hook's output that its error quotes */

/* The end of what was printed, on one line. */
static const char *tail_of(int fd, char text[TAIL + 1])
{
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t n = size < 0 ? -1 : pread(fd, text, TAIL, size > TAIL ? size - TAIL : 0);

	text[n > 0 ? n : 0] = '\0';
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return text;
}

static int judge(int status, int out, int err, struct err *e)
{
	char text[TAIL + 1], more[TAIL + 1];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	tail_of(out, text);
	tail_of(err, more);
	if (WIFEXITED(status))
		return fail(e, ERR_SYSTEM, "exit status %d, stdout: %s, stderr: %s",
			    WEXITSTATUS(status), text, more);
	/* WTERMSIG's names as Go prints them: "bad system call" */
	return fail(e, ERR_SYSTEM, "killed by signal %d%s, stdout: %s, stderr: %s",
		    WTERMSIG(status), WTERMSIG(status) == 31 ? " (bad system call)" : "", text,
		    more);
}

static int run_one(const struct oci_hook *h, const struct hooks_how *how, struct err *e)
{
	own_fd int kept_out = how->out > 0 ? FD_NONE : memfd_of("hook-out", "", 0, e);
	own_fd int kept_err = how->err > 0 ? FD_NONE : memfd_of("hook-err", "", 0, e);
	const struct spawn s = {
		.path = h->path,
		.argv = h->args,
		.envp = h->env ? h->env : how->env,
		.input = how->state,
		.timeout = h->timeout.set ? h->timeout.v : 0,
		.cwd = how->cwd,
		.out = how->out > 0 ? how->out : kept_out,
		.err = how->err > 0 ? how->err : kept_err,
	};
	int status = 0;

	if (s.out < 0 || s.err < 0 || spawn_wait(&s, &status, e) < 0)
		return -1;
	return judge(status, kept_out, kept_err, e);
}

/**
 * hooks_run() - run hooks until one fails
 */
int hooks_run(const oci_hook_list *hooks, const struct hooks_how *how, struct err *e)
{
	for (size_t i = 0; i < hooks->n; i++) {
		if (run_one(&hooks->at[i], how, e) == 0)
			continue;
		fail_in(e, "error running %s hook #%zu: '%s'", how->kind, i, hooks->at[i].path);
		return fail_at(e, "config.json: /hooks/%s/%zu", how->kind, i);
	}
	return 0;
}
