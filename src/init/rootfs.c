/* rootfs.c - the container's root: attach it, fill it, switch to it
 *
 * The runtime hands over a detached copy of the root's mount tree. It is attached on top of
 * "/", where this process does not see it (its own root stays the mount below), so no path on
 * the host has to be walked, whatever user namespace we are in. Everything up to the pivot is
 * done through in->rootfd; the host's own /dev/null and /proc stay reachable by path.
 *
 * Hooks of the host may enter this mount namespace, where they would see nothing but what is on top
 * of "/". So where there are any, the copy is attached where the root is on the host, as with runc.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "os/mount.h"
#include "os/path.h"
#include "os/sys.h"

/* What is attached to a shared mount appears on the host; that mount is @path or one above. */
static int make_parent_private(const char *path, struct err *e)
{
	char above[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof(above))
		return fail_errno(e, ENAMETOOLONG, "make the mount below '%s' private", path);
	memcpy(above, path, n + 1);
	while (mount(NULL, above, NULL, MS_PRIVATE, NULL) < 0) {
		char *slash = strrchr(above, '/');

		/* EINVAL: no mount of its own */
		if (errno != EINVAL || strcmp(above, "/") == 0)
			return fail_sys(e, "make the mount below '%s' private", path);
		slash[slash == above] = '\0';
	}
	return 0;
}

/* Where the root goes: onto "/", or for hooks onto its own path, if this process may walk there. */
static int open_place(struct init *in, const struct plan_rootfs *r, struct err *e)
{
	int fd = r->in_place ? fd_open(r->path, O_PATH | O_DIRECTORY) : FD_NONE;

	if (fd >= 0 && (r->propagation & MS_SHARED) && make_parent_private(r->path, e) < 0) {
		(void)close(fd);
		return -1;
	}
	in->root_in_place = fd >= 0;
	if (fd < 0)
		fd = fd_open("/", O_PATH | O_DIRECTORY);
	return fd < 0 ? fail_sys(e, "open '/'") : fd;
}

static int open_root(struct init *in, const struct plan_rootfs *r, struct err *e)
{
	in->rootfd = fd_open(r->path, O_PATH | O_DIRECTORY);
	return in->rootfd < 0 ? fail_sys(e, "open the root '%s'", r->path) : 0;
}

static int attach_root(struct init *in, const struct plan_rootfs *r, struct err *e)
{
	own_fd int here = open_place(in, r, e);

	if (here < 0)
		return -1;
	if (r->fd >= 0) {
		if (mount_attach((int)r->fd, here, e) < 0)
			return fail_in(e, "mount the root '%s'", r->path);
		in->rootfd = (int)r->fd;
		return 0;
	}
	/* Linux < 5.12: no copy can be made that is no peer of the host's; bind the root onto itself */
	if (mount(r->path, r->path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail_sys(e, "bind the root '%s'", r->path);
	if (mount(NULL, r->path, NULL, MS_PRIVATE, NULL) < 0)
		return fail_sys(e, "make the root '%s' private", r->path);
	return open_root(in, r, e);
}

/* The host's null device covers masked files; a container's own would be a trap
 * (CVE-2025-31133), so it is opened and looked at before the container has a say. */
static int open_host_null(struct init *in, struct err *e)
{
	struct stat st;

	in->host_null = fd_open("/dev/null", O_PATH | O_NOFOLLOW);
	if (in->host_null < 0)
		return fail_sys(e, "open the host's '/dev/null'");
	if (fstat(in->host_null, &st) < 0)
		return fail_sys(e, "look at the host's '/dev/null'");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return fail(e, ERR_SYSTEM,
			    "open the host's '/dev/null': it is not the null device");
	return 0;
}

int init_prepare_rootfs(struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;
	unsigned long spread = r->propagation ? r->propagation : MS_SLAVE | MS_REC;

	if (mount(NULL, "/", NULL, spread, NULL) < 0)
		return fail_sys(e, "set the propagation of '/'");
	/* what is attached to a shared mount would appear on the host, and cannot be pivoted to */
	if ((spread & MS_SHARED) && mount(NULL, "/", NULL, MS_PRIVATE, NULL) < 0)
		return fail_sys(e, "make '/' private");
	if (open_host_null(in, e) < 0)
		return -1;
	return attach_root(in, r, e);
}

/* Is what a process finds that joins this namespace the container's root? */
static int check_root(const struct init *in, struct err *e)
{
	own_fd int top = fd_open("/..", O_PATH | O_DIRECTORY);
	struct stat want, is;

	if (top < 0 || fstat(top, &is) < 0 || fstat(in->rootfd, &want) < 0)
		return fail_sys(e, "look at the new '/'");
	if (is.st_dev == want.st_dev && is.st_ino == want.st_ino)
		return 0;
	return fail(e, ERR_SYSTEM, "detach the old root: something of it lies on the new one");
}

static int pivot(const struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;
	own_fd int old = fd_open("/", O_PATH | O_DIRECTORY);

	if (old < 0)
		return fail_sys(e, "open the old root");
	if (sys_pivot_root(".", ".") < 0) {
		fail_sys(e, "pivot_root");
		if (e->sysno == EINVAL)
			fail_hint(e, "is the host's root an initramfs? then --no-pivot may help");
		return -1;
	}
	/* the old root lies on top of the new one now; nothing of it may propagate back */
	if (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return fail_sys(e, "cut off the old root");
	/* what a mount on "/" has covered lies on the old root still, unless it was in its own place */
	for (unsigned i = 0; i <= (r->fd >= 0 && !in->root_in_place ? in->roots_below : 0); i++)
		if (umount2(".", MNT_DETACH) < 0)
			return fail_sys(e, "detach the old root");
	return in->roots_below ? check_root(in, e) : 0;
}

/* The working directory is made where it is missing, as docker does. When that cannot be,
 * chdir will say so in the right words. */
static void make_cwd(struct init *in)
{
	const struct oci_process *p = in->plan.process;
	struct err ignored = { 0 };
	int fd;

	if (!p || !p->cwd || p->cwd[0] != '/')
		return;
	fd = path_make_dir(in->rootfd, p->cwd, 0755, NULL, &ignored);
	fd_close(&fd);
}

int init_pivot(struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;
	const struct mount_attrs readonly = { .set = MOUNT_ATTR_RDONLY };

	fd_close(&in->host_null);
	make_cwd(in);
	if (r->readonly && mount_change_at(in->rootfd, &readonly, e) < 0)
		return fail_in(e, "make the root read-only");
	if (fchdir(in->rootfd) < 0)
		return fail_sys(e, "enter the root");
	if ((r->no_pivot ? init_chroot(in, e) : pivot(in, e)) < 0)
		return -1;
	if (chdir("/") < 0)
		return fail_sys(e, "enter the new '/'");
	if ((r->propagation & (MS_SHARED | MS_UNBINDABLE)) &&
	    mount(NULL, "/", NULL, r->propagation, NULL) < 0)
		return fail_sys(e, "set the propagation of the new '/'");
	return 0;
}
