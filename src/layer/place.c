/* place.c - one entry: make way, make it, give it what the archive says
 *
 * For a usual file of root's that is openat, write, utimensat and close, and nothing else.
 */
#include "layer/place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "layer/place_priv.h"
#include "os/path.h"

/* bytes from which on a file is sent to the disk when it is whole, lest the last flush wait for all */
#define WRITE_AT_ONCE ((uint64_t)32 << 10)

#define MEMBER_FILE   0644
#define MEMBER_DIR    0755

/**
 * place_start() - begin to fill a folder
 * @root: stays the caller's
 *
 * The caller's umask must be 0.
 */
int place_start(struct place *p, const struct unpack_job *job, int root,
		struct unpack_result *result, struct err *e)
{
	*p = (struct place){ .job = job, .result = result, .uid = geteuid(), .gid = getegid() };
	return place_open_root(p, root, e) < 0 ? -1 : 0;
}

/* place_end() - all is there: folders get their times */
int place_end(struct place *p, struct err *e)
{
	return place_leave_root(p, e);
}

/* place_done() - forget it */
void place_done(struct place *p)
{
	place_close_all(p);
	free(p->made.at);
	str_done(&p->opaque);
	*p = (struct place){ 0 };
}

static mode_t mode_of(const struct place *p, const struct tar_entry *x)
{
	if (place_faithful(p))
		return x->mode;
	return x->type == TAR_DIR ? MEMBER_DIR : MEMBER_FILE;
}

/* The folder that @p->name is to be made in. */
static int parent_of(struct place *p, struct err *e)
{
	return place_enter(p, p->name.path, place_parent(&p->name), PLACE_MAKE, e);
}

/**
 * make_way() - remove what is in an entry's place
 * @ret_whiteout: it was a whiteout for overlayfs
 *
 * A folder that the way to here led through by a link may have been in there: then the way is
 * walked again.
 *
 * Return: the parent, or -1.
 */
static int make_way(struct place *p, bool *ret_whiteout, struct err *e)
{
	int parent = place_top(p)->fd;
	const char *base = place_base(&p->name);
	struct stat st;

	if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "look at '/%s'", p->name.path);
	*ret_whiteout = p->job->mode == UNPACK_OVERLAY && S_ISCHR(st.st_mode) && st.st_rdev == 0;
	if (place_remove(NULL, parent, base, e) < 0)
		return fail_in(e, "replace '/%s'", p->name.path);
	if (p->aliases && place_leave_all(p, e) < 0)
		return -1;
	return parent_of(p, e);
}

/* Something of this name may be made now, or was: remember it for whiteouts. */
static int note_made(struct place *p, int fd, const char *name, struct err *e)
{
	return p->job->mode == UNPACK_APPLY ? place_made(p, fd, name, e) : 0;
}

static int write_all(int fd, const struct tar_chunk *c)
{
	for (size_t at = 0; at < c->len;) {
		ssize_t n = pwrite(fd, c->at + at, c->len - at, (off_t)(c->offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

static int write_content(struct place *p, int fd, struct tar *t, const struct tar_entry *x,
			 struct err *e)
{
	struct tar_chunk c = { 0 };
	uint64_t end = 0;
	int r;

	while ((r = tar_data(t, &c, e)) > 0) {
		if (write_all(fd, &c) < 0)
			return fail_sys(e, "write '/%s'", p->name.path);
		p->result->size += c.len;
		end = c.offset + c.len;
	}
	if (r == 0 && end < x->size && ftruncate(fd, (off_t)x->size) < 0)
		return fail_sys(e, "write '/%s'", p->name.path);
	if (end >= WRITE_AT_ONCE)
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return r;
}

static int make_file(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const mode_t mode = mode_of(p, x);
	int parent = parent_of(p, e);
	struct timespec times[2];
	own_fd int fd = FD_NONE;
	bool whiteout;

	if (parent < 0)
		return -1;
	fd = openat(parent, place_base(&p->name), flags, mode);
	if (fd < 0 && errno == EEXIST) {
		parent = make_way(p, &whiteout, e);
		if (parent < 0)
			return -1;
		fd = openat(parent, place_base(&p->name), flags, mode);
	}
	if (fd < 0)
		return fail_sys(e, "make the file '/%s'", p->name.path);
	if (note_made(p, fd, "", e) < 0 || write_content(p, fd, t, x, e) < 0)
		return -1;
	if (!place_faithful(p))
		return 0;
	/* attributes after the owner: a change of that takes capabilities away */
	if (place_own(p, fd, "", x, mode, e) < 0 || place_xattrs(p, fd, x, e) < 0)
		return -1;
	place_times(x, times);
	return futimens(fd, times) < 0 ? fail_sys(e, "set the times of '/%s'", p->name.path) : 0;
}

/* A folder is the last level from now on; what it gets when it is left is known already. */
static int dress_folder(struct place *p, const struct tar_entry *x, mode_t made, struct err *e)
{
	struct level *l = place_top(p);

	if (!place_faithful(p))
		return 0;
	if (place_own(p, l->fd, "", x, made, e) < 0 || place_xattrs(p, l->fd, x, e) < 0)
		return -1;
	l->inherit = x->mode & S_ISGID;
	l->restore = true;
	place_times(x, l->times);
	return 0;
}

/* The folder was there: it stays, with the archive's attributes. */
static int keep_folder(struct place *p, const struct tar_entry *x, struct err *e)
{
	struct stat st;
	int fd = place_enter(p, p->name.path, p->name.len, PLACE_LEAVE, e);

	if (fd < 0)
		return fd == -ENOENT ? fail_errno(e, ENOENT, "open '/%s'", p->name.path) : -1;
	if (note_made(p, fd, "", e) < 0)
		return -1;
	if (!place_faithful(p))
		return 0;
	if (fstat(fd, &st) < 0)
		return fail_sys(e, "look at '/%s'", p->name.path);
	if ((st.st_uid != x->uid || st.st_gid != x->gid) && fchown(fd, x->uid, x->gid) < 0)
		return fail_sys(e, "own '/%s' to %u:%u", p->name.path, x->uid, x->gid);
	if (fchmod(fd, x->mode) < 0)
		return fail_sys(e, "set the mode of '/%s'", p->name.path);
	if (place_forget_xattrs(p, fd, x, e) < 0 || place_xattrs(p, fd, x, e) < 0)
		return -1;
	place_top(p)->inherit = x->mode & S_ISGID;
	place_times(x, place_top(p)->times);
	return 0;
}

/* Is a folder in the place, no link to one? */
static bool is_folder(int parent, const char *base)
{
	struct stat st;

	return fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int make_dir(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e)
{
	/* mkdir(2) takes no S_ISUID and no S_ISGID */
	const mode_t mode = mode_of(p, x), made = mode & 01777;
	const char *base = place_base(&p->name);
	bool whiteout = false;
	int parent, fd, r;

	if (p->name.len == 0)
		return keep_folder(p, x, e);
	parent = parent_of(p, e);
	if (parent < 0)
		return -1;
	r = mkdirat(parent, base, made);
	if (r < 0 && errno == EEXIST) {
		if (is_folder(parent, base))
			return keep_folder(p, x, e);
		parent = make_way(p, &whiteout, e);
		if (parent < 0)
			return -1;
		r = mkdirat(parent, base, made);
	}
	if (r < 0)
		return fail_sys(e, "make the folder '/%s'", p->name.path);
	fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "open the folder '/%s'", p->name.path);
	memcpy(p->path, p->name.path, p->name.len + 1);
	if (place_push(p, fd, p->name.len, e) < 0 || note_made(p, fd, "", e) < 0 ||
	    (whiteout && place_mark_opaque(p, p->name.path, fd, e) < 0))
		return -1;
	return dress_folder(p, x, made, e);
}

/* For what has no content: its maker, which returns as the system call does. */
typedef int make_node(const struct place *p, int parent, const char *base,
		      const struct tar_entry *x);

static int node_link(const struct place *p, int parent, const char *base, const struct tar_entry *x)
{
	return symlinkat(x->link, parent, base);
}

static int node_special(const struct place *p, int parent, const char *base,
			const struct tar_entry *x)
{
	const mode_t kind = x->type == TAR_CHAR ? S_IFCHR : x->type == TAR_FIFO ? S_IFIFO : S_IFBLK;

	return mknodat(parent, base, kind | x->mode, makedev(x->major, x->minor));
}

static int make_plain(struct place *p, const struct tar_entry *x, make_node *make, const char *what,
		      struct err *e)
{
	const char *base = place_base(&p->name);
	int parent = parent_of(p, e);
	struct timespec times[2];
	bool whiteout;
	int r;

	if (parent < 0)
		return -1;
	r = make(p, parent, base, x);
	if (r < 0 && errno == EEXIST) {
		parent = make_way(p, &whiteout, e);
		if (parent < 0)
			return -1;
		r = make(p, parent, base, x);
	}
	if (r < 0)
		return fail_sys(e, "make the %s '/%s'", what, p->name.path);
	if (note_made(p, parent, base, e) < 0)
		return -1;
	if (!place_faithful(p))
		return 0;
	if (place_own(p, parent, base, x, x->mode, e) < 0 ||
	    place_node_xattrs(p, parent, base, x, e) < 0)
		return -1;
	place_times(x, times);
	return utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) < 0
		       ? fail_sys(e, "set the times of '/%s'", p->name.path)
		       : 0;
}

static int make_link(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e)
{
	/* elsewhere a link may say what it likes: only what runs in the image follows it */
	if (!place_faithful(p) && name_climbs(p->name.path, place_parent(&p->name), x->link))
		return fail(e, ERR_INPUT, "the link '/%s' leads out of the archive, to '%s'",
			    p->name.path, x->link);
	return make_plain(p, x, node_link, "link", e);
}

static int make_special(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e)
{
	const bool whiteout = x->type == TAR_CHAR && !x->major && !x->minor;
	const bool device = x->type != TAR_FIFO && !whiteout;

	if (!place_faithful(p) || (device && p->job->devices == UNPACK_DEVICES_REFUSE))
		return fail(e, ERR_INPUT, "the %s '/%s' is not allowed here",
			    x->type == TAR_FIFO ? "FIFO" : "device", p->name.path);
	if (device && p->job->devices == UNPACK_DEVICES_SKIP) {
		p->result->skipped_devices++;
		return 0;
	}
	return make_plain(p, x, node_special, x->type == TAR_FIFO ? "FIFO" : "device", e);
}

/* Are two names of one file? Then the second need not be made. */
static bool is_same(int a_dir, const char *a, int b_dir, const char *b)
{
	struct stat x, y;

	return fstatat(a_dir, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(b_dir, b, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

static int fail_hard_link(const struct place *p, const char *link, struct err *e)
{
	int why = errno;

	fail_errno(e, why, "make the hard link '/%s' to '%s'", p->name.path, link);
	if (why == ENOENT)
		return fail_hint(e, "it must be to an earlier entry of the same archive");
	return -1;
}

/* The file that a hard link names, by its folder; links on the way lead where the image goes. */
static int open_source(struct place *p, const struct tar_entry *x, struct err *e)
{
	char dir[PATH_MAX];
	int fd;

	if (name_clean(x->link, p->job->limits.depth, &p->target, e) < 0)
		return fail_in(e, "hard link '/%s'", p->name.path);
	if (p->target.len == 0) {
		errno = EISDIR;
		return fail_hard_link(p, x->link, e);
	}
	memcpy(dir, p->target.path, place_parent(&p->target));
	dir[place_parent(&p->target)] = '\0';
	fd = path_try_open(p->levels[0].fd, dir, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		return fd;
	errno = -fd;
	return fail_hard_link(p, x->link, e);
}

static int make_hard_link(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e)
{
	int parent = parent_of(p, e);
	own_fd int source = FD_NONE;
	const char *base = place_base(&p->name), *from;
	bool whiteout;
	int r;

	if (parent < 0)
		return -1;
	source = open_source(p, x, e);
	if (source < 0)
		return -1;
	from = place_base(&p->target);
	r = linkat(source, from, parent, base, 0);
	if (r < 0 && errno == EEXIST) {
		if (is_same(source, from, parent, base))
			return 0;
		parent = make_way(p, &whiteout, e);
		if (parent < 0)
			return -1;
		r = linkat(source, from, parent, base, 0);
	}
	/* what this archive has made is known already; a lower layer's file does not become its own */
	return r < 0 ? fail_hard_link(p, x->link, e) : 0;
}

typedef int make_entry(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e);

// clang-format off
static const struct {
	enum tar_type type;
	make_entry *make;
} makers[] = {
	{ TAR_FILE,         make_file      },
	{ TAR_HARD_LINK,    make_hard_link },
	{ TAR_LINK,         make_link      },
	{ TAR_CHAR,         make_special   },
	{ TAR_BLOCK_DEVICE, make_special   },
	{ TAR_DIR,          make_dir       },
	{ TAR_FIFO,         make_special   },
};
// clang-format on

/**
 * place_entry() - make one entry
 * @t: where its content comes from
 *
 * Return: 0; -1, and the folder is as far as we got.
 */
int place_entry(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e)
{
	bool layer = p->job->mode == UNPACK_OVERLAY || p->job->mode == UNPACK_APPLY;
	enum whiteout what = WHITEOUT_NONE;

	if (++p->result->entries > p->job->limits.entries)
		return fail(e, ERR_LIMIT, "the archive has more than %llu entries",
			    (unsigned long long)p->job->limits.entries);
	if (name_clean(x->path, p->job->limits.depth, &p->name, e) < 0 ||
	    (layer && whiteout_of(&p->name, &what, e) < 0))
		return -1;
	if (what != WHITEOUT_NONE)
		return place_whiteout(p, what, e);
	if (p->name.len == 0 && x->type != TAR_DIR)
		return fail(e, ERR_INPUT, "the archive replaces its own root");
	p->result->roots += p->name.len == 0;
	for (size_t i = 0; i < COUNT(makers); i++)
		if (makers[i].type == x->type)
			return makers[i].make(p, t, x, e);
	return fail(e, ERR_BUG, "place '/%s'", p->name.path);
}
