/* masks.c - covers what the container must not see, and makes read-only what it must not change
 *
 * Files are covered by the host's /dev/null (opened and checked before anything else), folders
 * by one empty read-only tmpfs that all of them share: one superblock, not one per path.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/own.h"
#include "init/init.h"
#include "os/mount.h"
#include "os/path.h"

/* The first folder gets a new tmpfs; the others a copy of that mount, which is @first. */
static int mask_dir(int target, const struct init *in, const char *path, int *first, struct err *e)
{
	const uint64_t attrs =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	const char *data = in->plan.rootfs->mask_data;

	if (!data)
		data = "nr_inodes=2";
	if (*first >= 0)
		return mount_bind_at(*first, false, target, e);
	*first = mount_make_fs("tmpfs", "tmpfs", data, attrs, e);
	if (*first >= 0)
		return mount_attach(*first, target, e);
	if (e->sysno != ENOSYS)
		return -1;
	/* Linux < 5.2 has no descriptor of a mount but the one of its path */
	if (mount_fs_at("tmpfs", "tmpfs", data, attrs, target, e) < 0)
		return -1;
	*first = path_open(in->rootfd, path, O_PATH | O_DIRECTORY, 0, e);
	return *first < 0 ? -1 : 0;
}

static int mask(struct init *in, const char *path, int *first, struct err *e)
{
	own_fd int target = path_try_open(in->rootfd, path, O_PATH, 0);
	struct stat st;

	/* what does not exist cannot be seen */
	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return fail_errno(e, -target, "open '%s'", path);
	if (fstat(target, &st) < 0)
		return fail_sys(e, "look at '%s'", path);
	if (S_ISDIR(st.st_mode))
		return mask_dir(target, in, path, first, e);
	return mount_bind_at(in->host_null, false, target, e);
}

/* A detached copy is changed before it is attached, so no writable moment exists. */
static int make_readonly(struct init *in, const char *path, struct err *e)
{
	const struct mount_attrs readonly = { .set = MOUNT_ATTR_RDONLY };
	own_fd int source = path_try_open(in->rootfd, path, O_PATH, 0);
	own_fd int top = FD_NONE;

	if (source == -ENOENT || source == -ENOTDIR)
		return 0;
	if (source < 0)
		return fail_errno(e, -source, "open '%s'", path);
	top = mount_clone(source, "", true, false, e);
	if (top >= 0 && mount_set(top, &readonly, e) == 0)
		return mount_attach(top, source, e);
	if (e->sysno != ENOSYS)
		return -1;
	/* Linux < 5.12: bind it, then change it in place; nothing of the container runs yet */
	if (mount_bind_at(source, true, source, e) < 0)
		return -1;
	fd_take(&top, path_open(in->rootfd, path, O_PATH, 0, e));
	return top < 0 ? -1 : mount_change_at(top, &readonly, e);
}

static bool listed_before(char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(paths[i], paths[n]) == 0)
			return true;
	return false;
}

int init_cover_paths(struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;
	own_fd int first = FD_NONE;

	for (size_t i = 0; r->readonly_paths && r->readonly_paths[i]; i++)
		if (make_readonly(in, r->readonly_paths[i], e) < 0) {
			fail_in(e, "make '%s' read-only", r->readonly_paths[i]);
			return fail_at(e, "config.json: /linux/readonlyPaths/%zu", i);
		}
	for (size_t i = 0; r->masked && r->masked[i]; i++)
		if (!listed_before(r->masked, i) && mask(in, r->masked[i], &first, e) < 0) {
			fail_in(e, "mask '%s'", r->masked[i]);
			return fail_at(e, "config.json: /linux/maskedPaths/%zu", i);
		}
	return 0;
}
