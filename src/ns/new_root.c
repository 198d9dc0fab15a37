/* new_root.c - clone the folder's mounts, attach them, pivot_root(2), detach the old root */
#include "ns/new_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "os/sys.h"

/* An open folder of the host leads out of any root: close(2) those that our caller has left us. */
static int close_folders(struct err *e)
{
	own_dir DIR *list = opendir("/proc/self/fd");
	const struct dirent *d;
	struct stat st;

	if (!list)
		return fail_sys(e, "look for open folders in '/proc/self/fd'");
	while ((d = readdir(list))) {
		int fd = atoi(d->d_name);

		if (*d->d_name == '.' || fd == dirfd(list) || fstat(fd, &st) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		if (fd <= STDERR_FILENO)
			return fail(e, ERR_INPUT, "stream %d is a folder outside of the new root",
				    fd);
		(void)close(fd);
	}
	return 0;
}

/* A root is a mount: the folder is made one, with all that is mounted below of it. Its path is walked
 * once, in our mount namespace, since that of another cannot be cloned. */
static int attach(const char *dir, struct stat *ret_st, struct err *e)
{
	own_fd int place = fd_open(dir, O_PATH | O_DIRECTORY), tree = FD_NONE;

	if (place < 0 || fstat(place, ret_st) < 0)
		return fail_sys(e, "open '%s'", dir);
	tree = sys_open_tree(place, "",
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
	if (tree < 0 || sys_move_mount(tree, "", place, "",
				       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail_sys(e, "mount '%s' on itself", dir);
	return fchdir(tree) < 0 ? fail_sys(e, "enter '%s'", dir) : 0;
}

/* As runtimes do it: the old root is put on top of the new one, and taken away. */
static int pivot(struct err *e)
{
	own_fd int old = fd_open("/", O_PATH | O_DIRECTORY);

	if (old < 0)
		return fail_sys(e, "open the old root");
	if (sys_pivot_root(".", ".") < 0) {
		fail_sys(e, "pivot_root");
		return e->sysno == EINVAL ? fail_hint(e, "is the present root an initramfs, or a "
							 "chroot?")
					  : -1;
	}
	if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0)
		return fail_sys(e, "detach the old root");
	return chdir("/") < 0 ? fail_sys(e, "enter the new '/'") : 0;
}

/* Is nothing left above? A mount on top of the old "/" would be. */
static int check(const struct stat *want, struct err *e)
{
	const char *const paths[] = { "/", "/..", "." };
	struct stat st;

	for (size_t i = 0; i < COUNT(paths); i++)
		if (stat(paths[i], &st) < 0 || st.st_dev != want->st_dev ||
		    st.st_ino != want->st_ino)
			return fail(e, ERR_SYSTEM, "detach the old root: something of it is left");
	return 0;
}

/**
 * new_root_enter() - make a folder our root and working directory, for good
 *
 * We are in a mount namespace of our own then. Mounts of the host that come later below of the
 * folder are seen, ours are not seen outside. Open folders above the streams are closed.
 *
 * Source: pivot_root(2), mount_namespaces(7). After an error our root may be either: end.
 */
int new_root_enter(const char *dir, struct err *e)
{
	struct stat want;

	if (stat(dir, &want) < 0)
		return fail_sys(e, "change the root to '%s'", dir);
	if (!S_ISDIR(want.st_mode))
		return fail_errno(e, ENOTDIR, "change the root to '%s'", dir);
	if (close_folders(e) < 0)
		return -1;
	if (unshare(CLONE_NEWNS) < 0) {
		fail_sys(e, "make a mount namespace");
		return e->sysno == EPERM
			       ? fail_hint(e, "without root: 'tare ns run --map-root-user "
					      "tare chroot …'")
			       : -1;
	}
	if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail_sys(e, "set the propagation of '/'");
	if (attach(dir, &want, e) < 0 || pivot(e) < 0 || check(&want, e) < 0)
		return fail_in(e, "change the root to '%s'", dir);
	return 0;
}
