/* container.c - see container.h */
#include "engine/container.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "os/lock.h"
#include "os/mount.h"
#include "os/quota.h"
#include "os/random.h"
#include "os/tree.h"

static void set_path(struct container *c)
{
	snprintf(c->path, sizeof(c->path), CONTAINERS_RUN "/%s", c->id);
}

/* container_open_run() - its folder in memory, made. Others may pass through: a container's user reads its
 * resolv.conf by the bind mount, and its root */
int container_open_run(struct container *c, struct err *e)
{
	if (mkdir(c->path, 0711) < 0 && errno == ENOENT &&
	    file_make_folders(CONTAINERS_RUN, strlen(CONTAINERS_RUN), 0711, e) == 0)
		(void)mkdir(c->path, 0711);
	if (e->cls)
		return -1;
	c->run = fd_open(c->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	return c->run < 0 ? fail_sys(e, "make the folder '%s'", c->path) : 0;
}

/**
 * container_make() - make a container's folder; nothing is in it yet
 * @c: CONTAINER_NONE; the caller closes it in any case, and removes it where that is due
 * @name: NULL: it has none
 */
int container_make(struct container *c, struct store *s, const struct digest *image,
		   const char *name, struct err *e)
{
	c->s = s;
	if (random_hex(c->id, (CONTAINER_ID - 1) / 2, e) < 0)
		return -1;
	set_path(c);
	c->folder = store_container_make(s, c->id, image, e);
	if (c->folder < 0)
		return -1;
	if (name && store_name_take(s, name, c->id, c->folder, e) < 0)
		return -1;
	snprintf(c->name, sizeof(c->name), "%s", name ? name : "");
	return 0;
}

/**
 * container_take() - take what nobody works on
 *
 * Return: 1; 0: somebody works on it, or it is gone; -1.
 */
int container_take(struct container *c, struct store *s, const char *id, struct err *e)
{
	struct container_marks marks;
	int fd = lock_try_left(s->containers, id);

	*c = (struct container){ .s = s, .folder = fd < 0 ? FD_NONE : fd, .run = FD_NONE };
	if (fd < 0)
		return fd == -EWOULDBLOCK || fd == -ENOENT
			       ? 0
			       : fail_errno(e, -fd, "open the container %.12s", id);
	snprintf(c->id, sizeof(c->id), "%.64s", id);
	set_path(c);
	if (store_container_marks(s, fd, &marks, e) < 0)
		return -1;
	memcpy(c->name, marks.name, sizeof(c->name));
	c->run = fd_open(c->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	return 1;
}

/**
 * container_fill() - make what it writes to
 * @image: what it is made of; the container keeps it
 * @size: bytes that may be written; 0: any number
 */
int container_fill(const struct container *c, const struct stored_image *image, uint64_t size,
		   struct arena *a, struct err *e)
{
	const struct snapshot_driver *driver;
	struct snapshot_base base;

	return snapshot_ready_kept(c->s, image, a, &driver, &base, e) < 0
		       ? -1
		       : driver->create(c->folder, &base, size, e);
}

/* container_mount() - mount its root on rootfs/. Return: descriptor of the root, or -1 */
int container_mount(const struct container *c, const struct stored_image *image,
		    enum container_use use, struct arena *a, struct err *e)
{
	struct snapshot_mount how = { .source = "tare",
				      .once = use == CONTAINER_ONCE,
				      .userns = FD_NONE };
	const struct snapshot_driver *driver;
	struct snapshot_base base;
	own_fd int fd = FD_NONE, at = FD_NONE;

	if (snapshot_ready_kept(c->s, image, a, &driver, &base, e) < 0)
		return -1;
	how.fast = driver->fast && use != CONTAINER_KEPT;
	if (mkdirat(c->run, "rootfs", 0755) < 0)
		return fail_sys(e, "make the folder 'rootfs'");
	at = openat(c->run, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0)
		return fail_sys(e, "open the folder 'rootfs'");
	fd = driver->mount(c->folder, &base, &how, e);
	if (fd < 0 || mount_attach(fd, at, e) < 0)
		return -1;
	return give_fd(&fd);
}

static int remove_run_folder(struct container *c, struct err *e)
{
	char root[CONTAINER_PATH + 8];

	snprintf(root, sizeof(root), "%s/rootfs", c->path);
	/* the file system first: nothing is removed through a mount */
	if (umount2(root, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return fail_sys(e, "unmount '%s'", root);
	fd_close(&c->run);
	return access(c->path, F_OK) < 0 && errno == ENOENT ? 0 : tree_remove(AT_FDCWD, c->path, e);
}

/* container_renew_run() - an empty one, whatever it had before */
int container_renew_run(struct container *c, struct err *e)
{
	return remove_run_folder(c, e) < 0 ? -1 : container_open_run(c, e);
}

/* The file system forgets a project that has nothing and no bound; others' are theirs. */
static void forget_project(const struct container *c, uint32_t project)
{
	struct err ignored = { 0 };

	if (quota_is_ours(project))
		(void)quota_limit(c->s->containers, project, 0, &ignored);
}

/* container_remove() - all of it, with what was written; its processes are gone */
int container_remove(struct container *c, struct err *e)
{
	uint32_t project = 0;

	if (c->folder < 0)
		return 0;
	(void)quota_try_project(c->folder, &project);
	if (remove_run_folder(c, e) < 0 || store_name_drop(c->s, c->name, c->id, e) < 0 ||
	    tree_remove(c->s->containers, c->id, e) < 0)
		return fail_in(e, "remove the container %.12s", c->id);
	forget_project(c, project);
	fd_close(&c->folder);
	return 0;
}

void container_close(struct container *c)
{
	fd_close(&c->folder);
	fd_close(&c->run);
}
