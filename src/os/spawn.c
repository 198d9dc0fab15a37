/* spawn.c - vfork, exec, wait with a deadline; program search; and memory files */
#include "os/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/elsewhere.h"
#include "base/own.h"
#include "os/file.h"
#include "os/sys.h"

#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC        0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

static int write_all(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* memfd_of() - a memory file that holds @len bytes, positioned at its start */
int memfd_of(const char *name, const void *at, size_t len, struct err *e)
{
	own_fd int fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);

	if (fd < 0)
		return fail_sys(e, "make a memory file");
	if (write_all(fd, at, len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return fail_sys(e, "fill a memory file");
	return give_fd(&fd);
}

/**
 * memfd_exec_of() - a memory file to execute: sealed, so that nobody can change it, ever
 *
 * MFD_EXEC (Linux 6.3) says that it is meant to be executable, where vm.memfd_noexec asks.
 */
int memfd_exec_of(const char *name, const void *at, size_t len, struct err *e)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	own_fd int fd = FD_NONE;

	if (!sys_lacks(SYS_MEMFD_EXEC))
		fd = (int)syscall(SYS_memfd_create, name, flags | MFD_EXEC);
	if (fd < 0)
		fd = (int)syscall(SYS_memfd_create, name, flags);
	if (fd < 0)
		return fail_sys(e, "make a memory file");
	if (write_all(fd, at, len) < 0)
		return fail_sys(e, "fill a memory file");
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return fail_sys(e, "seal a memory file");
	return give_fd(&fd);
}

/* Wait at most @timeout seconds. 1: it has ended, 0: time is up. */
static int wait_until(pid_t pid, int64_t timeout, int *status)
{
	own_fd int pidfd = sys_pidfd_open(pid, 0);
	int64_t end = clock_now_ns() + timeout * INT64_C(1000000000);

	for (;;) {
		int64_t left = (end - clock_now_ns()) / 1000000;
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		/* without pidfds (Linux < 5.3) poll is only a short sleep */
		int slice = pidfd >= 0 && left < 3600000 ? (int)left : 5;

		if (waitpid(pid, status, WNOHANG) == pid)
			return 1;
		if (left <= 0)
			return 0;
		(void)poll(&p, pidfd >= 0, slice);
	}
}

/* exec(2) looks for an idle processor; but ours seems to be one, as long as vfork(2) lets us wait. */
static void leave_processor(void)
{
	cpu_set_t ours, others;

	if (elsewhere(&ours, &others) && sched_setaffinity(0, sizeof(others), &others) == 0)
		(void)sched_setaffinity(0, sizeof(ours), &ours);
}

/* In the child, which shares our memory until it has executed: only system calls. */
static void run_child(const struct spawn *s, int input, char *const *argv, char *const *envp)
{
	if (sys_reset_signals() < 0)
		return;
	if (s->elsewhere)
		leave_processor();
	if ((input >= 0 && dup2(input, STDIN_FILENO) < 0) ||
	    (s->out && dup2(s->out, STDOUT_FILENO) < 0) ||
	    (s->err && dup2(s->err, STDERR_FILENO) < 0))
		return;
	if (s->cwd > 0 && fchdir(s->cwd) < 0)
		return;
	/* we wait in vfork(2), and cannot have ended before it is set */
	if (s->at_our_end && prctl(PR_SET_PDEATHSIG, s->at_our_end, 0, 0, 0) < 0)
		return;
	/* without the call (Linux < 5.9) it gets what our caller left open, as it always did */
	(void)sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < s->n_keep; i++)
		if (fcntl(s->keep[i], F_SETFD, 0) < 0)
			return;
	(void)execve(s->path, argv, envp);
}

/* vfork in a frame of its own, so that the child can spoil nothing of the caller's. */
static pid_t start(const struct spawn *s, int input, char *const *argv, char *const *envp,
		   volatile int *exec_errno)
{
	pid_t pid = vfork();

	if (pid == 0) {
		run_child(s, input, argv, envp);
		*exec_errno = errno;
		_exit(127);
	}
	return pid;
}

static int open_input(const struct spawn *s, struct err *e)
{
	int fd;

	if (s->our_input) {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? fail_sys(e, "pass on the standard input") : fd;
	}
	if (s->input)
		return memfd_of("input", s->input, strlen(s->input), e);
	fd = fd_open("/dev/null", O_RDONLY);
	return fd < 0 ? fail_sys(e, "open '/dev/null'") : fd;
}

/**
 * spawn_start() - start a program and return at once; @s->timeout is nobody's business
 *
 * Return: its pid, which the caller waits for, or -1.
 */
pid_t spawn_start(const struct spawn *s, struct err *e)
{
	char *const only_path[] = { (char *)s->path, NULL };
	static char *const empty[] = { NULL };
	char *const *argv = s->argv && s->argv[0] ? s->argv : only_path;
	char *const *envp = s->envp ? s->envp : empty;
	volatile int exec_errno = 0;
	own_fd int input = open_input(s, e);
	pid_t pid;

	if (input < 0 && !s->our_input)
		return -1;
	pid = start(s, input, argv, envp, &exec_errno);
	if (pid < 0)
		return fail_sys(e, "start '%s'", s->path);
	if (exec_errno) {
		(void)waitpid(pid, NULL, 0);
		return fail_errno(e, exec_errno, "start '%s'", s->path);
	}
	return pid;
}

/**
 * spawn_wait() - run a program to its end
 * @ret_status: receives its wait status
 *
 * Return: 0 when it ran, whatever its status; -1 when it could not be started or was killed
 * because its time was up.
 */
int spawn_wait(const struct spawn *s, int *ret_status, struct err *e)
{
	pid_t pid = spawn_start(s, e);

	if (pid < 0)
		return -1;
	if (!s->timeout) {
		while (waitpid(pid, ret_status, 0) < 0)
			if (errno != EINTR)
				return fail_sys(e, "wait for '%s'", s->path);
		return 0;
	}
	if (wait_until(pid, s->timeout, ret_status))
		return 0;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, ret_status, 0);
	return fail(e, ERR_LIMIT, "run '%s': it did not end within %lld s", s->path,
		    (long long)s->timeout);
}

/**
 * spawn_read() - run a program to its end and keep what it prints
 * @max:      refuse more than this many bytes
 * @ret_text: NUL-terminated, freed by the caller
 *
 * Return: the text's length whatever the program's status, or -1.
 */
int spawn_read(const struct spawn *s, size_t max, char **ret_text, int *ret_status, struct err *e)
{
	struct spawn kept = *s;
	/* a memory file, unlike a pipe, never makes the program wait for us */
	own_fd int out = memfd_of("output", "", 0, e);

	kept.out = out;
	if (out < 0 || spawn_wait(&kept, ret_status, e) < 0)
		return -1;
	if (lseek(out, 0, SEEK_SET) < 0)
		return fail_sys(e, "read the output of '%s'", s->path);
	return file_read_fd(out, s->path, max, ret_text, e);
}

/**
 * spawn_beside() - the program of that name in the folder that this one was started from
 *
 * Return: 0, or -1 with errno when there is none to execute; @ret_path then names it if it can.
 */
int spawn_beside(const char *name, char *ret_path, size_t size)
{
	size_t room = strlen(name) + 1;
	ssize_t n = size > room ? readlink("/proc/self/exe", ret_path, size - room) : -1;
	char *slash;

	if (n < 0)
		return snprintf(ret_path, size, "%s", name), -1;
	ret_path[n] = '\0';
	slash = strrchr(ret_path, '/');
	memcpy(slash ? slash + 1 : ret_path, name, room);
	return faccessat(AT_FDCWD, ret_path, X_OK, 0);
}

/* spawn_find_beside() - the same, of a program without which there is something wrong */
int spawn_find_beside(const char *name, char *ret_path, size_t size, struct err *e)
{
	if (spawn_beside(name, ret_path, size) == 0)
		return 0;
	fail_sys(e, "find the program '%s'", ret_path);
	return fail_hint(e, "it is installed beside tare-engine");
}

/**
 * spawn_find() - the path of a program of the host, by our own PATH
 * @name: with a slash, it is the path
 *
 * Return: 0; -1 with ERR_ABSENT when there is none.
 */
int spawn_find(const char *name, char *ret_path, size_t size, struct err *e)
{
	const char *dirs = getenv("PATH");
	const char *dir = dirs && *dirs ? dirs
					: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
					  "/sbin:/bin";
	bool search = !strchr(name, '/');

	for (; dir; dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : NULL) {
		int n = search ? snprintf(ret_path, size, "%.*s/%s", (int)strcspn(dir, ":"), dir,
					  name)
			       : snprintf(ret_path, size, "%s", name);

		/* an empty element would be the working directory: nobody wants that here */
		if (n > 0 && (size_t)n < size && (!search || *dir == '/') &&
		    access(ret_path, X_OK) == 0)
			return 0;
	}
	return fail(e, ERR_ABSENT, "find the program '%s'", name);
}
