/* host_hooks.c - prestart, createRuntime, poststart, poststop */
#include "runtime/host_hooks.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "init/hooks.h"
#include "runtime/container.h"

/**
 * host_hooks_open_output() - the file that an annotation of crun's names for hooks' output
 * @ret_fd: receives a descriptor, or 0 without the annotation
 */
int host_hooks_open_output(const struct state *s, const char *annotation, int *ret_fd,
			   struct err *e)
{
	*ret_fd = 0;
	for (size_t i = 0; i < s->annotations.n; i++) {
		const struct pair *a = &s->annotations.at[i];

		if (strcmp(a->key, annotation) != 0)
			continue;
		*ret_fd = open(a->value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (*ret_fd < 0) {
			fail_sys(e, "open '%s' for the hooks' output", a->value);
			return fail_at(e, "config.json: /annotations/%s", annotation);
		}
	}
	return 0;
}

/**
 * host_hooks_run() - run hooks of one kind as the container's state is @status
 *
 * They start in the bundle, and with this process's environment unless they have their own, as
 * with runc and crun.
 */
int host_hooks_run(const struct container *c, enum container_status status, const char *kind,
		   const oci_hook_list *hooks, struct err *e)
{
	own_mem char *state = NULL;
	own_fd int cwd = FD_NONE, out = FD_NONE, err = FD_NONE;
	struct hooks_how how = { .kind = kind, .env = environ };

	if (!hooks->n)
		return 0;
	state = container_state_text(c, status, false, e);
	if (!state || host_hooks_open_output(&c->state, HOOKS_STDOUT, &how.out, e) < 0)
		return -1;
	out = how.out ? how.out : FD_NONE;
	if (host_hooks_open_output(&c->state, HOOKS_STDERR, &how.err, e) < 0)
		return -1;
	err = how.err ? how.err : FD_NONE;
	/* poststop hooks may find the bundle gone; they run all the same */
	cwd = fd_open(c->state.bundle, O_PATH | O_DIRECTORY);
	how.state = state;
	how.cwd = cwd;
	return hooks_run(hooks, &how, e);
}
