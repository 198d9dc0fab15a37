/* path.c - in-root resolution: openat2, the walk that stands in for it, and creation
 *
 * Theory. A rootfs is hostile: any component may be a link to anywhere, and may be exchanged
 * while we walk. openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS) resolves as chroot would and
 * cannot be raced out of the root. Creation never uses a path: a walk of our own opens one
 * component after the other with O_NOFOLLOW, follows links itself, and makes a missing name
 * relative to the descriptor that it stands on. Without openat2 the same walk does the opening.
 *
 * The walk keeps a stack of open directories, so ".." can only go back to where we
 * came from and never above the root.
 */
#include "os/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "os/sys.h"

#define MAX_LINKS 40
#define MAX_DEPTH 256

/* What a walk does where nothing is. */
enum make { MAKE_NOTHING, MAKE_DIR, MAKE_FILE };

/* struct walk - a walk's state: directories from the root down to where we are
 * @made: the last component was not there, and was made */
struct walk {
	int root;
	enum make make;
	mode_t mode;
	bool made;
	int stack[MAX_DEPTH];
	size_t depth;
	int links;
	char rest[PATH_MAX];
};

static void walk_pop_to(struct walk *w, size_t depth)
{
	while (w->depth > depth)
		(void)close(w->stack[--w->depth]);
}

static int walk_here(const struct walk *w)
{
	return w->depth ? w->stack[w->depth - 1] : w->root;
}

/* Put a link's target in front of what is still to be walked. */
static int walk_follow(struct walk *w, const char *name)
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t n = readlinkat(walk_here(w), name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	w->made = false; /* somebody has put a link in the place of what was made */
	if (target[0] == '/')
		walk_pop_to(w, 0);
	n = snprintf(joined, sizeof(joined), "%s/%s", target, w->rest);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(w->rest, joined, (size_t)n + 1);
	return 0;
}

/* Cut the next component off @w->rest; false when there is none left. */
static bool walk_next(struct walk *w, char name[NAME_MAX + 1], int *ret_err)
{
	char *p = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(p, "/");

	*ret_err = 0;
	if (len == 0)
		return false;
	if (len > NAME_MAX) {
		*ret_err = -ENAMETOOLONG;
		return false;
	}
	memcpy(name, p, len);
	name[len] = '\0';
	memmove(w->rest, p + len, strlen(p + len) + 1);
	return true;
}

static bool is_last(const struct walk *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

/* Make what is missing, one name below an open directory, and open just that. */
static int walk_make(struct walk *w, const char *name, bool last)
{
	int r = last && w->make == MAKE_FILE ? mknodat(walk_here(w), name, S_IFREG | w->mode, 0)
					     : mkdirat(walk_here(w), name, last ? w->mode : 0755);

	if (r < 0 && errno != EEXIST)
		return -1;
	w->made = last && r == 0;
	return openat(walk_here(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* One component: descend, climb, follow, or for the last one open. FD_NONE: go on. */
static int walk_step(struct walk *w, const char *name, int flags, unsigned how)
{
	bool last = is_last(w), stay = (how & PATH_NOFOLLOW) || (flags & O_NOFOLLOW);
	struct stat st;
	int fd;

	if (strcmp(name, ".") == 0)
		return FD_NONE;
	if (strcmp(name, "..") == 0) {
		walk_pop_to(w, w->depth ? w->depth - 1 : 0);
		return FD_NONE;
	}
	fd = openat(walk_here(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && w->make != MAKE_NOTHING)
		fd = walk_make(w, name, last);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		int why = -errno;

		(void)close(fd);
		return why;
	}
	if (S_ISLNK(st.st_mode) && !(last && stay && (flags & O_PATH))) {
		(void)close(fd);
		if ((how & PATH_NOLINKS) || (last && stay))
			return -ELOOP;
		fd = walk_follow(w, name);
		return fd < 0 ? fd : FD_NONE;
	}
	if (last) {
		if (!(flags & O_PATH)) {
			(void)close(fd);
			fd = openat(walk_here(w), name, flags | O_NOFOLLOW | O_CLOEXEC);
			return fd < 0 ? -errno : fd;
		}
		if ((flags & O_DIRECTORY) && !S_ISDIR(st.st_mode)) {
			(void)close(fd);
			return -ENOTDIR;
		}
		return fd;
	}
	if (!S_ISDIR(st.st_mode) || w->depth == MAX_DEPTH) {
		(void)close(fd);
		return S_ISDIR(st.st_mode) ? -ENAMETOOLONG : -ENOTDIR;
	}
	w->stack[w->depth++] = fd;
	return FD_NONE;
}

static int walk_path(struct walk *walk, const char *path, int flags, unsigned how)
{
	struct walk w = *walk;
	char name[NAME_MAX + 1];
	int fd = FD_NONE, err;

	if (strlen(path) >= sizeof(w.rest))
		return -ENAMETOOLONG;
	memcpy(w.rest, path, strlen(path) + 1);
	while (fd == FD_NONE && walk_next(&w, name, &err))
		fd = walk_step(&w, name, flags, how);
	if (fd == FD_NONE && err)
		fd = err;
	if (fd == FD_NONE) /* the path ended at a directory that is already open */
		fd = openat(walk_here(&w), ".", (flags & ~O_NOFOLLOW) | O_CLOEXEC);
	if (fd == -1)
		fd = -errno;
	walk_pop_to(&w, 0);
	walk->made = w.made;
	return fd;
}

static int walk_open(int rootfd, const char *path, int flags, unsigned how)
{
	struct walk w = { .root = rootfd };

	return walk_path(&w, path, flags, how);
}

/* Open @path, making what is missing of it; links lead where the container would go. */
static int walk_create(int rootfd, const char *path, enum make make, mode_t mode, bool *ret_made)
{
	struct walk w = { .root = rootfd, .make = make, .mode = mode };
	int fd = walk_path(&w, path, make == MAKE_DIR ? O_PATH | O_DIRECTORY : O_PATH, 0);

	*ret_made = fd >= 0 && w.made;
	return fd;
}

/**
 * path_try_open() - open @path below @rootfd, as a process whose root is @rootfd would
 * @flags: O_* for open(2), without O_CREAT; O_CLOEXEC is implied
 * @how:   PATH_* bits
 *
 * Return: a descriptor, or -errno.
 */
int path_try_open(int rootfd, const char *path, int flags, unsigned how)
{
	uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	int fd;

	if (how & PATH_NOLINKS)
		resolve |= RESOLVE_NO_SYMLINKS;
	if (how & PATH_NOFOLLOW)
		flags |= O_NOFOLLOW;
	do
		fd = sys_openat2(rootfd, *path ? path : ".", (uint64_t)(flags | O_CLOEXEC), 0,
				 resolve);
	while (fd < 0 && errno == EAGAIN); /* a rename raced with ".."; the kernel asks to retry */
	if (fd >= 0)
		return fd;
	/* EPERM: an old seccomp policy around us that does not know openat2 */
	if (errno == ENOSYS || errno == EPERM)
		return walk_open(rootfd, path, flags, how);
	return -errno;
}

/* path_open() - path_try_open() with an error that names the path */
int path_open(int rootfd, const char *path, int flags, unsigned how, struct err *e)
{
	int fd = path_try_open(rootfd, path, flags, how);

	return fd < 0 ? fail_errno(e, -fd, "open '%s' in the root file system", path) : fd;
}

/* Cut @path into the directory and the last component; false where that is no plain name. */
static bool split_last(const char *path, char head[PATH_MAX], char name[NAME_MAX + 1])
{
	size_t len = strlen(path), end;

	while (len > 0 && path[len - 1] == '/')
		len--;
	end = len;
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (end == len || end - len > NAME_MAX || len >= PATH_MAX ||
	    (end - len == 1 && path[len] == '.') ||
	    (end - len == 2 && strncmp(path + len, "..", 2) == 0))
		return false;
	memcpy(head, path, len);
	head[len] = '\0';
	memcpy(name, path + len, end - len);
	name[end - len] = '\0';
	return true;
}

/* Make and open @name. FD_NONE where the walk has to look at what is there: EEXIST is a link to
 * nowhere, whose target is to be made; or somebody has put something there since. */
static int make_in(int parent, const char *name, enum make make, mode_t mode)
{
	bool file = make == MAKE_FILE;
	own_fd int fd = FD_NONE;
	struct stat st;

	if ((file ? mknodat(parent, name, S_IFREG | mode, 0) : mkdirat(parent, name, mode)) < 0)
		return FD_NONE;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (file ? 0 : O_DIRECTORY));
	if (fd < 0 || (file && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))))
		return FD_NONE;
	return give_fd(&fd);
}

/* Mostly only the last component is missing, and no walk is needed; @p then has the directory. */
static int open_or_make(struct path_parent *p, int rootfd, const char *path, enum make make,
			mode_t mode, bool *ret_made)
{
	int fd = path_try_open(rootfd, path, make == MAKE_DIR ? O_PATH | O_DIRECTORY : O_PATH, 0);
	char name[NAME_MAX + 1];
	bool made = false;

	path_parent_done(p);
	ret_made = ret_made ? ret_made : &made;
	*ret_made = false;
	if (fd != -ENOENT)
		return fd;
	fd = FD_NONE;
	if (split_last(path, p->path, name))
		p->fd = path_try_open(rootfd, p->path, O_PATH | O_DIRECTORY, 0);
	if (p->fd >= 0)
		fd = make_in(p->fd, name, make, mode);
	*ret_made = fd != FD_NONE;
	if (fd != FD_NONE)
		return fd;
	path_parent_done(p);
	return walk_create(rootfd, path, make, mode, ret_made);
}

static int fail_make(int why, const char *what, const char *path, struct err *e)
{
	return fail_errno(e, -why, "make %s '%s' in the root file system", what, path);
}

/**
 * path_make_dir() - open a directory below @rootfd, making what is missing of its path
 * @ret_made: whether the directory was made here, and is no other's; may be NULL
 *
 * Return: an O_PATH descriptor, or -1.
 */
int path_make_dir(int rootfd, const char *path, mode_t mode, bool *ret_made, struct err *e)
{
	own_parent p = PATH_PARENT_NONE;
	int fd = open_or_make(&p, rootfd, path, MAKE_DIR, mode, ret_made);

	return fd < 0 ? fail_make(fd, "directory", path, e) : fd;
}

/**
 * path_make_dir_near() - path_make_dir() for one of several directories in one place
 * @p: the place of the last one. Whoever mounts anything must drop it (path_parent_done()), but
 *     for a mount on what this function has returned while @p was kept: that cannot cover @p.
 */
int path_make_dir_near(struct path_parent *p, int rootfd, const char *path, mode_t mode,
		       bool *ret_made, struct err *e)
{
	char head[PATH_MAX], name[NAME_MAX + 1];
	int fd = FD_NONE;

	*ret_made = false;
	if (p->fd >= 0 && split_last(path, head, name) && strcmp(head, p->path) == 0) {
		/* where one was missing the next one mostly is */
		fd = make_in(p->fd, name, MAKE_DIR, mode);
		*ret_made = fd >= 0;
		if (fd < 0)
			fd = openat(p->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		fd = open_or_make(p, rootfd, path, MAKE_DIR, mode, ret_made);
	return fd < 0 ? fail_make(fd, "directory", path, e) : fd;
}

/**
 * path_open_parent() - open (and make) the directory that @path's last component lives in
 * @p:    keeps the directory, for this path and for the next ones in it; path_parent_done()
 * @name: receives the last component
 *
 * Return: an O_PATH descriptor that is @p's, or -1.
 */
int path_open_parent(struct path_parent *p, int rootfd, const char *path, mode_t mode,
		     char name[NAME_MAX + 1], struct err *e)
{
	char head[PATH_MAX];

	if (!split_last(path, head, name))
		return fail(e, ERR_INPUT, "'%s' does not name a file", path);
	if (p->fd >= 0 && strcmp(p->path, head) == 0)
		return p->fd;
	path_parent_done(p);
	p->fd = path_make_dir(rootfd, head, mode, NULL, e);
	memcpy(p->path, head, strlen(head) + 1);
	return p->fd < 0 ? -1 : p->fd;
}

void path_parent_done(struct path_parent *p)
{
	fd_close(&p->fd);
}

/**
 * path_make_file() - open whatever is at @path; where nothing is, make an empty file
 * @ret_made: whether the file was made here, and is no other's; may be NULL
 *
 * Return: an O_PATH descriptor, or -1.
 */
int path_make_file(int rootfd, const char *path, mode_t mode, bool *ret_made, struct err *e)
{
	own_parent p = PATH_PARENT_NONE;
	int fd = open_or_make(&p, rootfd, path, MAKE_FILE, mode, ret_made);

	return fd < 0 ? fail_make(fd, "file", path, e) : fd;
}

/**
 * path_make_link() - make @path a symbolic link to @target, unless it is that already
 * @p: as for path_open_parent()
 *
 * Return: 0, or -1; sysno is EEXIST where something else is.
 */
int path_make_link(struct path_parent *p, int rootfd, const char *path, const char *target,
		   struct err *e)
{
	char name[NAME_MAX + 1], now[PATH_MAX];
	int parent = path_open_parent(p, rootfd, path, 0755, name, e);
	ssize_t n;

	if (parent < 0)
		return -1;
	if (symlinkat(target, parent, name) == 0)
		return 0;
	if (errno != EEXIST)
		return fail_sys(e, "make link '%s' in the root file system", path);
	n = readlinkat(parent, name, now, sizeof(now) - 1);
	if (n >= 0) {
		now[n] = '\0';
		if (strcmp(now, target) == 0)
			return 0;
	}
	return fail_errno(e, EEXIST, "make link '%s' to '%s' in the root file system", path,
			  target);
}

/* path_fd_link() - the /proc path that stands for an open descriptor; for calls that want paths */
int path_fd_link(int fd, char ret_path[32])
{
	return snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
}
