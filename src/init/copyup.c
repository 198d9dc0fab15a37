/* copyup.c - copies what a new tmpfs covers into it ("tmpcopyup")
 *
 * Both trees belong to the container, which may run (the mounts command), and exchange names while
 * we copy. Names are only ever used with the descriptor of their directory, links are copied, never
 * followed, and owner and mode are set on what was made, by its descriptor.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"

#define MAX_DEEP 64

static int copy_dir(int from, int to, int deep, struct err *e);

/* The owner first: it takes the set-user-ID bits away. */
static int set_owner(int fd, const char *name, const struct stat *st, struct err *e)
{
	if (fchown(fd, st->st_uid, st->st_gid) < 0)
		return fail_sys(e, "set the owner of '%s'", name);
	if (fchmod(fd, st->st_mode & 07777) < 0)
		return fail_sys(e, "set the mode of '%s'", name);
	return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st, struct err *e)
{
	own_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	own_fd int out = FD_NONE;
	off_t left = st->st_size;

	if (in < 0)
		return fail_sys(e, "open '%s'", name);
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return fail_sys(e, "create '%s'", name);
	while (left > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);

		if (n < 0)
			return fail_sys(e, "copy '%s'", name);
		if (n == 0)
			break;
		left -= n;
	}
	return set_owner(out, name, st, e);
}

static int copy_link(int from, int to, const char *name, struct err *e)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return fail_sys(e, "read link '%s'", name);
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? fail_sys(e, "make link '%s'", name) : 0;
}

/* A node cannot be opened to set its mode, so it is made with it. */
static int copy_node(int to, const char *name, const struct stat *st, struct err *e)
{
	mode_t umask_was = umask(0);
	int r = mknodat(to, name, st->st_mode, st->st_rdev);

	if (r < 0)
		fail_sys(e, "make node '%s'", name);
	(void)umask(umask_was);
	return r;
}

static int copy_subdir(int from, int to, const char *name, const struct stat *st, int deep,
		       struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	own_fd int in = openat(from, name, flags);
	own_fd int out = FD_NONE;

	if (in < 0)
		return fail_sys(e, "open '%s'", name);
	if (mkdirat(to, name, 0700) < 0)
		return fail_sys(e, "make directory '%s'", name);
	out = openat(to, name, flags);
	if (out < 0)
		return fail_sys(e, "open '%s'", name);
	return copy_dir(in, out, deep + 1, e) < 0 ? -1 : set_owner(out, name, st, e);
}

static int copy_content(int from, int to, const char *name, const struct stat *st, int deep,
			struct err *e)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from, to, name, st, e);
	case S_IFDIR:
		return copy_subdir(from, to, name, st, deep, e);
	case S_IFLNK:
		return copy_link(from, to, name, e);
	default:
		return copy_node(to, name, st, e);
	}
}

static int copy_one(int from, int to, const char *name, int deep, struct err *e)
{
	struct timespec times[2];
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "look at '%s'", name);
	if (copy_content(from, to, name, &st, deep, e) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) &&
	    fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "set the owner of '%s'", name);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	(void)utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int copy_dir(int from, int to, int deep, struct err *e)
{
	own_dir DIR *dir = NULL;
	struct dirent *d;
	int fd;

	if (deep > MAX_DEEP)
		return fail(e, ERR_LIMIT, "copy directories deeper than %d", MAX_DEEP);
	fd = fcntl(from, F_DUPFD_CLOEXEC, 0);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return fail_sys(e, "list a directory");
	}
	for (errno = 0; (d = readdir(dir)); errno = 0) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (copy_one(from, to, d->d_name, deep, e) < 0)
			return -1;
	}
	return errno ? fail_sys(e, "list a directory") : 0;
}

/**
 * copyup_tree() - copy a directory's content with owners, modes and times
 * @from, @to: open directories; @to's own mode and owner become those of @from
 */
int copyup_tree(int from, int to, struct err *e)
{
	struct stat st;

	if (copy_dir(from, to, 0, e) < 0)
		return fail_in(e, "copy up what the tmpfs covers");
	if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 ||
	    fchmod(to, st.st_mode & 07777) < 0)
		return fail_sys(e, "copy up the directory's mode");
	return 0;
}
