/* unpack_live.c - what somebody could do who has taken tare-unpack over: fill its folder, no more */
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "layer/place_priv.h"
#include "layer/worker_home.h"
#include "tests/unit/t.h"

#define WANT_ERRNO(call, want) \
	do { \
		errno = 0; \
		if ((call) >= 0 || errno != (want)) \
			T_FAIL("%s: %s, want %s", #call, strerror(errno), strerror(want)); \
	} while (0)

/* Run @try in a child that has shut itself in: nobody comes back from there to clean up. */
static void in_there(void (*try)(int root))
{
	char folder[] = "/tmp/unpack-live.XXXXXX";
	int target, root, status;
	struct err e = { 0 };
	pid_t pid;

	if (geteuid() != 0) {
		puts("# skipped: it takes root");
		return;
	}
	WANT(mkdtemp(folder));
	target = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	WANT(target >= 0);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		root = worker_shut_in(target, &e);
		if (root < 0)
			T_FAIL("%s", e.text);
		try(root);
		(void)fflush(stdout);
		_exit(0);
	}
	WANT(pid > 0 && waitpid(pid, &status, 0) == pid);
	(void)close(target);
	(void)place_remove(NULL, AT_FDCWD, folder, &e);
	if (status)
		exit(1);
}

static void reach_out(int root)
{
	static const char *const paths[] = {
		"/etc/passwd", "../../etc/passwd", "/proc/self/status", "/dev/null", "/sys", "/tmp",
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		WANT_ERRNO(open(paths[i], O_RDONLY | O_CLOEXEC), ENOENT);
		WANT_ERRNO(openat(root, paths[i], O_RDONLY | O_CLOEXEC), ENOENT);
	}
	/* but this is what it is for */
	WANT(openat(root, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644) >= 0);
	WANT_INT(fchownat(root, "file", 1, 2, 0), 0);
}

TEST(nothing_but_the_folder_is_there)
{
	in_there(reach_out);
}

static void use_nodes(int root)
{
	WANT_INT(mknodat(root, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
	WANT_ERRNO(openat(root, "null", O_RDWR | O_CLOEXEC), EACCES);
	WANT_INT(mknodat(root, "disk", S_IFBLK | 0666, makedev(254, 0)), 0);
	WANT_ERRNO(openat(root, "disk", O_RDONLY | O_CLOEXEC), EACCES);
	WANT_ERRNO(mount("none", "/", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM);
}

TEST(a_device_can_be_made_and_not_opened)
{
	in_there(use_nodes);
}

static void call_much(int root)
{
	static char *const no[] = { NULL };
	union bpf_attr attr = { 0 };

	WANT_ERRNO(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);
	WANT_ERRNO(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM);
	WANT_ERRNO(execve("/file", no, no), EPERM);
	WANT_ERRNO(fork(), EPERM);
	WANT_ERRNO(unshare(CLONE_NEWUSER), EPERM);
	WANT_ERRNO(setns(root, 0), EPERM);
	WANT_ERRNO(mount("none", "/", "tmpfs", 0, NULL), EPERM);
	WANT_ERRNO(umount2("/", MNT_DETACH), EPERM);
	WANT_ERRNO(chroot("/"), EPERM);
	WANT_ERRNO(syscall(SYS_pivot_root, ".", "."), EPERM);
	WANT_ERRNO(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
	WANT_ERRNO(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)), EPERM);
	WANT_ERRNO(syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM);
	WANT_ERRNO(syscall(SYS_open_by_handle_at, root, NULL, 0), EPERM);
	WANT_ERRNO(syscall(SYS_memfd_create, "x", 0), EPERM);
	WANT_ERRNO(setuid(1000), EPERM);
	WANT_ERRNO(setgid(1000), EPERM);
}

TEST(programs_processes_networks_and_mounts_are_out_of_reach)
{
	in_there(call_much);
}
