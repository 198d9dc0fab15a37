/* pack_same.c - whether a file is what it was, by what costs least
 *
 * 1. One inode, one file.
 * 2. Type, mode, owner, size, time to the nanosecond, device number: where one differs it is another.
 * 3. Whoever changes a file changes its ctime, which nobody can set. So it is the same if that is earlier
 *    than when the tree was copied (struct pack_source's @since): clocks of file systems tick every few
 *    milliseconds, or every second, and what has the same time may have come later. Or if two subvolumes of one
 *    btrfs have it by one inode number with one ctime: then one is a snapshot of the other.
 * 4. Extended attributes, and where a link leads.
 * 5. The content. Files that share all of their extents (reflinks) need not be read; others are,
 *    since the time of a file can be set back by who changes it. Docker does not look, and loses
 *    such a change.
 */
#include <linux/btrfs.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>

#include "layer/pack_priv.h"
#include "os/path.h"

#define PIECE   ((size_t)128 << 10)
#define EXTENTS 128

static bool time_same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_earlier(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static bool is_node(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static bool stat_same(const struct stat *a, const struct stat *b)
{
	return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       (!is_node(a->st_mode) || a->st_rdev == b->st_rdev) &&
	       (S_ISDIR(a->st_mode) ||
		(a->st_size == b->st_size && time_same(&a->st_mtim, &b->st_mtim)));
}

static bool is_snapshot(const struct pack_file *was, const struct pack_file *is)
{
	struct statfs a, b;

	return was->st.st_ino == is->st.st_ino && time_same(&was->st.st_ctim, &is->st.st_ctim) &&
	       fstatfs(was->dir, &a) == 0 && fstatfs(is->dir, &b) == 0 &&
	       a.f_type == BTRFS_SUPER_MAGIC && b.f_type == BTRFS_SUPER_MAGIC;
}

static bool is_known(const struct pack_source *s, const struct pack_file *was,
		     const struct pack_file *is)
{
	if (S_ISDIR(is->st.st_mode) && !time_same(&was->st.st_mtim, &is->st.st_mtim))
		return false;
	if (was->st.st_ino == is->st.st_ino && was->st.st_dev == is->st.st_dev)
		return true;
	if (s->kind != PACK_TREES)
		return false;
	return is_earlier(&is->st.st_ctim, &s->since) || is_snapshot(was, is);
}

/**
 * pack_open_file() - open a regular file for reading, and nothing else
 *
 * The name may have become a device meanwhile, whose opening does something (a watchdog's). So it is
 * held first by O_PATH, which opens nothing, and is looked at.
 */
int pack_open_file(const struct pack_file *f, struct stat *ret_st, struct err *e)
{
	own_fd int held = openat(f->dir, f->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[32];
	int fd;

	if (held < 0 || fstat(held, ret_st) < 0)
		return fail_sys(e, "open it");
	if (!S_ISREG(ret_st->st_mode))
		return fail(e, ERR_CONFLICT, "it was a file a moment ago, and is none any more");
	(void)path_fd_link(held, path);
	fd = fd_open(path, O_RDONLY);
	return fd < 0 ? fail_sys(e, "open it") : fd;
}

struct extents {
	struct fiemap map;
	struct fiemap_extent at[EXTENTS];
};

static bool list_extents(int fd, uint64_t from, struct extents *x)
{
	memset(&x->map, 0, sizeof(x->map));
	x->map.fm_start = from;
	x->map.fm_length = FIEMAP_MAX_OFFSET - from;
	/* what has been written and is not on the disk yet has its old extents until then */
	x->map.fm_flags = FIEMAP_FLAG_SYNC;
	x->map.fm_extent_count = EXTENTS;
	return ioctl(fd, FS_IOC_FIEMAP, &x->map) == 0;
}

/* Bytes that lie in one place only, where both files say so. */
static bool extent_same(const struct fiemap_extent *a, const struct fiemap_extent *b)
{
	const uint32_t vague = FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC |
			       FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_NOT_ALIGNED |
			       FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL;
	const uint32_t alike = FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_LAST;

	return !((a->fe_flags | b->fe_flags) & vague) && (a->fe_flags & FIEMAP_EXTENT_SHARED) &&
	       a->fe_logical == b->fe_logical && a->fe_physical == b->fe_physical &&
	       a->fe_length == b->fe_length && !((a->fe_flags ^ b->fe_flags) & alike);
}

static bool shares_all(int a, int b, uint64_t size)
{
	struct extents x, y;
	uint64_t from = 0;

	while (from < size) {
		uint32_t n;

		if (!list_extents(a, from, &x) || !list_extents(b, from, &y))
			return false;
		n = x.map.fm_mapped_extents;
		if (n == 0 || n != y.map.fm_mapped_extents)
			return false;
		for (uint32_t i = 0; i < n; i++)
			if (!extent_same(&x.at[i], &y.at[i]))
				return false;
		if (x.at[n - 1].fe_flags & FIEMAP_EXTENT_LAST)
			return true;
		from = x.at[n - 1].fe_logical + x.at[n - 1].fe_length;
	}
	return true;
}

/* How many bytes there are at @from, as many as fit; -1: error. */
static ssize_t read_full(int fd, char *at, off_t from)
{
	size_t got = 0;

	while (got < PIECE) {
		ssize_t n = pread(fd, at + got, PIECE - got, from + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int bytes_same(int a, int b, struct err *e)
{
	own_mem char *pieces = malloc(2 * PIECE);

	if (!pieces)
		return fail_errno(e, ENOMEM, "compare it");
	for (off_t at = 0;; at += (off_t)PIECE) {
		ssize_t n = read_full(a, pieces, at), m = read_full(b, pieces + PIECE, at);

		if (n < 0 || m < 0)
			return fail_sys(e, "read it");
		if (n != m || memcmp(pieces, pieces + PIECE, (size_t)n) != 0)
			return PACK_DIFFERENT;
		if ((size_t)n < PIECE)
			return PACK_SAME;
	}
}

/* Subvolumes of one btrfs have different device numbers, and extents in common. */
static bool is_one_file_system(int a, const struct stat *x, int b, const struct stat *y)
{
	struct btrfs_ioctl_fs_info_args i, k;

	if (x->st_dev == y->st_dev)
		return true;
	memset(&i, 0, sizeof(i));
	memset(&k, 0, sizeof(k));
	return ioctl(a, BTRFS_IOC_FS_INFO, &i) == 0 && ioctl(b, BTRFS_IOC_FS_INFO, &k) == 0 &&
	       memcmp(i.fsid, k.fsid, sizeof(i.fsid)) == 0;
}

static int content_same(const struct pack_file *was, const struct pack_file *is, struct err *e)
{
	own_fd int a = FD_NONE, b = FD_NONE;
	struct stat st, other;

	if (is->st.st_size == 0)
		return PACK_SAME;
	a = pack_open_file(was, &other, e);
	b = a < 0 ? FD_NONE : pack_open_file(is, &st, e);
	if (b < 0)
		return -1;
	if (is_one_file_system(a, &other, b, &st) && shares_all(a, b, (uint64_t)st.st_size))
		return PACK_SAME;
	return bytes_same(a, b, e);
}

static int target_same(const struct pack_file *was, const struct pack_file *is, struct err *e)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(was->dir, was->name, a, sizeof(a)),
		m = readlinkat(is->dir, is->name, b, sizeof(b));

	if (n < 0 || m < 0)
		return fail_sys(e, "read the link");
	return n == m && memcmp(a, b, (size_t)n) == 0 ? PACK_SAME : PACK_DIFFERENT;
}

static int attributes_same(const struct pack_source *s, const struct pack_file *was,
			   const struct pack_file *is, struct err *e)
{
	own_xattrs a = { 0 }, b = { 0 };

	if (xattrs_read(s, was->dir, was->name, &a, e) < 0 ||
	    xattrs_read(s, is->dir, is->name, &b, e) < 0)
		return -1;
	return xattrs_same(&a, &b) ? PACK_SAME : PACK_DIFFERENT;
}

/**
 * pack_same() - is @is what @was was?
 *
 * Return: enum pack_same, where PACK_SAME_BUT_TIME is of folders only; -1.
 */
int pack_same(const struct pack_source *s, const struct pack_file *was, const struct pack_file *is,
	      struct err *e)
{
	int r;

	if (!stat_same(&was->st, &is->st))
		return PACK_DIFFERENT;
	if (is_known(s, was, is))
		return PACK_SAME;
	r = attributes_same(s, was, is, e);
	if (r != PACK_SAME)
		return r;
	if (S_ISREG(is->st.st_mode))
		return content_same(was, is, e);
	if (S_ISLNK(is->st.st_mode))
		return target_same(was, is, e);
	return S_ISDIR(is->st.st_mode) && !time_same(&was->st.st_mtim, &is->st.st_mtim)
		       ? PACK_SAME_BUT_TIME
		       : PACK_SAME;
}
