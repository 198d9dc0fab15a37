/* clone.c - clone3, sharing memory until exec where that is possible
 *
 * Like vfork, the child borrows the parent's memory and the parent stands still until the
 * child has executed: nothing is copied, not even page tables. That needs the two to return
 * from the same system call in the same stack frame, so the call is made in line. A child that
 * has to wait for its parent (@map), or that enters a time namespace, is forked instead; the two
 * then talk over a pair of sockets, which are gone when the child executes.
 */
#include "os/clone.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "os/sys.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* The child's part; returns only when something failed, with errno set. @gate: its socket, or -1
 * A frame that exec ends would stay poisoned in the stack that our parent goes on with. */
__attribute__((no_sanitize("address"))) static void run_child(const struct clone_exec *c, int gate)
{
	static char *const empty[] = { NULL };
	ssize_t n;
	char go;

	/* until it says otherwise, it dies with us; nothing half-made is left behind */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return;
	if (gate >= 0 && c->map) {
		/* our parent may have died before that call */
		n = recv(gate, &go, 1, 0);
		if (n < 0)
			return;
		if (n == 0)
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
		run_child(c, -1);
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

/* A copy of the process: slower, but free of its parent. @pair: theirs, ours */
static pid_t clone_copied(const struct clone_exec *c, struct clone_args *args, const int pair[2])
{
	long pid = -1;

	if (!sys_lacks(SYS_CLONE3))
		pid = syscall(SYS_clone3, args, sizeof(*args));
	if (pid < 0 && errno == ENOSYS && !(args->flags & CLONE_INTO_CGROUP))
		pid = syscall(SYS_clone, args->flags | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		int why;

		/* or it would not see ours being closed by our death */
		if (close(pair[1]) == 0)
			run_child(c, pair[0]);
		why = errno;
		(void)!send(pair[0], &why, sizeof(why), MSG_NOSIGNAL);
		_exit(125);
	}
	return (pid_t)pid;
}

/* See the copy through to its execution. */
static int accompany(const struct clone_exec *c, pid_t pid, int sock, struct err *e)
{
	ssize_t n;
	int why;

	if (c->map && c->map(c->ctx, pid, e) < 0)
		return -1;
	if (c->map && send(sock, "", 1, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return fail_sys(e, "let tare-init go on");
	n = recv(sock, &why, sizeof(why), 0);
	/* it did not read what we sent; that is said first, what it has to say then */
	if (n < 0 && errno == ECONNRESET)
		n = recv(sock, &why, sizeof(why), 0);
	if (n < 0)
		return fail_sys(e, "hear of tare-init");
	return n == 0 ? 0 : fail_errno(e, n == sizeof(why) ? why : EPROTO, "execute tare-init");
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

static pid_t exec_copied(const struct clone_exec *c, struct clone_args *args, struct err *e)
{
	own_fd int theirs = FD_NONE, ours = FD_NONE;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail_sys(e, "make a pair of sockets");
	theirs = pair[0];
	ours = pair[1];
	pid = clone_copied(c, args, pair);
	if (pid < 0)
		return fail_clone(c, e);
	fd_close(&theirs);
	if (accompany(c, pid, ours, e) == 0)
		return pid;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return -1;
}

/**
 * clone_exec() - start a program in new namespaces
 *
 * Return: its pid; the program is running. -1 otherwise; e->sysno ENOSYS where @c->cgroup needs a
 * clone3 that is not there.
 */
pid_t clone_exec(const struct clone_exec *c, struct err *e)
{
	struct clone_args args = { .flags = c->flags, .exit_signal = SIGCHLD };

	if (c->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)c->cgroup;
		if (sys_lacks(SYS_CLONE_INTO_CGROUP))
			return fail_sys(e, "make a process in a cgroup");
	}
#if HAVE_CLONE3_IN_LINE
	if (!c->map && !c->apart && !sys_lacks(SYS_CLONE3)) {
		volatile int why = 0;
		pid_t pid;

		args.flags |= CLONE_VM | CLONE_VFORK;
		pid = clone_shared(c, &args, &why);
		if (pid < 0)
			return fail_clone(c, e);
		if (why)
			return fail_errno(e, why, "execute tare-init");
		return pid;
	}
#endif
	return exec_copied(c, &args, e);
}
