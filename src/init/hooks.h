/* hooks.h - runs one kind of OCI hooks, in this process's namespaces */
#ifndef INIT_HOOKS_H
#define INIT_HOOKS_H

#include "base/err.h"
#include "spec/oci.h"

int hooks_run(const char *kind, const oci_hook_list *hooks, const char *state, struct err *e);

#endif
