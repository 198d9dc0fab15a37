/* sched.c - sched_setattr(2) and sched_setaffinity(2) */
#include "os/sched.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/numlist.h"

_Static_assert(sizeof(struct sched_want) == 48, "SCHED_ATTR_SIZE_VER0");

/* sched_set_policy() - set the scheduling policy of @pid, 0 being the caller */
int sched_set_policy(pid_t pid, struct sched_want want, struct err *e)
{
	int why;

	want.size = sizeof(want);
	if (syscall(SYS_sched_setattr, pid, &want, 0) == 0)
		return 0;
	why = errno;
	fail_errno(e, why, "set the scheduler");
	if (why == EPERM)
		return fail_hint(e, "it takes CAP_SYS_NICE in the initial user namespace; and the "
				    "process scheduler can't be used together with AllowedCPUs");
	if (why == EINVAL)
		return fail_hint(e, "the policy, its priority and its times do not fit together");
	return -1;
}

/**
 * sched_set_cpus() - let @pid run on @cpus only
 * @pid:  the process, 0 is the caller
 * @text: the list as the user wrote it, for messages
 */
int sched_set_cpus(pid_t pid, const struct numlist *cpus, const char *text, struct err *e)
{
	int why;

	if (syscall(SYS_sched_setaffinity, pid, sizeof(cpus->bits), cpus->bits) >= 0)
		return 0;
	why = errno;
	fail_errno(e, why, "set the CPU affinity '%.64s'", text);
	if (why == EINVAL)
		return fail_hint(e, "none of these CPUs is in the cgroup's cpuset");
	return -1;
}

/**
 * sched_try_all_cpus() - forget an affinity that was inherited from whoever called us
 *
 * The kernel keeps it to the CPUs of the cpuset. Return: 0 or -errno.
 */
int sched_try_all_cpus(pid_t pid)
{
	unsigned long all[NUMLIST_WORDS];

	memset(all, 0xff, sizeof(all));
	return syscall(SYS_sched_setaffinity, pid, sizeof(all), all) < 0 ? -errno : 0;
}
