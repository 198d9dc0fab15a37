/* tree.c - removes a folder with all that is in it, whoever made that
 *
 * Names only, each below a descriptor, links never followed: a tree that somebody changes meanwhile
 * leads nowhere else. Descriptors are bounded: what lies too deep is moved up, and removed from there.
 */
#include "os/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "os/btrfs.h"

#define DEEP 48

/* struct removal - @top is the folder that is removed, @moved how many were moved up to it */
struct removal {
	int top;
	unsigned moved;
	dev_t device;
};

static int clear(struct removal *r, int fd, int depth, struct err *e);

/* What root must not change or remove until he says so, by chattr(1): a container's root has said it, and
 * the tree is to go with all that is in it. @name NULL: @at itself */
static void unfreeze(int at, const char *name)
{
	own_fd int fd = FD_NONE;
	struct stat st;
	int flags;

	/* a device's opening does something, and it has no flags */
	if (name && (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		     !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))))
		return;
	fd = name ? openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
		  : fcntl(at, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ||
	    !(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
		return;
	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static int try_unlink(int at, const char *name, int flags)
{
	int r = unlinkat(at, name, flags);

	if (r == 0 || errno != EPERM)
		return r;
	unfreeze(at, NULL);
	unfreeze(at, name);
	return unlinkat(at, name, flags);
}

static int open_folder(const struct removal *r, int at, const char *name, struct err *e)
{
	own_fd int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_sys(e, "open the folder '%s'", name);
	/* something is mounted there: its content is not ours; but a subvolume of btrfs is */
	if (r->device && st.st_dev != r->device && !btrfs_is_subvolume(at, name))
		return fail(e, ERR_CONFLICT,
			    "remove the folder '%s': another file system is mounted on it", name);
	return give_fd(&fd);
}

/* A subvolume is emptied by itself: what lies deep in it can't be moved out of it. */
static int clear_apart(const struct removal *r, int fd, dev_t device, struct err *e)
{
	struct removal inner = { .top = fd, .device = device, .moved = r->moved };

	return clear(&inner, fd, 0, e);
}

static int remove_folder(struct removal *r, int at, const char *name, int depth, struct err *e)
{
	char up[32];

	if (try_unlink(at, name, AT_REMOVEDIR) == 0)
		return 0;
	if (btrfs_is_subvolume(at, name) && btrfs_try_remove(at, name) == 0)
		return 0;
	if (depth > DEEP) {
		snprintf(up, sizeof(up), ".deep-%u", r->moved++);
		return renameat(at, name, r->top, up) < 0 ? fail_sys(e, "move '%s'", name) : 0;
	}
	{
		own_fd int fd = open_folder(r, at, name, e);
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0)
			return -1;
		if (st.st_dev != r->device ? clear_apart(r, fd, st.st_dev, e) < 0
					   : clear(r, fd, depth, e) < 0)
			return -1;
	}
	return unlinkat(at, name, AT_REMOVEDIR) < 0 ? fail_sys(e, "remove the folder '%s'", name)
						    : 0;
}

static int remove_entry(struct removal *r, int at, const struct dirent *d, int depth, struct err *e)
{
	if (d->d_type != DT_DIR) {
		if (try_unlink(at, d->d_name, 0) == 0 || errno == ENOENT)
			return 0;
		if (errno != EISDIR)
			return fail_sys(e, "remove '%s'", d->d_name);
	}
	return remove_folder(r, at, d->d_name, depth + 1, e);
}

/* Empty the folder @fd. What is moved up comes last in the listing, or in the next. */
static int clear(struct removal *r, int fd, int depth, struct err *e)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	unsigned before;

	if (!dir)
		return fail_sys(e, "list a folder");
	do {
		before = r->moved;
		for (struct dirent *d; (d = readdir(dir));)
			if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
			    remove_entry(r, fd, d, depth, e) < 0)
				return -1;
		rewinddir(dir);
	} while (depth == 0 && r->moved != before);
	return 0;
}

/**
 * tree_remove() - remove a folder and all below it
 * @at:   descriptor of the folder that it is in
 * @name: one component
 *
 * Return: 0, also when there is none. Stops at what is mounted in it.
 */
int tree_remove(int at, const char *name, struct err *e)
{
	struct removal r = { 0 };
	struct stat st;

	if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTDIR && btrfs_is_subvolume(at, name) && btrfs_try_remove(at, name) == 0)
		return 0;
	if (errno == ENOTDIR)
		return unlinkat(at, name, 0) < 0 && errno != ENOENT
			       ? fail_sys(e, "remove '%s'", name)
			       : 0;
	{
		own_fd int top = open_folder(&r, at, name, e);

		if (top < 0 || fstat(top, &st) < 0)
			return -1;
		r.top = top;
		r.device = st.st_dev;
		if (clear(&r, top, 0, e) < 0)
			return fail_in(e, "remove the folder '%s'", name);
	}
	return try_unlink(at, name, AT_REMOVEDIR) < 0 ? fail_sys(e, "remove the folder '%s'", name)
						      : 0;
}
