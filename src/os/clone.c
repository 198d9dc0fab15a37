/* clone.c - clone3, sharing memory until exec where that is possible
 *
 * Like vfork, the child borrows the parent's memory and the parent stands still until the
 * child has executed: nothing is copied, not even page tables. That needs the two to return
 * from the same system call in the same stack frame, so the call is made in line. A child that
 * has to wait for its parent (@gate), or that enters a time namespace, is forked instead.
 */
#include "os/clone.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "os/sys.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* The child's part; returns only when something failed, with errno set. */
static void run_child(const struct clone_exec *c)
{
	static char *const empty[] = { NULL };
	char go;

	/* until it says otherwise, it dies with us; nothing half-made is left behind */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return;
	if (c->gate >= 0) {
		/* if our parent died before that call, the gate has no other end but ours */
		if (close(c->gate_in) < 0)
			return;
		if (read(c->gate, &go, 1) != 1)
			_exit(125);
		if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
			return;
	}
	/* what our caller left open is nobody's business in there; where the call is missing
	 * (Linux < 5.9), tare-init closes it before it executes anything */
	(void)sys_close_range(c->first, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < c->n_keep; i++)
		if (fcntl(c->keep[i], F_SETFD, 0) < 0)
			return;
	(void)sys_execveat(c->image, "", c->argv, empty, AT_EMPTY_PATH);
}

#if defined(__x86_64__)
static inline long clone3_in_line(struct clone_args *args, size_t size)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(SYS_clone3), "D"(args), "S"(size)
			 : "rcx", "r11", "memory");
	return ret;
}
#define HAVE_CLONE3_IN_LINE 1
#elif defined(__aarch64__)
static inline long clone3_in_line(struct clone_args *args, size_t size)
{
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)size;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
	return x0;
}
#define HAVE_CLONE3_IN_LINE 1
#else
#define HAVE_CLONE3_IN_LINE 0
#endif

#if HAVE_CLONE3_IN_LINE
/* Child and parent share this frame: the child leaves it only by exec or exit. */
__attribute__((noinline)) static pid_t clone_shared(const struct clone_exec *c,
						    struct clone_args *args, volatile int *why)
{
	long pid = clone3_in_line(args, sizeof(*args));

	if (pid == 0) {
		run_child(c);
		*why = errno;
		_exit(125);
	}
	if (pid < 0) {
		errno = (int)-pid;
		return -1;
	}
	return (pid_t)pid;
}
#endif

/* A copy of the process: slower, but free of its parent. A failure shows as its death. */
static pid_t clone_copied(const struct clone_exec *c, struct clone_args *args)
{
	long pid = -1;

	if (!sys_lacks(SYS_CLONE3))
		pid = syscall(SYS_clone3, args, sizeof(*args));
	if (pid < 0 && errno == ENOSYS && !(args->flags & CLONE_INTO_CGROUP))
		pid = syscall(SYS_clone, args->flags | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		run_child(c);
		_exit(125);
	}
	return (pid_t)pid;
}

static pid_t fail_clone(const struct clone_exec *c, struct err *e)
{
	fail_sys(e, "make a process in new namespaces");
	if (errno == EPERM)
		fail_hint(e, "without root, a user namespace is needed as well");
	else if (errno == ENOSPC)
		fail_hint(e, "see the limits in /proc/sys/user/max_*_namespaces");
	else if (errno == EINVAL && c->flags)
		fail_hint(e, "this kernel may lack one of the namespace types that were asked for");
	return -1;
}

/**
 * clone_exec() - start a program in new namespaces
 *
 * Return: its pid. The program is running, or, where @c->gate is used or the memory could
 * not be shared, is about to be: it then dies with status 125 when it cannot be executed.
 * -1 otherwise; e->sysno ENOSYS where @c->cgroup needs a clone3 that is not there.
 */
pid_t clone_exec(const struct clone_exec *c, struct err *e)
{
	struct clone_args args = { .flags = c->flags, .exit_signal = SIGCHLD };
	bool share = c->gate < 0 && !c->apart && !sys_lacks(SYS_CLONE3);
	pid_t pid;

	if (c->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)c->cgroup;
		if (sys_lacks(SYS_CLONE_INTO_CGROUP))
			return fail_sys(e, "make a process in a cgroup");
	}
#if HAVE_CLONE3_IN_LINE
	if (share) {
		volatile int why = 0;

		args.flags |= CLONE_VM | CLONE_VFORK;
		pid = clone_shared(c, &args, &why);
		if (pid < 0)
			return fail_clone(c, e);
		if (why)
			return fail_errno(e, why, "execute tare-init");
		return pid;
	}
#endif
	(void)share;
	pid = clone_copied(c, &args);
	return pid < 0 ? fail_clone(c, e) : pid;
}
