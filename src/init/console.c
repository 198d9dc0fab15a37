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

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define PTMX_RDEV makedev(5, 2)

static int open_master(int root, struct err *e)
{
	own_fd int fd = path_try_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, PATH_NOFOLLOW);
	struct statfs fs;
	struct stat st;
	int unlock = 0;

	/* a devpts without its own ptmx: the host's, through /dev/ptmx */
	if (fd < 0)
		fd = path_try_open(root, "/dev/ptmx", O_RDWR | O_NOCTTY, 0);
	if (fd < 0) {
		fail_errno(e, -fd, "open the container's '/dev/pts/ptmx'");
		return fail_hint(e, "a terminal needs a devpts mount on /dev/pts");
	}
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != PTMX_RDEV ||
	    fstatfs(fd, &fs) < 0)
		return fail(e, ERR_DENIED, "the container's '/dev/pts/ptmx' is not a ptmx");
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

/* Is this the null device, whichever file stands for it? */
static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* The container's null device, or FD_NONE. To open a device or a FIFO does something, so what it is
 * is looked at first; then just that is opened, by way of a procfs, as a name may lead elsewhere by
 * now. */
static int open_own_null(int root)
{
	own_fd int what = path_try_open(root, "/dev/null", O_PATH, 0);
	own_fd int links = FD_NONE;
	struct statfs fs;
	char name[16];

	if (what < 0 || !is_null(what))
		return FD_NONE;
	links = path_try_open(root, "/proc/thread-self/fd", O_RDONLY | O_DIRECTORY, 0);
	if (links < 0 || fstatfs(links, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return FD_NONE;
	snprintf(name, sizeof(name), "%d", what);
	return openat(links, name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
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

	for (int fd = 0; fd < 3; fd++) {
		if (!is_null(fd))
			continue;
		if (null < 0)
			null = open_own_null(root);
		if (null < 0 || !is_null(null))
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
