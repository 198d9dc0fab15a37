/* sys.h - system calls that libc does not wrap (in Debian 12's glibc, or in musl 1.2.3)
 *
 * One thin function each; they return what the kernel returns, -1 with errno set on failure.
 * Newer calls ask sys_lacks() first, so that a test can make this kernel look like an older
 * one (see os/probe.h): the call then fails with ENOSYS and the caller takes its fallback.
 */
#ifndef OS_SYS_H
#define OS_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

/* Kernel features that can be switched off; the words are in os/probe.c. */
enum sys_feature {
	SYS_OPENAT2 = 1 << 0,
	SYS_CLONE3 = 1 << 1,
	SYS_PIDFD = 1 << 2,
	SYS_MOUNT_API = 1 << 3, /* open_tree, move_mount, fsopen, fsconfig, fsmount */
	SYS_MOUNT_SETATTR = 1 << 4,
	SYS_CLOSE_RANGE = 1 << 5,
	SYS_CGROUP_KILL = 1 << 6,
	SYS_CLONE_INTO_CGROUP = 1 << 7,
	SYS_MEMFD_EXEC = 1 << 8, /* MFD_EXEC, MFD_NOEXEC_SEAL */
	SYS_OVERLAY_FD = 1 << 9, /* overlayfs takes its folders by descriptor */
	SYS_FICLONE = 1 << 10,   /* files share blocks */
};

/* Set once at start by sys_lack(), never changed afterwards. */
extern unsigned sys_lacking;

static inline int sys_lacks(enum sys_feature f)
{
	if (!(sys_lacking & (unsigned)f))
		return 0;
	errno = ENOSYS;
	return 1;
}

static inline int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode,
			      uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	if (sys_lacks(SYS_OPENAT2))
		return -1;
	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return sys_lacks(SYS_PIDFD) ? -1 : (int)syscall(SYS_pidfd_open, pid, flags);
}

/* No signal ignored, caught or blocked: what is not caught survives exec. Raw, for children that
 * share our memory; libc keeps two signals to itself. Return: 0, or -1 with errno */
static inline int sys_reset_signals(void)
{
	const unsigned long zero[8] = { 0 }; /* struct kernel_sigaction: SIG_DFL; and no mask */

	for (int sig = 1; sig <= 64; sig++)
		if (sig != SIGKILL && sig != SIGSTOP &&
		    syscall(SYS_rt_sigaction, sig, zero, NULL, 8) < 0)
			return -1;
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, zero, NULL, 8);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return sys_lacks(SYS_PIDFD) ? -1 : (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return sys_lacks(SYS_CLOSE_RANGE) ? -1 : (int)syscall(SYS_close_range, first, last, flags);
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return sys_lacks(SYS_MOUNT_API) ? -1 : (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int sys_move_mount(int from, const char *from_path, int to, const char *to_path,
				 unsigned flags)
{
	if (sys_lacks(SYS_MOUNT_API))
		return -1;
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int sys_fsopen(const char *fs, unsigned flags)
{
	return sys_lacks(SYS_MOUNT_API) ? -1 : (int)syscall(SYS_fsopen, fs, flags);
}

static inline int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	if (sys_lacks(SYS_MOUNT_API))
		return -1;
	return (int)syscall(SYS_fsconfig, fd, cmd, key, value, aux);
}

static inline int sys_fsmount(int fd, unsigned flags, unsigned attr)
{
	return sys_lacks(SYS_MOUNT_API) ? -1 : (int)syscall(SYS_fsmount, fd, flags, attr);
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
				    struct mount_attr *attr)
{
	if (sys_lacks(SYS_MOUNT_SETATTR))
		return -1;
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}

static inline int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[],
			       int flags)
{
	return (int)syscall(SYS_execveat, fd, path, argv, envp, flags);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

#endif
