/* overlay_writer.c - as whom overlayfs writes to the upper folder
 *
 * It writes as whoever has mounted it. Where ids are shifted by the mount of its folders, root is
 * nobody there, and could write nothing: so he who is root on the disk mounts it. Only the thread's
 * file system ids change, which nothing but files looks at; privileges stay.
 */
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/own.h"
#include "os/mount.h"
#include "snapshot/overlay_priv.h"

#define OVERFLOW_ID 65534 /* user_namespaces(7), "Unmapped user and group IDs" */

/* overlay_take() - a detached copy of the mount that a folder is on, its ids shifted by @userns if any */
int overlay_take(int folder, int userns, struct err *e)
{
	own_fd int fd = mount_clone(folder, "", false, false, e);
	struct stat st;

	if (fd < 0 || (userns >= 0 && mount_idmap(fd, userns, false, e) < 0))
		return -1;
	if (fstat(fd, &st) < 0)
		return fail_sys(e, "look at a folder of the store");
	/* the store's folders are root's; root's without a map would be nobody's */
	if (userns >= 0 && st.st_uid == OVERFLOW_ID) {
		fail(e, ERR_INPUT, "shift ids: 0 is not among them");
		return fail_hint(e, "overlayfs works in folders of root's");
	}
	return give_fd(&fd);
}

/**
 * overlay_become() - become who owns the snapshot's folder, as its mount shows it
 * @folder: the snapshot's, by that mount
 */
int overlay_become(const struct overlay *o, int folder, struct overlay_writer *ret, struct err *e)
{
	struct stat st;

	*ret = (struct overlay_writer){ .bits = -1 };
	if (o->how->userns < 0 || !overlay_writes(o))
		return 0;
	if (fstat(folder, &st) < 0)
		return fail_sys(e, "look at the snapshot's folder");
	ret->bits = prctl(PR_GET_SECUREBITS);
	if (ret->bits < 0 || prctl(PR_SET_SECUREBITS, ret->bits | SECBIT_NO_SETUID_FIXUP) < 0)
		return fail_sys(e, "mount an overlay as another user");
	ret->uid = (uid_t)setfsuid(st.st_uid);
	ret->gid = (gid_t)setfsgid(st.st_gid);
	return 0;
}

/* overlay_become_again() - who we were */
void overlay_become_again(const struct overlay_writer *before)
{
	if (before->bits < 0)
		return;
	(void)setfsuid(before->uid);
	(void)setfsgid(before->gid);
	(void)prctl(PR_SET_SECUREBITS, before->bits);
}

/* overlay_check_writable() - overlayfs mounts read-only, in silence, where it can't write */
int overlay_check_writable(const struct overlay *o, int mount, struct err *e)
{
	struct statvfs st;

	if (!overlay_writes(o) || fstatvfs(mount, &st) < 0 || !(st.f_flag & ST_RDONLY))
		return 0;
	fail(e, ERR_UNSUPPORTED, "mount an overlay: it can't be written to");
	return fail_hint(e, "the kernel's log says why");
}
