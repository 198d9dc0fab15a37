/* facts.c - what is possible where a store lies: tried, not looked up */
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/statfs.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/text.h"
#include "os/btrfs.h"
#include "os/file_copy.h"
#include "os/mount.h"
#include "os/quota.h"
#include "os/sys.h"
#include "snapshot/snapshot.h"

// clang-format off
/* statfs(2), linux/magic.h */
static const struct word file_systems[] = {
	{ "ext4",      0xEF53     },
	{ "xfs",       0x58465342 },
	{ "btrfs",     0x9123683E },
	{ "tmpfs",     0x01021994 },
	{ "f2fs",      0xF2F52010 },
	{ "overlay",   0x794c7630 },
	{ "zfs",       0x2fc12fc1 },
	{ "bcachefs",  0xca451a4e },
	{ "nfs",       0x6969     },
	{ NULL, 0 },
};
// clang-format on

static void name_file_system(int fd, char ret[32])
{
	struct statfs st;
	const char *name;

	snprintf(ret, 32, "unknown");
	if (fstatfs(fd, &st) < 0)
		return;
	name = word_name(file_systems, (int64_t)(uint32_t)st.f_type);
	if (name)
		snprintf(ret, 32, "%s", name);
	else
		snprintf(ret, 32, "0x%lx", (unsigned long)st.f_type);
}

/* Two files without names. */
static bool can_share(int folder)
{
	own_fd int from = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	own_fd int to = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return from >= 0 && to >= 0 && write(from, "x", 1) == 1 && file_try_share(from, to);
}

static bool can_map(int folder)
{
	const struct idmap_range range = { .inside = 0, .outside = 100000, .size = 1 };
	struct err ignored = { 0 };
	own_fd int fd = mount_clone(folder, "", false, false, &ignored);
	own_fd int userns = fd < 0 ? FD_NONE : idmap_open_userns(&range, 1, &range, 1, &ignored);

	return userns >= 0 && mount_idmap(fd, userns, false, &ignored) == 0;
}

/* Does overlayfs know a word, or take a folder? No file system is made. */
static bool overlay_takes(const char *word, int folder)
{
	own_fd int ctx = sys_fsopen("overlay", FSOPEN_CLOEXEC);

	if (ctx < 0)
		return false;
	if (folder >= 0)
		return !sys_lacks(SYS_OVERLAY_FD) &&
		       sys_fsconfig(ctx, FSCONFIG_SET_FD, word, NULL, folder) == 0;
	return sys_fsconfig(ctx, FSCONFIG_SET_FLAG, word, NULL, 0) == 0;
}

/* snapshot_facts() - what is possible in a store by its driver; what can't be tried isn't */
void snapshot_facts(const struct store *s, const struct snapshot_driver *d,
		    struct snapshot_facts *ret)
{
	*ret = (struct snapshot_facts){
		.reflink = can_share(s->snapshots),
		.quota = d == &snapshot_btrfs ? btrfs_has_quota(s->snapshots)
					      : quota_is_on(s->snapshots),
		.idmap = can_map(s->snapshots),
		.fast = d == &snapshot_overlay && overlay_takes("volatile", FD_NONE),
		.by_fd = overlay_takes("lowerdir+", s->layers),
	};
	name_file_system(s->snapshots, ret->file_system);
}
