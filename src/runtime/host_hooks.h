/* host_hooks.h - the hooks that run in the host's namespaces, and where all hooks write */
#ifndef RUNTIME_HOST_HOOKS_H
#define RUNTIME_HOST_HOOKS_H

#include "spec/oci.h"
#include "spec/state.h"

struct container;
struct err;

int host_hooks_run(const struct container *c, enum container_status status, const char *kind,
		   const oci_hook_list *hooks, struct err *e);
int host_hooks_open_output(const struct state *s, const char *annotation, int *ret_fd,
			   struct err *e);

#define HOOKS_STDOUT "run.oci.hooks.stdout"
#define HOOKS_STDERR "run.oci.hooks.stderr"

#endif
