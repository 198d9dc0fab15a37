/* trees.c - snapshots that are whole trees: mounted by bind, compared as trees */
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "os/mount.h"
#include "snapshot/trees_priv.h"

/* trees_open_base() - the tree of the image's last layer; FD_NONE: it has none. 0, or -1 */
int trees_open_base(const struct snapshot_base *b, int *ret_fd, struct err *e)
{
	int fd;

	*ret_fd = FD_NONE;
	if (b->n == 0)
		return 0;
	fd = openat(b->store->layers, b->layers[b->n - 1],
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "open the layer '%s'", b->layers[b->n - 1]);
	*ret_fd = fd;
	return 0;
}

/* trees_made() - note in the file system's own time that the snapshot is a faithful copy until now */
int trees_made(int folder, struct err *e)
{
	own_fd int fd = openat(folder, "made", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? fail_sys(e, "make the file 'made'") : 0;
}

/* Of an image without layers there is nothing to mount but an empty folder. */
static int copy_mount(int folder, const struct snapshot_base *b, struct err *e)
{
	if (folder >= 0)
		return mount_clone(folder, TREES_ROOT, false, true, e);
	if (b->n == 0)
		return mount_make_fs("tmpfs", "tare", "mode=0755,size=4k", 0, e);
	return mount_clone(b->store->layers, b->layers[b->n - 1], false, true, e);
}

int trees_mount(int folder, const struct snapshot_base *b, const struct snapshot_mount *how,
		struct err *e)
{
	struct mount_attrs readonly = { .set = MOUNT_ATTR_RDONLY };
	own_fd int fd = copy_mount(folder, b, e);
	int r;

	if (fd < 0)
		return -1;
	/* a peer of the store's mount would show what is mounted in the container */
	r = mount_try_propagate(fd, MS_PRIVATE);
	if (r < 0)
		return fail_errno(e, -r, "take a mount out of its peers");
	if (how->userns >= 0 && mount_idmap(fd, how->userns, false, e) < 0)
		return -1;
	if ((how->readonly || folder < 0) && mount_set(fd, &readonly, e) < 0)
		return -1;
	return give_fd(&fd);
}

int trees_source(int folder, const struct snapshot_base *b, struct pack_source *ret, struct err *e)
{
	own_fd int upper =
		openat(folder, TREES_ROOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_fd int lower = FD_NONE;
	struct stat made;

	if (upper < 0)
		return fail_sys(e, "open the snapshot's tree");
	if (trees_open_base(b, &lower, e) < 0)
		return -1;
	*ret = (struct pack_source){ .kind = PACK_TREES, .lower = give_fd(&lower) };
	if (fstatat(folder, "made", &made, AT_SYMLINK_NOFOLLOW) == 0)
		ret->since = made.st_ctim;
	ret->upper = give_fd(&upper);
	return 0;
}

int trees_usage(int folder, struct snapshot_usage *ret, struct err *e)
{
	return snapshot_count(folder, TREES_ROOT, ret, e);
}
