/* btrfs.c - the driver `btrfs`: every tree a subvolume, copied whole by the file system
 *
 *     snapshots/ID/root   a subvolume
 *     snapshots/ID/made   a file as old as it is
 *
 * A size is a limit of the subvolume's quota group, on what it shares with nobody. Linux 6.10 and
 * later remove the group with the subvolume; before, `btrfs qgroup clear-stale` does.
 */
#include "os/btrfs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "os/tree.h"
#include "snapshot/trees_priv.h"

static int btrfs_layer(int at, const char *name, int below, struct err *e)
{
	own_fd int fd = FD_NONE;

	if (below >= 0)
		return btrfs_copy(below, at, name, e);
	if (btrfs_make(at, name, e) < 0)
		return -1;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || fchmod(fd, 0755) < 0 ? fail_sys(e, "set up a subvolume") : 0;
}

static int btrfs_create(int folder, const struct snapshot_base *b, uint64_t limit, struct err *e)
{
	own_fd int base = FD_NONE, root = FD_NONE;

	if (trees_open_base(b, &base, e) < 0 || btrfs_layer(folder, TREES_ROOT, base, e) < 0 ||
	    trees_made(folder, e) < 0)
		return -1;
	if (!limit)
		return 0;
	root = openat(folder, TREES_ROOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return root < 0 ? fail_sys(e, "open the snapshot's tree") : btrfs_limit(root, limit, e);
}

static int btrfs_probe(struct store *s, struct err *e)
{
	struct err ignored = { 0 };
	int r;

	if (!btrfs_is(s->snapshots))
		return fail(e, ERR_UNSUPPORTED, "the store does not lie on btrfs");
	/* what a killed one has left */
	if (tree_remove(s->snapshots, ".probe", e) < 0)
		return -1;
	r = btrfs_make(s->snapshots, ".probe", e);
	if (tree_remove(s->snapshots, ".probe", r == 0 ? e : &ignored) < 0)
		return -1;
	return r;
}

const struct snapshot_driver snapshot_btrfs = {
	.name = "btrfs",
	.summary = "subvolumes and their snapshots",
	.chained = true,
	.probe = btrfs_probe,
	.layer = btrfs_layer,
	.create = btrfs_create,
	.mount = trees_mount,
	.source = trees_source,
	.usage = trees_usage,
	.root = TREES_ROOT,
};
