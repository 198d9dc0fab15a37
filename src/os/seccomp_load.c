/* seccomp_load.c - the kernel's side of seccomp, by raw system calls */
#include "os/seccomp_load.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

/* Linux 5.19; not in Debian 12's headers */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/**
 * seccomp_install() - put the calling process under a filter, for good
 * @filter:        struct sock_filter instructions
 * @size:          bytes at @filter
 * @flags:         SECCOMP_FILTER_FLAG_*; NEW_LISTENER is added when @ret_notify_fd is not NULL
 * @ret_notify_fd: receives the listener's descriptor (close-on-exec by the kernel); NULL when
 *                 nobody listens
 *
 * Needs no_new_privs or CAP_SYS_ADMIN in the user namespace. From its return on, every system
 * call is the filter's to judge.
 *
 * Return: 0, or -1 with no filter installed.
 */
int seccomp_install(const void *filter, size_t size, unsigned flags, int *ret_notify_fd,
		    struct err *e)
{
	struct sock_fprog prog = { .filter = (struct sock_filter *)(uintptr_t)filter };
	long r;

	if (!size || size % sizeof(*prog.filter) || size / sizeof(*prog.filter) > BPF_MAXINSNS)
		return fail(e, ERR_BUG, "load the seccomp filter: %zu bytes are no filter", size);
	prog.len = (unsigned short)(size / sizeof(*prog.filter));
	if (ret_notify_fd)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;

	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	/* seccomp(2) came with 3.17; a policy without flags never needed it. */
	if (r < 0 && errno == ENOSYS && !flags)
		r = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
	if (r < 0) {
		int why = errno;

		fail_errno(e, why, "load the seccomp filter of %u instructions", prog.len);
		if (why == EACCES)
			fail_hint(e, "it takes noNewPrivileges or CAP_SYS_ADMIN");
		else if (why == EBUSY)
			fail_hint(e, "another filter here has a listener already");
		return -1;
	}
	if (ret_notify_fd)
		*ret_notify_fd = (int)r;
	return 0;
}

/* seccomp_try_mode() - SECCOMP_MODE_* of the calling process, or -errno (EINVAL: not built in) */
int seccomp_try_mode(void)
{
	int r = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

	return r < 0 ? -errno : r;
}

/* seccomp_try_flag() - does this kernel know a SECCOMP_FILTER_FLAG_*? Return: 0 or -errno */
int seccomp_try_flag(unsigned flag)
{
	/* This one is refused without a listener. */
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* A known flag gets as far as the filter, which is not there: EFAULT. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno != EFAULT)
		return -errno;
	return 0;
}

/* seccomp_try_action() - does this kernel know a SECCOMP_RET_*? Return: 0 or -errno */
int seccomp_try_action(unsigned action)
{
	uint32_t a = action;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &a) < 0 ? -errno : 0;
}
