/* hooks.c - OCI hooks: in order, each with the state on its standard input, each bounded
 *
 * Source: runtime-spec config.md "POSIX-platform Hooks", runtime.md "Lifecycle". Shared by both
 * programs: tare-runtime runs the host's hooks, tare-init those that belong into the container.
 */
#include "init/hooks.h"

#include <sys/wait.h>

#include "os/spawn.h"

static int judge(int status, struct err *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return fail(e, ERR_SYSTEM, "exit status %d", WEXITSTATUS(status));
	return fail(e, ERR_SYSTEM, "killed by signal %d", WTERMSIG(status));
}

/**
 * hooks_run() - run hooks until one fails
 * @kind:  "createRuntime" and the like, for messages
 * @state: the state document that they read
 */
int hooks_run(const char *kind, const oci_hook_list *hooks, const char *state, struct err *e)
{
	for (size_t i = 0; i < hooks->n; i++) {
		const struct oci_hook *h = &hooks->at[i];
		const struct spawn s = {
			.path = h->path,
			.argv = h->args,
			.envp = h->env,
			.input = state,
			.timeout = h->timeout.set ? h->timeout.v : 0,
		};
		int status = 0;

		if (spawn_wait(&s, &status, e) == 0 && judge(status, e) == 0)
			continue;
		fail_in(e, "error running %s hook #%zu: '%s'", kind, i, h->path);
		return fail_at(e, "config.json: /hooks/%s/%zu", kind, i);
	}
	return 0;
}
