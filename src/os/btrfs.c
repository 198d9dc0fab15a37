/* btrfs.c - by ioctl: what `btrfs subvolume` and `btrfs qgroup` do */
#include "os/btrfs.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <linux/stat.h> /* struct statx, which musl 1.2.3 has not */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "base/own.h"

/* btrfs_is() - does @fd lie on btrfs? */
bool btrfs_is(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && (unsigned long)st.f_type == BTRFS_SUPER_MAGIC;
}

/* btrfs_is_subvolume() - is @name in the folder @at one's root, with nothing mounted on it? */
bool btrfs_is_subvolume(int at, const char *name)
{
	own_fd int fd = FD_NONE;
	struct statx st;

	if (syscall(SYS_statx, at, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_INO, &st) <
		    0 ||
	    st.stx_ino != BTRFS_FIRST_FREE_OBJECTID || (st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return false;
	fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && btrfs_is(fd);
}

/* btrfs_make() - an empty subvolume */
int btrfs_make(int at, const char *name, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 args = { 0 };

	snprintf(args.name, sizeof(args.name), "%s", name);
	if (ioctl(at, BTRFS_IOC_SUBVOL_CREATE_V2, &args) < 0)
		return fail_sys(e, "make the subvolume '%s'", name);
	return 0;
}

/* btrfs_copy() - a writable copy of the subvolume that @source is the root of */
int btrfs_copy(int source, int at, const char *name, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 args = { .fd = source };

	snprintf(args.name, sizeof(args.name), "%s", name);
	if (ioctl(at, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0)
		return fail_sys(e, "copy a subvolume to '%s'", name);
	return 0;
}

/**
 * btrfs_try_remove() - remove a subvolume with all that is in it
 *
 * Return: 0, or -errno: -ENOTEMPTY where other subvolumes are in it, -EPERM for who may only empty it.
 */
int btrfs_try_remove(int at, const char *name)
{
	struct btrfs_ioctl_vol_args args = { 0 };

	if (strlen(name) >= sizeof(args.name))
		return -ENAMETOOLONG;
	memcpy(args.name, name, strlen(name) + 1);
	return ioctl(at, BTRFS_IOC_SNAP_DESTROY, &args) < 0 ? -errno : 0;
}

/* btrfs_has_quota() - are the file system's quota groups on? Nobody's are changed */
bool btrfs_has_quota(int fd)
{
	struct btrfs_ioctl_qgroup_limit_args args = { .qgroupid = UINT64_MAX };

	/* without quotas ENOTCONN comes before anything is looked at, with them ENOENT */
	return ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &args) == 0 || errno == ENOENT;
}

/**
 * btrfs_limit() - bound what a subvolume has for itself alone, shared with none
 * @bytes: 0 takes the bound off
 */
int btrfs_limit(int subvolume, uint64_t bytes, struct err *e)
{
	struct btrfs_ioctl_get_subvol_info_args info;
	struct btrfs_ioctl_qgroup_limit_args args = { .lim = { .flags = BTRFS_QGROUP_LIMIT_MAX_EXCL,
							       .max_excl = bytes ? bytes
										 : UINT64_MAX } };

	if (ioctl(subvolume, BTRFS_IOC_GET_SUBVOL_INFO, &info) < 0)
		return fail_sys(e, "look at the subvolume");
	args.qgroupid = info.treeid;
	if (ioctl(subvolume, BTRFS_IOC_QGROUP_LIMIT, &args) == 0)
		return 0;
	if (errno == ENOTCONN || errno == ENOENT || errno == EINVAL) {
		fail(e, ERR_UNSUPPORTED, "limit the size: this btrfs counts nothing");
		return fail_hint(e, "`btrfs quota enable` turns it on for the file system");
	}
	return fail_sys(e, "limit the size of a subvolume");
}
