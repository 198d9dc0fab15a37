/* cgroup_file.c - reading and writing the small files of a cgroup directory, and the walk
 *
 * A container that was given a cgroup of its own can nest directories as deeply as it likes,
 * so the walk holds two descriptors however deep it is: it goes up by ".." (a cgroup is never
 * moved to another parent) and continues where it was by the directory offset.
 */
#include "os/cgroup_file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"
#include "os/sys.h"

/**
 * cgroup_try_read() - read a whole small file
 * @dirfd:    the cgroup's directory
 * @ret_text: receives the text, NUL-terminated, without a trailing newline
 * @size:     bytes at @ret_text; a longer file is cut
 *
 * Return: the text's length, or -errno.
 */
int cgroup_try_read(int dirfd, const char *name, char *ret_text, size_t size)
{
	own_fd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, ret_text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	if (len && ret_text[len - 1] == '\n')
		len--;
	ret_text[len] = '\0';
	return (int)len;
}

/* cgroup_try_read_u64() - a file that holds one number, or "max" (UINT64_MAX) */
int cgroup_try_read_u64(int dirfd, const char *name, uint64_t *ret_value)
{
	char text[32];
	int r = cgroup_try_read(dirfd, name, text, sizeof(text));

	if (r < 0)
		return r;
	if (strcmp(text, "max") == 0) {
		*ret_value = UINT64_MAX;
		return 0;
	}
	return text_u64(text, UINT64_MAX, ret_value);
}

/* cgroup_try_write_fd() - one write() of all of @text; a memory limit may answer EINTR */
int cgroup_try_write_fd(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	for (int i = 0; i < 100; i++) {
		n = write(fd, text, len);
		if (n >= 0)
			return (size_t)n == len ? 0 : -EIO;
		if (errno != EINTR)
			break;
	}
	return -errno;
}

/* cgroup_try_write() - open @name below @dirfd and write @text at once; 0 or -errno */
int cgroup_try_write(int dirfd, const char *name, const char *text)
{
	own_fd int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : cgroup_try_write_fd(fd, text);
}

/* What getdents64 returns; glibc and musl name their own versions differently. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/**
 * struct walk - position of a walk
 * @fd:    directory that is being read
 * @names: names from the start down to @fd, each with its NUL
 * @from:  per level, offset at which the directory above is continued
 */
struct walk {
	const struct cgroup_walk *how;
	int fd;
	struct str names;
	int64_t *from;
	size_t deep, room;
};

static int descend(struct walk *w, const char *name, int64_t from)
{
	own_fd int sub = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (sub < 0)
		return errno == ENOENT ? 0 : -errno;
	if (w->deep == w->room) {
		size_t room = w->room ? w->room * 2 : 32;
		int64_t *grown = realloc(w->from, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		w->from = grown;
		w->room = room;
	}
	str_add_len(&w->names, name, strlen(name) + 1);
	if (w->names.torn)
		return -ENOMEM;
	r = w->how->enter ? w->how->enter(sub, w->how->ctx) : 0;
	if (r < 0)
		return r;
	w->from[w->deep++] = from;
	fd_take(&w->fd, give_fd(&sub));
	return 1;
}

static int ascend(struct walk *w)
{
	own_fd int up = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t at = w->names.len - 1;
	int r;

	if (up < 0)
		return -errno;
	while (at > 0 && w->names.at[at - 1])
		at--;
	r = w->how->leave ? w->how->leave(up, w->names.at + at, w->how->ctx) : 0;
	if (r < 0)
		return r;
	w->names.len = at;
	if (lseek(up, w->from[--w->deep], SEEK_SET) < 0)
		return -errno;
	fd_take(&w->fd, give_fd(&up));
	return 0;
}

/* Reads on in the current directory: 1 one level down, 0 nothing more here, or -errno. */
static int next_dir(struct walk *w)
{
	_Alignas(8) char buf[4096];
	long n;

	while ((n = syscall(SYS_getdents64, w->fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *d = (const void *)(buf + at);
			int r;

			at += d->reclen;
			if (d->type != DT_DIR || d->name[0] == '.')
				continue;
			r = descend(w, d->name, d->off);
			if (r)
				return r;
		}
	}
	/* ENOENT: the directory itself is gone, and so is what was below */
	return n < 0 && errno != ENOENT ? -errno : 0;
}

/**
 * cgroup_try_walk() - visit every cgroup below @dirfd, not itself
 * @dirfd: may be O_PATH
 *
 * Return: 0, -errno, or what a visitor stopped with.
 */
int cgroup_try_walk(int dirfd, const struct cgroup_walk *how)
{
	struct walk w = { .how = how };
	int r;

	w.fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return -errno;
	do {
		r = next_dir(&w);
		if (r == 0 && w.deep) {
			r = ascend(&w);
			if (r == 0)
				r = 1;
		}
	} while (r > 0);
	fd_close(&w.fd);
	str_done(&w.names);
	free(w.from);
	return r;
}
