/* rlimit.c - prlimit64(2), raw: libc's RLIM_INFINITY games do not matter here */
#include "os/rlimit.h"

#include <inttypes.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

struct limit {
	uint64_t soft, hard;
}; /* the kernel's struct rlimit64 */

static int explain(pid_t pid, int resource, const char *name, uint64_t hard, struct err *e)
{
	int why = errno;
	struct limit now;

	fail_errno(e, why, "set %s", name);
	if (why == EINVAL)
		return fail_hint(e, "the soft limit must not be above the hard limit");
	if (why != EPERM || syscall(SYS_prlimit64, pid, resource, NULL, &now) < 0)
		return -1;
	if (hard > now.hard)
		return fail_hint(e,
				 "without CAP_SYS_RESOURCE the hard limit cannot be raised "
				 "above %" PRIu64,
				 now.hard);
	return fail_hint(e, "fs.nr_open is the most that RLIMIT_NOFILE may be");
}

/**
 * rlimit_set() - set one limit of a process
 * @pid:      the process; 0 is the caller
 * @resource: RLIMIT_*
 * @name:     its name, for messages
 *
 * Raising a hard limit takes CAP_SYS_RESOURCE in the *initial* user namespace, whatever
 * capabilities the process has in its own: the runtime should do it from outside.
 */
int rlimit_set(pid_t pid, int resource, const char *name, uint64_t soft, uint64_t hard,
	       struct err *e)
{
	struct limit l = { soft, hard };

	if (syscall(SYS_prlimit64, pid, resource, &l, NULL) < 0)
		return explain(pid, resource, name, hard, e);
	return 0;
}

/**
 * rlimit_set_most() - rlimit_set(), or as much of it as may be had without CAP_SYS_RESOURCE
 * @ret_less: set when the hard limit stays below what was asked for
 *
 * Container engines ask for limits far above a modest host's, as a matter of course; a lower
 * one takes nothing from the container's isolation.
 */
int rlimit_set_most(pid_t pid, int resource, const char *name, uint64_t soft, uint64_t hard,
		    bool *ret_less, struct err *e)
{
	struct err first = { 0 };
	struct limit now;

	if (rlimit_set(pid, resource, name, soft, hard, &first) == 0)
		return 0;
	if (first.sysno != EPERM || syscall(SYS_prlimit64, pid, resource, NULL, &now) < 0 ||
	    hard <= now.hard) {
		*e = first;
		return -1;
	}
	*ret_less = true;
	return rlimit_set(pid, resource, name, soft < now.hard ? soft : now.hard, now.hard, e);
}
