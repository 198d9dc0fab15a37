/* sandbox.h - the calling process gives up what it does not need, for good
 *
 * For helpers that parse what strangers wrote. Order: limits; the Landlock ruleset is made while its
 * paths can be opened; user and capabilities go; no_new_privs; Landlock; seccomp last. Every step
 * fails closed. The one thing that may be missing is Landlock, where the kernel has none; the caller
 * is told.
 *
 * One thread only at the time of the call: Landlock and the filter are put on the calling thread and
 * those that it starts afterwards.
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/landlock.h"

struct err;

#define SANDBOX_NOBODY 65534U

/* struct sandbox_limit - RLIMIT_*, soft and hard; never above what is the limit already */
struct sandbox_limit {
	int resource;
	const char *name;
	uint64_t most;
};

/**
 * struct sandbox - what is left to the process
 * @keep_user: it stays who it is; else root becomes nobody, and anybody else stays, also root of a
 *             user namespace that has no nobody
 * @keep_caps: mask of CAP_* (os/caps.h) that stay, permitted and effective; only with @keep_user
 * @rules:     files that can still be reached; NULL with @n_rules 0 is none
 * @limits:    resource limits; no core is ever dumped
 * @network:   sockets of the internet may be made
 * @threads:   threads may be started; processes never, nor programs
 * @refer:     files are linked from one folder into another. Landlock's first version (Linux 5.13 to
 *             5.18) never allows that, so it is left out there
 * @parent:    pid of the process with which it is to end, by SIGKILL; 0: with nobody
 */
struct sandbox {
	bool keep_user;
	uint64_t keep_caps;
	const struct landlock_rule *rules;
	size_t n_rules;
	const struct sandbox_limit *limits;
	size_t n_limits;
	bool network, threads, refer;
	int parent;
};

int sandbox_enter(const struct sandbox *s, bool *ret_landlock, struct err *e);

#endif
