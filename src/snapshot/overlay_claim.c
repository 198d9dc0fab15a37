/* overlay_claim.c - what an overlay writes to is written to by no other one, wherever that is mounted
 *
 * overlayfs marks the inodes of its upper and work folders as in use for as long as it lives, in whatever
 * mount namespace, or in none. Another overlay that is to write there gets no more than a warning in the
 * kernel's log, unless it has an index (`index=on`): then it is refused, as is one that has such a folder
 * below it. Our mounts have none: an index ties a snapshot to the inodes of its layers, and what was copied,
 * or unpacked again, could not be mounted any more. So the kernel is asked by a trial: an overlay with an
 * index that writes to a tmpfs, and has the snapshot's upper folder below. It changes nothing on the disk,
 * and there is no record that a kill could leave.
 *
 * Between that answer and the mount nobody else may come: the work folder is locked. Lock and trial are the
 * driver's, so that all who mount are held to them; the lock goes with its holder.
 *
 * In a user namespace no overlay has an index, as that takes CAP_DAC_READ_SEARCH of the first one; and Linux
 * before 5.2 does not look at what is below. There only what our own mount namespace shows is known
 * (image/snapshot_mounts.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/own.h"
#include "snapshot/overlay_priv.h"

static int refuse_used(const struct overlay *o, struct err *e)
{
	const struct snapshot_base nothing = { .store = o->base->store };
	const struct snapshot_mount how = { .source = "tare", .userns = FD_NONE };
	const struct overlay trial = {
		.base = &nothing, .how = &how, .folder = o->folder, .trial = true
	};
	struct err why = { 0 };
	own_fd int fd = overlay_try_mount(&trial, &why);

	if (fd >= 0 || why.sysno != EBUSY)
		return 0;
	fail(e, ERR_CONFLICT,
	     "it is mounted for writing already, by somebody else or in another mount namespace");
	return fail_hint(e, "unmount it there, or end who has it");
}

/**
 * overlay_claim() - make sure that nobody else writes to what @o will write to
 * @ret_lock: to be held until it is mounted
 */
int overlay_claim(const struct overlay *o, int *ret_lock, struct err *e)
{
	own_fd int work =
		openat(o->folder, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (work < 0)
		return fail_sys(e, "open the folder 'work'");
	if (flock(work, LOCK_EX) < 0)
		return fail_sys(e, "lock the folder 'work'");
	/* overlayfs's own; without it nobody has mounted this before */
	if (faccessat(work, "work", F_OK, AT_SYMLINK_NOFOLLOW) == 0 && refuse_used(o, e) < 0)
		return -1;
	*ret_lock = give_fd(&work);
	return 0;
}
