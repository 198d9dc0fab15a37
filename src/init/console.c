/* console.c - the container's terminal: a pty of its own devpts, its master sent outside
 *
 * The slave is taken from the master by TIOCGPTPEER, never by a path of the container, which
 * could be a link to anything (CVE-2025-52565); what comes back is checked to be a pty.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "os/mount.h"
#include "os/path.h"
#include "os/sys.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define PTMX_RDEV makedev(5, 2)
#define NULL_RDEV makedev(1, 3)

/* Is @fd the character device @number, whichever file stands for it? */
static bool is_device(int fd, dev_t number, struct stat *ret_st)
{
	return fstat(fd, ret_st) == 0 && S_ISCHR(ret_st->st_mode) && ret_st->st_rdev == number;
}

/* Open what @what, an O_PATH descriptor, stands for, and nothing else: by way of a procfs, since a
 * name may lead elsewhere by now. The procfs is the container's, so what comes is compared with
 * @seen. FD_NONE: it has none, or one that leads astray. */
static int open_seen(int root, int what, const struct stat *seen, int flags)
{
	own_fd int links = path_try_open(root, "/proc/thread-self/fd", O_RDONLY | O_DIRECTORY, 0);
	own_fd int fd = FD_NONE;
	struct statfs fs;
	struct stat st;
	char name[16];

	if (links < 0 || fstatfs(links, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return FD_NONE;
	snprintf(name, sizeof(name), "%d", what);
	fd = openat(links, name, flags | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev != seen->st_dev || st.st_ino != seen->st_ino)
		return FD_NONE;
	return give_fd(&fd);
}

/* The ptmx that a path of the container's leads to. To open a device or a FIFO does something, so
 * what it is is looked at first. -ENODEV: it is something else */
static int try_ptmx_at(int root, const char *path, unsigned how)
{
	own_fd int what = path_try_open(root, path, O_PATH, how);
	own_fd int fd = FD_NONE;
	struct stat st;

	if (what < 0)
		return what;
	if (!is_device(what, PTMX_RDEV, &st))
		return -ENODEV;
	fd = open_seen(root, what, &st, O_RDWR);
	if (fd < 0) /* there may be no procfs */
		fd_take(&fd, path_try_open(root, path, O_RDWR | O_NOCTTY, how));
	if (fd >= 0 && !is_device(fd, PTMX_RDEV, &st))
		return -ENODEV;
	return fd < 0 ? fd : give_fd(&fd);
}

/* A devpts has only the names that the kernel gives it: unless something is mounted there, its ptmx
 * is one. */
static int try_ptmx_of_devpts(int root)
{
	own_fd int pts = path_try_open(root, "/dev/pts", O_PATH | O_DIRECTORY, 0);
	struct statfs fs;

	if (pts < 0 || fstatfs(pts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return FD_NONE;
	return sys_openat2(pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, 0,
			   RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
}

static int open_master(int root, struct err *e)
{
	own_fd int fd = try_ptmx_of_devpts(root);
	int unlock = 0;

	/* without openat2; or something is mounted on it */
	if (fd < 0)
		fd_take(&fd, try_ptmx_at(root, "/dev/pts/ptmx", PATH_NOFOLLOW));
	/* a devpts without its own ptmx: the host's, through /dev/ptmx */
	if (fd < 0 && fd != -ENODEV)
		fd_take(&fd, try_ptmx_at(root, "/dev/ptmx", 0));
	if (fd == -ENODEV)
		return fail(e, ERR_DENIED, "the container's '/dev/pts/ptmx' is not a ptmx");
	if (fd < 0) {
		fail_errno(e, -fd, "open the container's '/dev/pts/ptmx'");
		return fail_hint(e, "a terminal needs a devpts mount on /dev/pts");
	}
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return fail_sys(e, "unlock the pty");
	return give_fd(&fd);
}

static int open_slave(int master, struct err *e)
{
	own_fd int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return fail_sys(e, "open the pty's other end");
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0 || !S_ISCHR(st.st_mode) ||
	    fs.f_type != DEVPTS_SUPER_MAGIC)
		return fail(e, ERR_DENIED, "the pty's other end is not on a devpts");
	return give_fd(&fd);
}

/* The terminal answers "\n" with "\r\n" at its other end unless told not to; runc and its
 * callers expect plain "\n" (ONLCR off). */
static int set_modes(int slave, const struct oci_console_size *size, struct err *e)
{
	struct termios modes;

	if (tcgetattr(slave, &modes) < 0)
		return fail_sys(e, "read the terminal's modes");
	modes.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(slave, TCSANOW, &modes) < 0)
		return fail_sys(e, "set the terminal's modes");
	if (size) {
		struct winsize w = { .ws_row = (unsigned short)size->height,
				     .ws_col = (unsigned short)size->width };

		if (ioctl(slave, TIOCSWINSZ, &w) < 0)
			return fail_sys(e, "set the terminal's size");
	}
	return 0;
}

/* Show the slave as /dev/console, when the rootfs is ours to change. */
static int show_as_console(int root, int slave, struct err *e)
{
	own_fd int target = path_try_open(root, "/dev/console", O_PATH, PATH_NOFOLLOW);

	if (target < 0)
		fd_take(&target, path_make_file(root, "/dev/console", 0600, NULL, e));
	return target < 0 ? -1 : mount_bind_at(slave, false, target, e);
}

static int take_over(int slave, struct err *e)
{
	if (setsid() < 0 && getpid() != getsid(0))
		return fail_sys(e, "start a session");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return fail_sys(e, "make it the controlling terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return fail_sys(e, "put it on descriptor %d", fd);
	return 0;
}

/* The container's null device, or FD_NONE. */
static int open_own_null(int root)
{
	own_fd int what = path_try_open(root, "/dev/null", O_PATH, 0);
	struct stat st;

	if (what < 0 || !is_device(what, NULL_RDEV, &st))
		return FD_NONE;
	return open_seen(root, what, &st, O_RDWR | O_NONBLOCK);
}

/**
 * init_use_own_null() - put the container's null device where the host's is, on descriptors 0 to 2
 *
 * The host's is a way to the host's /dev (its owner, its file system), and criu could not find it
 * again; the container's own does the same. Where it has none, or no procfs,
 * it keeps ours.
 */
void init_use_own_null(int root)
{
	own_fd int null = FD_NONE;
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		if (!is_device(fd, NULL_RDEV, &st))
			continue;
		if (null < 0)
			null = open_own_null(root);
		if (null < 0)
			return;
		(void)dup2(null, fd);
	}
}

int init_set_console(struct init *in, struct err *e)
{
	const struct plan *p = &in->plan;
	own_fd int root = fd_open("/", O_PATH | O_DIRECTORY);
	own_fd int master = FD_NONE;
	own_fd int slave = FD_NONE;
	int sent;

	if (root < 0)
		return fail_sys(e, "open '/'");
	/* else done when the root is where it stays */
	if (!p->terminal && !p->home)
		init_use_own_null(root);
	if (!p->terminal)
		return setsid() < 0 && getpid() != getsid(0) ? fail_sys(e, "start a session") : 0;
	master = open_master(root, e);
	if (master < 0)
		return -1;
	slave = open_slave(master, e);
	if (slave < 0)
		return -1;
	if (set_modes(slave, p->process->console_size, e) < 0 ||
	    (p->rootfs && show_as_console(root, slave, e) < 0))
		return -1;
	sent = recipe_tell(in->recipe.peer, MSG_CONSOLE, 0, master);
	if (sent < 0)
		return fail_errno(e, -sent, "send the terminal");
	return take_over(slave, e);
}
