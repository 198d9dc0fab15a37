/* seccomp.h - linux.seccomp to a filter: translation, cache, and the notify listener
 *
 * Runs in tare-runtime, on the host. The filter travels in the plan and is loaded by
 * tare-init (init/privileges.h).
 */
#ifndef RUNTIME_SECCOMP_H
#define RUNTIME_SECCOMP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/bind.h"

struct arena;
struct err;
struct oci_seccomp;

/**
 * struct seccomp_program - a compiled policy; memory is the arena's
 * @filter:  struct sock_filter instructions
 * @flags:   SECCOMP_FILTER_FLAG_* for seccomp(2), without NEW_LISTENER
 * @notify:  the policy has SCMP_ACT_NOTIFY: someone must listen
 * @ignored: system calls that are unknown here and so have no rule, "a, b"; only those whose
 *           rule would have been stricter than the default action: worth a warning, with
 *           --strict an error. NULL when there is none
 * @cached:  nothing was compiled
 */
struct seccomp_program {
	struct bytes filter;
	unsigned flags;
	bool notify, cached;
	char *ignored;
};

int seccomp_compile(const struct oci_seccomp *s, int cache_dirfd, struct arena *a,
		    struct seccomp_program *ret_program, struct err *e);

/* crun's and its agents' version of the document; config-linux.md, containerProcessState */
#define SECCOMP_STATE_VERSION "0.2.0"

/**
 * struct seccomp_listen - what a seccomp agent is told
 * @oci_version: of the config
 * @pid:         the container's process, as seen here
 * @state:       the container's state, JSON text
 */
struct seccomp_listen {
	const char *oci_version, *state;
	pid_t pid;
};

bool seccomp_notifies(const struct oci_seccomp *s);
int seccomp_send_listener(const struct oci_seccomp *s, int notify_fd,
			  const struct seccomp_listen *l, struct err *e);

#endif
