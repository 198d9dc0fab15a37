/* hooks.h - runs one kind of OCI hooks, in this process's namespaces */
#ifndef INIT_HOOKS_H
#define INIT_HOOKS_H

#include "base/err.h"
#include "spec/oci.h"

/**
 * struct hooks_how - what all hooks of one kind share
 * @kind:     "createRuntime" and the like, for messages
 * @state:    the state document that they read
 * @env:      the environment of a hook that has none of its own
 * @cwd:      their working directory; 0 or less: ours
 * @out, @err: where their output goes; 0 or less: it is kept, and told when one fails
 */
struct hooks_how {
	const char *kind, *state;
	char *const *env;
	int cwd, out, err;
};

int hooks_run(const oci_hook_list *hooks, const struct hooks_how *how, struct err *e);

#endif
