/* count.c - what a tree takes on the disk
 *
 * A file with several names counts once, and blocks that others have as well count for nobody. Names
 * only, below descriptors: the tree is a container's, and may change meanwhile.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/arena.h"
#include "base/own.h"
#include "snapshot/snapshot.h"

#define BUCKETS 4096
#define EXTENTS 128

/* struct seen - a file with several names */
struct seen {
	struct seen *next;
	ino_t ino;
};

/* struct count - @shares: the file system knows blocks that several files have. @by_tree: what is small
 * lies in the file system's own tree (btrfs), which a snapshot shares until it is changed */
struct count {
	bool shares, by_tree;
	struct arena a;
	struct seen *seen[BUCKETS];
	struct snapshot_usage total;
};

static int count_folder(struct count *c, int folder, struct err *e);

static int is_new(struct count *c, ino_t ino, struct err *e)
{
	struct seen **head = &c->seen[((size_t)ino ^ (size_t)(ino >> 12)) % BUCKETS], *s;

	for (s = *head; s; s = s->next)
		if (s->ino == ino)
			return 0;
	s = arena_alloc(&c->a, sizeof(*s));
	if (!s)
		return fail_errno(e, ENOMEM, "count a tree");
	s->ino = ino;
	s->next = *head;
	*head = s;
	return 1;
}

/* Bytes that others have, too. What can't be told counts as the file's own. */
static uint64_t shared_bytes(int folder, const char *name)
{
	own_fd int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	own_mem struct fiemap *map =
		calloc(1, sizeof(*map) + EXTENTS * sizeof(struct fiemap_extent));
	uint64_t shared = 0, at = 0;

	while (fd >= 0 && map) {
		bool last = true;

		*map = (struct fiemap){ .fm_start = at,
					.fm_length = FIEMAP_MAX_OFFSET,
					.fm_extent_count = EXTENTS };
		if (ioctl(fd, FS_IOC_FIEMAP, map) < 0 || !map->fm_mapped_extents)
			break;
		for (unsigned i = 0; i < map->fm_mapped_extents; i++) {
			const struct fiemap_extent *x = &map->fm_extents[i];

			if (x->fe_flags & (FIEMAP_EXTENT_SHARED | FIEMAP_EXTENT_DATA_INLINE))
				shared += x->fe_length;
			last = x->fe_flags & FIEMAP_EXTENT_LAST;
			at = x->fe_logical + x->fe_length;
		}
		if (last)
			break;
	}
	return shared;
}

static int count_entry(struct count *c, int folder, const char *name, struct err *e)
{
	own_fd int fd = FD_NONE;
	struct stat st;
	uint64_t bytes, shared = 0;
	int r = 1;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_sys(e, "look at '%s'", name);
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1)
		r = is_new(c, st.st_ino, e);
	if (r <= 0)
		return r;
	bytes = c->by_tree && !S_ISREG(st.st_mode) ? 0 : (uint64_t)st.st_blocks * 512;
	if (c->shares && S_ISREG(st.st_mode) && bytes)
		shared = shared_bytes(folder, name);
	c->total.bytes += bytes > shared ? bytes - shared : 0;
	c->total.inodes++;
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail_sys(e, "open the folder '%s'", name);
	return count_folder(c, fd, e);
}

static int count_folder(struct count *c, int folder, struct err *e)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return fail_sys(e, "list a folder");
	for (struct dirent *d; errno = 0, (d = readdir(dir));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		    count_entry(c, folder, d->d_name, e) < 0)
			return -1;
	return errno ? fail_sys(e, "list a folder") : 0;
}

/* snapshot_count() - what is in the folder @name, and it itself */
int snapshot_count(int folder, const char *name, struct snapshot_usage *ret, struct err *e)
{
	struct count c = { .a = { .limit = (size_t)1 << 30 } };
	struct statfs fs;
	int r;

	if (fstatfs(folder, &fs) == 0) {
		c.by_tree = (unsigned long)fs.f_type == BTRFS_SUPER_MAGIC;
		c.shares = c.by_tree || (unsigned long)fs.f_type == XFS_SUPER_MAGIC;
	}
	r = count_entry(&c, folder, name, e);
	arena_done(&c.a);
	if (r < 0)
		return fail_in(e, "count what a snapshot takes");
	*ret = c.total;
	return 0;
}
