/* tree_copy.c - walks two trees at once, by names below descriptors
 *
 * What has been copied under one name and has others is remembered by its number; links to it are
 * made below the copy's root, in folders that we have made ourselves and nobody else can reach.
 */
#include "os/tree_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/own.h"
#include "base/text.h"
#include "os/file_copy.h"
#include "os/path.h"

#define BUCKETS     4096
#define XATTR_MAX   ((size_t)64 << 10)
#define MEMORY      ((size_t)1 << 30)
#define DESCRIPTORS 8192 /* two for each level, and some more */

/* struct seen - a file with several names, and where its first copy is */
struct seen {
	struct seen *next;
	dev_t dev;
	ino_t ino;
	char *path;
};

/* struct copy - a copy in progress; @path is where it is, below the root */
struct copy {
	int root;
	bool shares;
	struct arena a;
	struct seen *seen[BUCKETS];
	struct str path;
	char *value, *names;
	struct tree_copied done;
};

/* struct place - one entry on both sides */
struct place {
	int from, to;
	const char *name;
	struct stat st;
};

static int copy_folder(struct copy *c, int from, int to, struct err *e);

/* Links have no descriptor that takes attributes; a name in a folder that is open leads nowhere else. */
static void by_folder(char path[PATH_MAX], int folder, const char *name)
{
	snprintf(path, PATH_MAX, "/proc/self/fd/%d/%s", folder, name);
}

static int copy_xattr(struct copy *c, const char *from, const char *to, const char *name,
		      struct err *e)
{
	ssize_t n = lgetxattr(from, name, c->value, XATTR_MAX);

	if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
		return 0;
	if (n < 0)
		return fail_sys(e, "read the attribute '%s' of '%s'", name, c->path.at);
	if (lsetxattr(to, name, c->value, (size_t)n, 0) < 0)
		return fail_sys(e, "set the attribute '%s' of '%s'", name, c->path.at);
	return 0;
}

static int copy_xattrs(struct copy *c, const char *from, const char *to, struct err *e)
{
	ssize_t n = llistxattr(from, c->names, XATTR_MAX);

	if (n < 0 && errno == EOPNOTSUPP)
		return 0;
	if (n < 0)
		return fail_sys(e, "list the attributes of '%s'", c->path.at);
	for (const char *name = c->names; name < c->names + n; name += strlen(name) + 1)
		if (copy_xattr(c, from, to, name, e) < 0)
			return -1;
	return 0;
}

/* Owner, mode, attributes and times, in the order in which none undoes another. */
static int copy_attributes(struct copy *c, const struct place *p, struct err *e)
{
	const struct timespec times[] = { p->st.st_atim, p->st.st_mtim };
	char from[PATH_MAX], to[PATH_MAX];

	by_folder(from, p->from, p->name);
	by_folder(to, p->to, p->name);
	if (fchownat(p->to, p->name, p->st.st_uid, p->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "give '%s' its owner", c->path.at);
	if (!S_ISLNK(p->st.st_mode) && fchmodat(p->to, p->name, p->st.st_mode & 07777, 0) < 0)
		return fail_sys(e, "give '%s' its mode", c->path.at);
	if (copy_xattrs(c, from, to, e) < 0)
		return -1;
	if (utimensat(p->to, p->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "give '%s' its times", c->path.at);
	return 0;
}

static int copy_file(struct copy *c, const struct place *p, struct err *e)
{
	own_fd int from = openat(p->from, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	own_fd int to = FD_NONE;
	bool could = c->shares;

	if (from < 0)
		return fail_sys(e, "open '%s'", c->path.at);
	to = openat(p->to, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return fail_sys(e, "make '%s'", c->path.at);
	if (file_copy(from, to, (uint64_t)p->st.st_size, &c->shares, e) < 0)
		return fail_in(e, "copy '%s'", c->path.at);
	if (could && c->shares)
		c->done.shared += (uint64_t)p->st.st_size;
	else
		c->done.bytes += (uint64_t)p->st.st_blocks * 512;
	return 0;
}

static int copy_link(struct copy *c, const struct place *p, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(p->from, p->name, target, sizeof(target) - 1);

	if (n < 0)
		return fail_sys(e, "read the link '%s'", c->path.at);
	target[n] = '\0';
	return symlinkat(target, p->to, p->name) < 0 ? fail_sys(e, "make '%s'", c->path.at) : 0;
}

static struct seen **bucket(struct copy *c, const struct stat *st)
{
	return &c->seen[((size_t)st->st_ino ^ (size_t)(st->st_ino >> 12)) % BUCKETS];
}

static const struct seen *find(struct copy *c, const struct stat *st)
{
	for (const struct seen *s = *bucket(c, st); s; s = s->next)
		if (s->ino == st->st_ino && s->dev == st->st_dev)
			return s;
	return NULL;
}

static int remember(struct copy *c, const struct stat *st, struct err *e)
{
	struct seen *s = arena_alloc(&c->a, sizeof(*s)), **head = bucket(c, st);

	if (!s || !(s->path = arena_dup(&c->a, c->path.at)))
		return fail_errno(e, ENOMEM, "copy a tree");
	s->dev = st->st_dev;
	s->ino = st->st_ino;
	s->next = *head;
	*head = s;
	return 0;
}

/* Another name of what is copied already. */
static int link_to(struct copy *c, const struct seen *s, const struct place *p, struct err *e)
{
	const char *slash = strrchr(s->path, '/');
	own_mem char *folder = strndup(s->path, slash ? (size_t)(slash - s->path) : 0);
	own_fd int at = folder ? path_try_open(c->root, folder, O_PATH | O_DIRECTORY, PATH_NOLINKS)
			       : -ENOMEM;

	if (at < 0)
		return fail_errno(e, -at, "link '%s' to '%s'", c->path.at, s->path);
	return linkat(at, slash ? slash + 1 : s->path, p->to, p->name, 0) < 0
		       ? fail_sys(e, "link '%s' to '%s'", c->path.at, s->path)
		       : 0;
}

static int copy_below(struct copy *c, const struct place *p, struct err *e)
{
	own_fd int from = FD_NONE, to = FD_NONE;

	if (mkdirat(p->to, p->name, 0700) < 0)
		return fail_sys(e, "make the folder '%s'", c->path.at);
	from = openat(p->from, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	to = openat(p->to, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || to < 0)
		return fail_sys(e, "open the folder '%s'", c->path.at);
	return copy_folder(c, from, to, e);
}

static int make(struct copy *c, const struct place *p, struct err *e)
{
	switch (p->st.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_below(c, p, e);
	case S_IFREG:
		return copy_file(c, p, e);
	case S_IFLNK:
		return copy_link(c, p, e);
	default: /* devices, FIFOs, sockets */
		return mknodat(p->to, p->name, p->st.st_mode & (S_IFMT | 07777), p->st.st_rdev) < 0
			       ? fail_sys(e, "make '%s'", c->path.at)
			       : 0;
	}
}

static int copy_entry(struct copy *c, struct place *p, struct err *e)
{
	const struct seen *before = NULL;

	if (fstatat(p->from, p->name, &p->st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "look at '%s'", c->path.at);
	c->done.entries++;
	if (!S_ISDIR(p->st.st_mode) && p->st.st_nlink > 1) {
		before = find(c, &p->st);
		if (before)
			return link_to(c, before, p, e);
		if (remember(c, &p->st, e) < 0)
			return -1;
	}
	return make(c, p, e) < 0 ? -1 : copy_attributes(c, p, e);
}

/* Names first: a folder that is being read costs a descriptor more. */
static int list(struct copy *c, int folder, char ***ret_names, size_t *ret_n, struct err *e)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	char **names = NULL;
	size_t n = 0;

	if (!dir)
		return fail_sys(e, "list the folder '%s'", c->path.at ? c->path.at : "/");
	for (struct dirent *d; errno = 0, (d = readdir(dir));) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		names = arena_more(&c->a, names, n, sizeof(*names));
		if (!names || !(names[n++] = arena_dup(&c->a, d->d_name)))
			return fail_errno(e, ENOMEM, "copy a tree");
	}
	if (errno)
		return fail_sys(e, "list the folder '%s'", c->path.at ? c->path.at : "/");
	*ret_names = names;
	*ret_n = n;
	return 0;
}

static int copy_folder(struct copy *c, int from, int to, struct err *e)
{
	size_t n = 0, len = c->path.len;
	char **names = NULL;

	if (list(c, from, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct place p = { .from = from, .to = to, .name = names[i] };

		str_addf(&c->path, "%s%s", len ? "/" : "", names[i]);
		if (c->path.torn)
			return fail_errno(e, ENOMEM, "copy a tree");
		if (copy_entry(c, &p, e) < 0)
			return -1;
		c->path.len = len;
		c->path.at[len] = '\0';
	}
	return 0;
}

/* tree_copy_attributes() - owner, mode, attributes and times of one folder to another */
int tree_copy_attributes(int from, int to, struct err *e)
{
	struct copy c = { .value = malloc(XATTR_MAX), .names = malloc(XATTR_MAX) };
	struct place p = { .from = from, .to = to, .name = "." };
	int r = c.value && c.names ? 0 : fail_errno(e, ENOMEM, "copy attributes");

	str_add(&c.path, ".");
	if (r == 0 && fstat(from, &p.st) < 0)
		r = fail_sys(e, "look at a folder");
	if (r == 0)
		r = copy_attributes(&c, &p, e);
	free(c.value);
	free(c.names);
	str_done(&c.path);
	return r;
}

static void want_descriptors(struct rlimit *ret_before)
{
	struct rlimit more;

	if (getrlimit(RLIMIT_NOFILE, ret_before) < 0)
		return;
	more = *ret_before;
	if (more.rlim_cur < DESCRIPTORS)
		more.rlim_cur = more.rlim_max < DESCRIPTORS ? more.rlim_max : DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &more);
}

/**
 * tree_copy() - copy all that is in the folder @from into the empty folder @to, and what @from has
 *
 * What a failure leaves is for the caller to remove.
 */
int tree_copy(int from, int to, struct tree_copied *ret_copied, struct err *e)
{
	struct copy c = { .root = to,
			  .shares = true,
			  .a = { .limit = MEMORY },
			  .value = malloc(XATTR_MAX),
			  .names = malloc(XATTR_MAX) };
	struct rlimit before = { 0 };
	int r = c.value && c.names ? 0 : fail_errno(e, ENOMEM, "copy a tree");

	want_descriptors(&before);
	if (r == 0)
		r = copy_folder(&c, from, to, e);
	if (before.rlim_max)
		(void)setrlimit(RLIMIT_NOFILE, &before);
	if (r == 0)
		r = tree_copy_attributes(from, to, e);
	free(c.value);
	free(c.names);
	str_done(&c.path);
	arena_done(&c.a);
	*ret_copied = c.done;
	return r;
}
