/* place_levels.c - the open folders between the root and the last entry */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "layer/place_priv.h"
#include "os/path.h"

#define DEFAULT_ACL "system.posix_acl_default"

static int leave(struct place *p, struct err *e)
{
	struct level *l = &p->levels[--p->n_levels];
	int r = 0;

	p->aliases -= l->alias;
	if (l->acl && fsetxattr(l->fd, DEFAULT_ACL, l->acl, l->acl_len, 0) < 0)
		r = fail_sys(e, "give '/%.*s' its ACL", (int)l->len, p->path);
	if (l->restore && futimens(l->fd, l->times) < 0)
		r = fail_sys(e, "set the times of '/%.*s'", (int)l->len, p->path);
	free(l->acl);
	fd_close(&l->fd);
	return r;
}

/* place_leave_all() - to the root, which stays open */
int place_leave_all(struct place *p, struct err *e)
{
	while (p->n_levels > 1)
		if (leave(p, e) < 0)
			return -1;
	return 0;
}

/* place_leave_root() - leave all; nothing can be entered any more */
int place_leave_root(struct place *p, struct err *e)
{
	while (p->n_levels > 0)
		if (leave(p, e) < 0)
			return -1;
	return 0;
}

/* place_close_all() - forget all, the root as well; after a failure */
void place_close_all(struct place *p)
{
	while (p->n_levels > 0) {
		struct level *l = &p->levels[--p->n_levels];

		free(l->acl);
		fd_close(&l->fd);
	}
	free(p->levels);
	p->levels = NULL;
}

/**
 * place_push() - a folder that was just made is the last level now
 * @fd:  eaten, also on failure
 * @len: of its name, which is in @p->path
 */
int place_push(struct place *p, int fd, size_t len, struct err *e)
{
	if (p->n_levels == p->levels_cap) {
		size_t cap = p->levels_cap ? 2 * p->levels_cap : 32;
		struct level *l = reallocarray(p->levels, cap, sizeof(*l));

		if (!l) {
			(void)close(fd);
			return fail_errno(e, ENOMEM, "open '/%s'", p->path);
		}
		p->levels = l;
		p->levels_cap = cap;
	}
	p->levels[p->n_levels++] = (struct level){ .fd = fd, .len = len };
	return fd;
}

static int take_acl(const struct place *p, struct level *l, struct err *e)
{
	ssize_t n = fgetxattr(l->fd, DEFAULT_ACL, NULL, 0);

	if (n <= 0)
		return 0;
	l->acl = malloc((size_t)n);
	if (!l->acl)
		return fail_errno(e, ENOMEM, "open '/%s'", p->path);
	n = fgetxattr(l->fd, DEFAULT_ACL, l->acl, (size_t)n);
	if (n < 0 || fremovexattr(l->fd, DEFAULT_ACL) < 0)
		return fail_sys(e, "take the ACL of '/%s'", p->path);
	l->acl_len = (size_t)n;
	return 0;
}

/* A folder that was there: what is made in it is to leave it as it is. */
static int push_existing(struct place *p, int fd, size_t len, bool alias, struct err *e)
{
	struct level *l;
	struct stat st;

	if (place_push(p, fd, len, e) < 0)
		return -1;
	l = place_top(p);
	l->alias = alias;
	p->aliases += alias;
	if (!place_faithful(p))
		return fd;
	if (fstat(fd, &st) < 0)
		return fail_sys(e, "look at '/%s'", p->path);
	l->restore = true;
	l->times[0] = st.st_atim;
	l->times[1] = st.st_mtim;
	l->inherit = st.st_mode & S_ISGID;
	return take_acl(p, l, e) < 0 ? -1 : fd;
}

/* place_open_root() - the first level; a copy of @root */
int place_open_root(struct place *p, int root, struct err *e)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail_sys(e, "open the target folder");
	return push_existing(p, fd, 0, false, e);
}

/* Open the folder whose name is in @p->path: below the last level, or from the root where a link is
 * on the way. Return: a level, or -errno, with -ENOENT being quiet */
static int open_existing(struct place *p, size_t len, struct err *e)
{
	const struct level *l = place_top(p);
	const char *rest = p->path + l->len + (l->len > 0);
	const int flags = O_RDONLY | O_DIRECTORY;
	bool alias = false;
	int fd = path_try_open(l->fd, rest, flags, PATH_NOLINKS);

	if (fd == -ELOOP || fd == -ENOTDIR) {
		fd = path_try_open(p->levels[0].fd, p->path, flags, 0);
		alias = true;
	}
	if (fd == -ENOENT)
		return fd;
	if (fd < 0) {
		int why = -fd;

		fail_errno(e, why, "open the folder '/%s'", p->path);
		return -why;
	}
	return push_existing(p, fd, len, alias, e) < 0 ? -EIO : 0;
}

static int make_folder(struct place *p, const char *name, size_t len, struct err *e)
{
	const struct level *parent = place_top(p);
	int fd;

	if (++p->result->entries > p->job->limits.entries)
		return fail(e, ERR_LIMIT, "the archive has too many entries");
	if (mkdirat(parent->fd, name, 0755) < 0) {
		if (errno != EEXIST)
			return fail_sys(e, "make the folder '/%s'", p->path);
		fail_errno(e, ENOTDIR, "make the folder '/%s'", p->path);
		return fail_hint(e, "a link that leads nowhere is in its place");
	}
	fd = openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "open the folder '/%s'", p->path);
	if (p->job->mode == UNPACK_APPLY && place_made(p, fd, "", e) < 0) {
		(void)close(fd);
		return -1;
	}
	/* root's, as in Docker, whatever the folder above says */
	if (place_faithful(p) && parent->inherit &&
	    (fchown(fd, p->uid, p->gid) < 0 || fchmod(fd, 0755) < 0)) {
		fail_sys(e, "own the folder '/%s'", p->path);
		(void)close(fd);
		return -1;
	}
	return place_push(p, fd, len, e) < 0 ? -1 : 0;
}

/* One component after the other: what is there is opened, what is not is made. */
static int make_missing(struct place *p, const char *path, size_t len, struct err *e)
{
	size_t at = place_top(p)->len;

	while (at < len) {
		size_t start = at + (at > 0), end = start;
		int r;

		while (end < len && path[end] != '/')
			end++;
		memcpy(p->path, path, end);
		p->path[end] = '\0';
		r = open_existing(p, end, e);
		if (r == -ENOENT)
			r = make_folder(p, p->path + start, end, e);
		if (r < 0)
			return -1;
		at = end;
	}
	return place_top(p)->fd;
}

static bool is_within(const struct place *p, const struct level *l, const char *path, size_t len)
{
	return l->len == 0 || (l->len <= len && memcmp(p->path, path, l->len) == 0 &&
			       (l->len == len || path[l->len] == '/'));
}

/**
 * place_enter() - make a folder the last level
 * @path:    clean; its first @len bytes are the folder's name
 * @missing: PLACE_LEAVE: where it is not there, say so
 *
 * Return: its descriptor, which is the level's; -1, with PLACE_LEAVE -ENOENT as well.
 */
int place_enter(struct place *p, const char *path, size_t len, enum place_missing missing,
		struct err *e)
{
	int r;

	while (!is_within(p, place_top(p), path, len))
		if (leave(p, e) < 0)
			return -1;
	if (place_top(p)->len == len)
		return place_top(p)->fd;
	memcpy(p->path, path, len);
	p->path[len] = '\0';
	r = open_existing(p, len, e);
	if (r == 0)
		return place_top(p)->fd;
	if (missing == PLACE_LEAVE && (r == -ENOENT || r == -ENOTDIR))
		return -ENOENT;
	return r == -ENOENT ? make_missing(p, path, len, e) : -1;
}
