/* devices.c - device nodes below the root, made by mknod or, without that right, by bind mount */
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "os/mount.h"
#include "os/path.h"

/* In a user namespace mknod is denied, so the host's node of that name is shown instead. */
static int bind_device(struct init *in, const struct plan_device *d, struct err *e)
{
	own_fd int source = fd_open(d->path, O_PATH | O_NOFOLLOW);
	own_fd int target = FD_NONE;
	struct stat st;

	if (source < 0 || fstat(source, &st) < 0)
		return fail_sys(e, "open the host's '%s'", d->path);
	if ((st.st_mode & S_IFMT) != (d->mode & S_IFMT) || st.st_rdev != d->rdev) {
		fail(e, ERR_UNSUPPORTED, "the host's '%s' is another device", d->path);
		return fail_hint(e,
				 "a user namespace cannot make device nodes, only show the host's");
	}
	target = path_make_file(in->rootfd, d->path, 0666, NULL, e);
	return target < 0 ? -1 : mount_bind_at(source, false, target, e);
}

/* A node that the runtime has made, because a user namespace may not. */
static int attach_device(struct init *in, const struct plan_device *d, struct err *e)
{
	own_fd int target = path_make_file(in->rootfd, d->path, 0666, NULL, e);
	int r = target < 0 ? -1 : mount_attach((int)d->fd, target, e);

	(void)close((int)d->fd);
	return r;
}

static bool is_the_device(int parent, const char *name, const struct plan_device *d)
{
	struct stat st;

	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & S_IFMT) == (d->mode & S_IFMT) &&
	       (S_ISFIFO(st.st_mode) || st.st_rdev == d->rdev);
}

/* The umask is 0, and what mknod makes has its mode already: a chmod by name might hit whatever
 * a link, put there meanwhile, leads to on the host. What was there may have another one. */
static int set_mode(int parent, const char *name, const struct plan_device *d, struct err *e)
{
	/* not of a link, and by a descriptor of what it has looked at */
	if (fchmodat(parent, name, d->mode & 07777, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "set its mode");
	return 0;
}

static int make_node(struct init *in, const struct plan_device *d, struct path_parent *p,
		     struct err *e)
{
	char name[NAME_MAX + 1];
	int parent = path_open_parent(p, in->rootfd, d->path, 0755, name, e);

	if (parent < 0)
		return -1;
	if (mknodat(parent, name, d->mode, d->rdev) < 0) {
		if (errno == EPERM)
			return bind_device(in, d, e) < 0
				       ? fail_in(e, "make the node: operation not permitted; show "
						    "the host's")
				       : 0;
		if (errno != EEXIST)
			return fail_sys(e, "make the node");
		/* it may be a file of the host's, in a bind (config-linux.md, Devices) */
		if (!is_the_device(parent, name, d)) {
			fail_errno(e, EEXIST, "something else is there");
			return fail_hint(e, "take it away, or mount a tmpfs on the folder");
		}
		if (d->is_default)
			return 0;
		if (set_mode(parent, name, d, e) < 0)
			return -1;
	}
	if ((d->uid || d->gid) && fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "set its owner");
	return 0;
}

static int make_links(struct init *in, struct path_parent *p, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;

	for (size_t i = 0; i < r->links.n; i++) {
		const struct plan_link *l = &r->links.at[i];
		struct err ignored = { 0 };

		/* an image's own /dev may hold something else there, and may keep it */
		if (path_make_link(p, in->rootfd, l->path, l->target, &ignored) < 0 &&
		    ignored.sysno != EEXIST) {
			*e = ignored;
			return -1;
		}
	}
	return 0;
}

int init_make_devices(struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;
	own_parent parent = PATH_PARENT_NONE;
	own_fd int dev = FD_NONE;
	mode_t umask_was;
	int ret = 0;

	/* through a link, nodes would be made elsewhere (CVE-2026-41579) */
	dev = path_try_open(in->rootfd, "/dev", O_PATH | O_DIRECTORY, PATH_NOLINKS);
	if (dev == -ELOOP || dev == -ENOTDIR)
		return fail_errno(e, ENOTDIR, "'/dev' must be an ordinary directory");
	umask_was = umask(0);
	for (size_t i = 0; ret == 0 && i < r->devices.n; i++) {
		const struct plan_device *d = &r->devices.at[i];

		ret = d->fd >= 0           ? attach_device(in, d, e)
		      : r->devices_by_bind ? bind_device(in, d, e)
					   : make_node(in, d, &parent, e);
		if (ret < 0) {
			fail_in(e, "device '%s'", d->path);
			if (d->origin)
				fail_at(e, "config.json: %s", d->origin);
		}
	}
	(void)umask(umask_was);
	if (ret == 0 && in->plan.terminal) {
		/* the terminal will be shown there, when /dev may be read-only already */
		fd_take(&dev, path_make_file(in->rootfd, "/dev/console", 0600, NULL, e));
		ret = dev < 0 ? -1 : 0;
	}
	return ret < 0 ? -1 : make_links(in, &parent, e);
}
