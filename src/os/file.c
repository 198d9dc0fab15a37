/* file.c - reading and writing whole small files */
#include "os/file.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"

/* O_NONBLOCK is for the opening, which a FIFO nobody writes to would hold up; who has a pipe's other
 * end open, as a shell has with <(…), is waited for. */
static ssize_t read_some(int fd, void *at, size_t room)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	do
		n = read(fd, at, room);
	while (n < 0 && errno == EAGAIN && poll(&p, 1, -1) > 0);
	return n;
}

/**
 * file_read_fd() - read the rest of an open file
 * @name:     its name, for messages
 * @max:      refuse files longer than this many bytes
 * @ret_text: on success a NUL-terminated copy that the caller frees; else untouched
 *
 * Return: length in bytes, or -1.
 */
int file_read_fd(int fd, const char *name, size_t max, char **ret_text, struct err *e)
{
	own_mem char *text = NULL;
	size_t len = 0, room = 4096;
	struct stat st;
	bool sized = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
	ssize_t n = 0;

	if (sized)
		room = (size_t)st.st_size < max ? (size_t)st.st_size + 2 : max + 1;
	for (;;) {
		char *grown = realloc(text, room + 1);

		if (!grown)
			return fail_errno(e, ENOMEM, "read '%s'", name);
		text = grown;
		/* a file of known size needs no second read to find its end */
		while (len < room && (n = read_some(fd, text + len, room - len)) > 0) {
			len += (size_t)n;
			if (sized && len == (size_t)st.st_size)
				break;
		}
		if (len > max)
			return fail(e, ERR_LIMIT, "read '%s': it is longer than %zu bytes", name,
				    max);
		if (len < room)
			break;
		room = room * 2 > max ? max + 1 : room * 2;
	}
	if (n < 0)
		return fail_sys(e, "read '%s'", name);
	text[len] = '\0';
	*ret_text = give(text);
	return (int)len;
}

/**
 * file_read() - read a whole small text file
 * @dirfd:    directory that @name is resolved in, or AT_FDCWD
 * @name:     path relative to @dirfd
 * @max:      refuse files longer than this many bytes
 * @ret_text: on success a NUL-terminated copy that the caller frees; else untouched
 *
 * Return: length in bytes, or -1.
 */
int file_read(int dirfd, const char *name, size_t max, char **ret_text, struct err *e)
{
	own_fd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return fail_sys(e, "open '%s'", name);
	return file_read_fd(fd, name, max, ret_text, e);
}

/**
 * file_try_read() - read a file that fits into @buf, quietly
 *
 * Return: bytes read (the text is NUL-terminated), or -errno; -EFBIG when it does not fit.
 */
int file_try_read(int dirfd, const char *name, char *buf, size_t size)
{
	own_fd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	if (len == size)
		return -EFBIG;
	buf[len] = '\0';
	return (int)len;
}

/* file_try_write() - write @text in one go to a file that exists; 0 or -errno */
int file_try_write(int dirfd, const char *name, const char *text)
{
	own_fd int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* file_write() - as file_try_write(), with an error that names the file and the value */
int file_write(int dirfd, const char *name, const char *text, struct err *e)
{
	int r = file_try_write(dirfd, name, text);

	return r < 0 ? fail_errno(e, -r, "write '%s' to '%s'", text, name) : 0;
}

/* Write all of @text, or fail with errno set. */
static int write_whole(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int replace(int dirfd, const char *name, const char *text, size_t len, bool durable,
		   struct err *e)
{
	own_fd int fd = FD_NONE;
	char tmp[80];

	snprintf(tmp, sizeof(tmp), ".%.40s.%d", name, (int)getpid());
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "create '%s'", tmp);
	if (write_whole(fd, text, len) < 0 || (durable && fsync(fd) < 0)) {
		fail_sys(e, "write '%s'", tmp);
		(void)unlinkat(dirfd, tmp, 0);
		return -1;
	}
	if (renameat(dirfd, tmp, dirfd, name) < 0) {
		fail_sys(e, "rename '%s' to '%s'", tmp, name);
		(void)unlinkat(dirfd, tmp, 0);
		return -1;
	}
	return durable && fsync(dirfd) < 0 ? fail_sys(e, "flush '%s' to the disk", name) : 0;
}

/**
 * file_replace() - put a new file in @name's place, so that readers see the old or the new one
 *
 * Not flushed to disk: what is written so lives in /run, which dies with the machine.
 */
int file_replace(int dirfd, const char *name, const char *text, size_t len, struct err *e)
{
	return replace(dirfd, name, text, len, false, e);
}

/* file_replace_durable() - the same, and it is on the disk before this returns */
int file_replace_durable(int dirfd, const char *name, const char *text, size_t len, struct err *e)
{
	return replace(dirfd, name, text, len, true, e);
}

/* A new file without a name until it is complete: nothing stays when we are killed. Where the
 * file system has no such files, 1. */
static int link_new(int dir, const char *name, const char *text, size_t len, struct err *e)
{
	own_fd int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	char path[32];

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		return 1;
	if (fd < 0)
		return fail_sys(e, "create '%s'", name);
	if (write_whole(fd, text, len) < 0)
		return fail_sys(e, "write '%s'", name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return fail_sys(e, "replace '%s'", name);
	if (linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) < 0)
		return errno == ENOENT ? 1 : fail_sys(e, "create '%s'", name);
	return 0;
}

/* file_make_folders() - the folder that @len bytes of the absolute @path name, and all above it */
int file_make_folders(const char *path, size_t len, mode_t mode, struct err *e)
{
	char part[PATH_MAX];

	if (len >= sizeof(part))
		return fail_errno(e, ENAMETOOLONG, "make the folder '%.200s'", path);
	for (size_t at = 1; at <= len; at++) {
		if (at < len && path[at] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)at, path);
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return fail_sys(e, "make the folder '%s'", part);
	}
	return 0;
}

/**
 * file_check_place() - can a file be put at @path? Nothing is touched
 *
 * An answer for who would rather ask before the work than after it; what changes since is found by
 * file_replace_path().
 */
int file_check_place(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	own_mem char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct stat st;

	if (!folder)
		return fail_errno(e, ENOMEM, "look at '%s'", path);
	if (stat(folder, &st) < 0)
		return fail_sys(e, "open '%s'", folder);
	if (!S_ISDIR(st.st_mode))
		return fail_errno(e, ENOTDIR, "open '%s'", folder);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
		return fail_sys(e, "write in '%s'", folder);
	if (!path[slash ? slash - path + 1 : 0] || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return fail_errno(e, EISDIR, "write '%s'", path);
	/* a link is replaced as a file is; /dev/null must not be */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return fail(e, ERR_CONFLICT, "write '%s': it is a device, a FIFO or a socket",
			    path);
	return 0;
}

/* file_replace_path() - put a new file at a whole path, such as a user's pid file */
int file_replace_path(const char *path, const char *text, size_t len, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	own_mem char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	own_fd int dir = FD_NONE;
	int r;

	if (!folder)
		return fail_errno(e, ENOMEM, "write '%s'", path);
	dir = fd_open(folder, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return fail_sys(e, "open '%s'", folder);
	r = link_new(dir, name, text, len, e);
	return r <= 0 ? r : file_replace(dir, name, text, len, e);
}
