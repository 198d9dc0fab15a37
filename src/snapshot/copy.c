/* copy.c - the driver `copy`: whole copies, whose files share their blocks where that is possible
 *
 *     snapshots/ID/root   the tree
 *     snapshots/ID/made   a file as old as the copy
 *
 * Works everywhere. On XFS with reflink, on btrfs and others a copy takes no room but for its
 * folders; elsewhere it is as big as the image.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "os/tree_copy.h"
#include "snapshot/trees_priv.h"

static int copy_layer(int at, const char *name, int below, struct err *e)
{
	own_fd int fd = FD_NONE;
	struct tree_copied copied;

	if (mkdirat(at, name, 0755) < 0)
		return fail_sys(e, "make the folder of a layer");
	if (below < 0)
		return 0;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "open the folder of a layer");
	return tree_copy(below, fd, &copied, e) < 0 ? fail_in(e, "copy what lies below") : 0;
}

static int copy_create(int folder, const struct snapshot_base *b, uint64_t limit, struct err *e)
{
	own_fd int base = FD_NONE;

	if (limit && snapshot_limit_begin(folder, e) < 0)
		return -1;
	if (trees_open_base(b, &base, e) < 0 || copy_layer(folder, TREES_ROOT, base, e) < 0 ||
	    trees_made(folder, e) < 0)
		return -1;
	/* its record says that it is whole, also after a power cut */
	if (base >= 0 && syncfs(folder) < 0)
		return fail_sys(e, "flush the snapshot to the disk");
	return limit ? snapshot_limit(folder, limit, e) : 0;
}

static int copy_probe(struct store *s __attribute__((unused)),
		      struct err *e __attribute__((unused)))
{
	return 0;
}

const struct snapshot_driver snapshot_copy = {
	.name = "copy",
	.summary = "whole copies, sharing blocks where the file system can",
	.chained = true,
	.probe = copy_probe,
	.layer = copy_layer,
	.create = copy_create,
	.mount = trees_mount,
	.source = trees_source,
	.usage = trees_usage,
	.root = TREES_ROOT,
};
