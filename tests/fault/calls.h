/* calls.h - the system calls that a runtime makes, and the errors to let them fail with
 *
 * Errors are those of the manual pages that the machine's state can bring about: no memory, no
 * descriptors, no room, no right, an interrupted wait, a broken device. Left out are those that
 * only say what is true of the arguments (EBADF, EFAULT, and ENOENT: a path to mask that does not
 * exist need not be masked), and EINTR where the kernel restarts or never returns it.
 */
#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include <errno.h>
#include <sys/syscall.h>

#define MAX_ERRORS 8

struct call {
	long nr;
	const char *name;
	int errors[MAX_ERRORS];
};

#define C(name, ...) \
	{ \
		SYS_##name, #name, \
		{ \
			__VA_ARGS__ \
		} \
	}

// clang-format off
static const struct call calls[] = {
	/* files */
	C(open,              EMFILE, ENFILE, ENOMEM, EACCES, EIO, EINTR),
	C(openat,            EMFILE, ENFILE, ENOMEM, EACCES, EIO, EINTR),
	C(openat2,           EMFILE, ENOMEM, EACCES, EAGAIN, EPERM, ENOSYS, EIO),
	C(read,              EIO, EINTR),
	C(pread64,           EIO, EINTR),
	C(write,             EIO, ENOSPC, EPERM, EINTR),
	C(pwrite64,          EIO, ENOSPC, EPERM, EINTR),
	C(close,             EIO, EINTR),
	C(lseek,             EOVERFLOW),
	C(fstat,             ENOMEM),
	C(stat,              ENOMEM, EACCES),
	C(lstat,             ENOMEM, EACCES),
	C(newfstatat,        ENOMEM, EACCES),
	C(statx,             ENOMEM, EACCES),
	C(statfs,            EIO, ENOMEM, EACCES),
	C(fstatfs,           EIO, ENOMEM),
	C(access,            EIO, ENOMEM, EACCES),
	C(faccessat,         EIO, ENOMEM, EACCES),
	C(faccessat2,        EIO, ENOMEM, EACCES),
	C(readlink,          EIO, ENOMEM, EACCES),
	C(readlinkat,        EIO, ENOMEM, EACCES),
	C(getcwd,            ENOMEM, EACCES),
	C(getdents64,        EIO),
	C(mkdir,             ENOSPC, EACCES, EPERM, EROFS, ENOMEM),
	C(mkdirat,           ENOSPC, EACCES, EPERM, EROFS, ENOMEM),
	C(mknod,             ENOSPC, EACCES, EPERM, EROFS),
	C(mknodat,           ENOSPC, EACCES, EPERM, EROFS),
	C(symlink,           ENOSPC, EACCES, EIO, EROFS),
	C(symlinkat,         ENOSPC, EACCES, EIO, EROFS),
	C(rename,            ENOSPC, EACCES, EBUSY, EROFS, ENOMEM),
	C(renameat,          ENOSPC, EACCES, EBUSY, EROFS, ENOMEM),
	C(renameat2,         ENOSPC, EACCES, EBUSY, EROFS, ENOMEM),
	C(unlink,            EACCES, EBUSY, EIO, EROFS),
	C(unlinkat,          EACCES, EBUSY, EIO, EROFS),
	C(rmdir,             EACCES, EBUSY, EPERM, ENOMEM),
	C(chmod,             EPERM, EIO, EROFS),
	C(fchmod,            EPERM, EIO, EROFS),
	C(fchmodat,          EPERM, EIO, EROFS),
	C(chown,             EPERM, EIO, EROFS),
	C(fchown,            EPERM, EIO, EROFS),
	C(fchownat,          EPERM, EIO, EROFS),
	C(utimensat,         EACCES, EROFS),
	C(ftruncate,         EIO, EPERM),
	C(sendfile,          EIO, ENOMEM),
	C(flock,             EINTR, ENOLCK),
	C(fcntl,             EMFILE),
	C(dup,               EMFILE),
	C(dup2,              EBUSY, EMFILE),
	C(dup3,              EBUSY, EMFILE),
	C(chdir,             EACCES, EIO, ENOMEM),
	C(fchdir,            EACCES, EIO),
	C(chroot,            EPERM, EACCES, EIO),
	C(memfd_create,      EMFILE, ENFILE, ENOMEM),
	C(pipe2,             EMFILE, ENFILE),
	C(ioctl,             EIO, EPERM, EINTR),
	C(umask,             0),
	/* memory */
	C(mmap,              ENOMEM),
	C(mprotect,          ENOMEM),
	C(munmap,            ENOMEM),
	C(madvise,           ENOMEM),
	C(mremap,            ENOMEM),
	C(brk,               0),
	/* mounts */
	C(mount,             EPERM, EACCES, EBUSY, EINVAL, EIO, ENOMEM),
	C(umount2,           EBUSY, EPERM, ENOMEM),
	C(pivot_root,        EBUSY, EINVAL, EPERM),
	C(fsopen,            EMFILE, ENOMEM, EPERM, ENOSYS),
	C(fsconfig,          EBUSY, EINVAL, ENOMEM, EPERM),
	C(fsmount,           EBUSY, EMFILE, ENOMEM, EPERM),
	C(fspick,            EMFILE, ENOMEM, EPERM),
	C(open_tree,         EMFILE, ENOMEM, EACCES, EPERM, ENOSYS),
	C(move_mount,        EACCES, EBUSY, EINVAL, ENOMEM, EPERM),
	C(mount_setattr,     EBUSY, EINVAL, ENOMEM, EPERM, ENOSYS),
	/* processes, signals */
	C(clone,             EAGAIN, ENOMEM, EPERM, ENOSPC),
	C(clone3,            EAGAIN, ENOMEM, EPERM, ENOSPC, EBUSY),
	C(fork,              EAGAIN, ENOMEM),
	C(vfork,             EAGAIN, ENOMEM),
	C(execve,            ENOMEM, EACCES, EIO, E2BIG, ETXTBSY),
	C(execveat,          ENOMEM, EACCES, EIO, E2BIG, ETXTBSY),
	C(wait4,             EINTR),
	C(waitid,            EINTR),
	C(kill,              EPERM),
	C(tgkill,            EPERM, EAGAIN),
	C(pidfd_open,        EMFILE, ENOMEM, ENOSYS),
	C(pidfd_send_signal, EPERM, ENOSYS),
	C(unshare,           EPERM, ENOMEM, ENOSPC),
	C(setns,             EPERM, ENOMEM),
	C(setsid,            EPERM),
	C(poll,              EINTR, ENOMEM),
	C(ppoll,             EINTR, ENOMEM),
	C(nanosleep,         EINTR),
	C(clock_nanosleep,   EINTR),
	C(signalfd4,         EMFILE, ENOMEM),
	C(rt_sigaction,      0),
	C(rt_sigprocmask,    0),
	C(prlimit64,         EPERM),
	C(setpriority,       EACCES),
	C(ioprio_set,        EPERM),
	C(personality,       EINVAL),
	C(sched_setaffinity, EPERM, EINVAL),
	C(sched_setattr,     EPERM, EBUSY),
	C(sched_setscheduler, EPERM),
	C(set_mempolicy,     EPERM, EINVAL, ENOMEM),
	/* privileges */
	C(prctl,             EINVAL, EPERM, EACCES),
	C(capget,            EPERM),
	C(capset,            EPERM),
	C(setresuid,         EAGAIN, EPERM),
	C(setresgid,         EPERM),
	C(setgroups,         EPERM, ENOMEM),
	C(getgroups,         EPERM),
	C(setfsuid,          0),
	C(setfsgid,          0),
	C(keyctl,            EACCES, EDQUOT, ENOMEM, EPERM, ENOSYS),
	C(seccomp,           EACCES, EINVAL, ENOMEM, EPERM),
	C(bpf,               EPERM, ENOMEM, EINVAL),
	C(sethostname,       EPERM),
	C(setdomainname,     EPERM),
	C(close_range,       ENOMEM, EMFILE, EPERM, EINVAL, ENOSYS),
	/* sockets */
	C(socket,            EMFILE, ENFILE, ENOMEM, EACCES),
	C(socketpair,        EMFILE, ENFILE, ENOMEM),
	C(bind,              EACCES, EADDRINUSE, ENOMEM),
	C(listen,            EADDRINUSE),
	C(connect,           EACCES),
	C(accept4,           EINTR, ECONNABORTED, EMFILE, ENOMEM),
	C(sendto,            ENOBUFS, ENOMEM, EINTR),
	C(sendmsg,           ENOBUFS, ENOMEM, EINTR),
	C(recvfrom,          ENOMEM, EINTR),
	C(recvmsg,           ENOMEM, EINTR),
	C(setsockopt,        ENOMEM, EPERM),
	C(getsockopt,        ENOMEM),
	C(getrandom,         EINTR),
	/* these cannot fail, or not so that anybody could do anything about it */
	C(exit,              0),
	C(exit_group,        0),
	C(getpid,            0),
	C(getppid,           0),
	C(gettid,            0),
	C(getsid,            0),
	C(getuid,            0),
	C(getgid,            0),
	C(geteuid,           0),
	C(getegid,           0),
	C(getresuid,         0),
	C(getresgid,         0),
	C(arch_prctl,        0),
	C(set_tid_address,   0),
	C(set_robust_list,   0),
	C(rseq,              0),
	C(rt_sigreturn,      0),
	C(restart_syscall,   0),
	C(uname,             0),
	C(clock_gettime,     0),
	C(sched_getaffinity, 0),
	C(sched_yield,       0),
};
// clang-format on

#endif
