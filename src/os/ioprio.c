/* ioprio.c - ioprio_set(2), which no libc wraps */
#include "os/ioprio.h"

#include <linux/ioprio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

/**
 * ioprio_set_for() - set the I/O priority of a process
 * @pid:      the process, 0 is the caller
 * @io_class: IOPRIO_CLASS_*
 * @level:    0 (first served) to 7
 */
int ioprio_set_for(pid_t pid, int64_t io_class, int64_t level, struct err *e)
{
	int why;

	if (level < 0 || level >= IOPRIO_NR_LEVELS)
		return fail(e, ERR_INPUT, "I/O priority %lld is not between 0 and 7",
			    (long long)level);
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
		    IOPRIO_PRIO_VALUE((int)io_class, (int)level)) == 0)
		return 0;
	why = errno;
	fail_errno(e, why, "set the I/O priority");
	if (why == EPERM)
		return fail_hint(e, "the real-time class takes CAP_SYS_ADMIN or CAP_SYS_NICE in "
				    "the initial user namespace");
	return -1;
}
