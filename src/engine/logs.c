/* logs.c - see logs.h
 *
 * Files are read oldest first, line by line. Who follows waits for the container's end in short naps: the
 * current file is told from a new one, after a rotation, by its inode.
 */
#include "engine/logs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/own.h"
#include "base/text.h"

#define FILES_MAX 1000
#define NAP_MS    50
/* bytes of an entry at most: each of a line's may be six, as \u0000 */
#define ENTRY_MAX (6 * 16384 + 256)

// clang-format off
static const struct bind_row rows[] = {
	ROW_STRING("log",    REQUIRED, struct log_entry, log),
	ROW_STRING("stream", REQUIRED, struct log_entry, stream),
	ROW_STRING("time",   REQUIRED, struct log_entry, time),
};
static const struct bind_table entry_table = BIND_TABLE(rows, struct log_entry, false);
// clang-format on

/**
 * struct reading - one
 * @skip: entries that come before those of the tail
 * @rest: what was read of an entry that is not whole yet
 */
struct reading {
	const struct logs_wish *w;
	int folder;
	int64_t skip;
	struct str rest;
	bool over;
};

static int tell(struct reading *r, const char *line, size_t len, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct log_entry l = { 0 };
	struct err torn = { 0 };

	if (r->skip > 0) {
		r->skip--;
		return 0;
	}
	/* a full disk or a power cut may have torn one */
	if (bind_parse(&entry_table, line, len, LOG_FILE, NULL, &a, &l, &torn) < 0 ||
	    !date_parse(l.time, &l.ns))
		return 0;
	if (l.ns < r->w->since)
		return 0;
	r->over = r->w->until && l.ns > r->w->until;
	return r->over ? 0 : r->w->entry(r->w->ctx, &l, e);
}

/* All that is in @fd from where it stands. */
static int read_all(struct reading *r, int fd, struct err *e)
{
	char buf[65536];
	ssize_t n;

	while (!r->over && (n = read(fd, buf, sizeof(buf))) != 0) {
		const char *at = buf, *end;

		if (n < 0)
			return fail_sys(e, "read the container's log");
		while ((end = memchr(at, '\n', (size_t)n))) {
			size_t len = (size_t)(end - at);

			str_add_len(&r->rest, at, len);
			if (r->rest.torn)
				return fail_errno(e, ENOMEM, "read the container's log");
			if (tell(r, r->rest.at ? r->rest.at : "", r->rest.len, e) < 0)
				return -1;
			r->rest.len = 0;
			at = end + 1;
			n -= (ssize_t)len + 1;
		}
		if (r->rest.len + (size_t)n < ENTRY_MAX)
			str_add_len(&r->rest, at, (size_t)n);
	}
	return 0;
}

static int open_file(const struct reading *r, unsigned n)
{
	char name[sizeof(LOG_FILE) + 12];

	snprintf(name, sizeof(name), n ? LOG_FILE ".%u" : LOG_FILE, n);
	return openat(r->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

static unsigned oldest(const struct reading *r)
{
	char name[sizeof(LOG_FILE) + 12];
	unsigned n = 0;

	do
		snprintf(name, sizeof(name), LOG_FILE ".%u", ++n);
	while (n < FILES_MAX && faccessat(r->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	return n - 1;
}

static int64_t count_lines(int fd)
{
	char buf[65536];
	int64_t lines = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (const char *at = buf; (at = memchr(at, '\n', (size_t)(buf + n - at))); at++)
			lines++;
	return lines;
}

static int64_t count_all(const struct reading *r)
{
	int64_t lines = 0;

	for (unsigned n = oldest(r) + 1; n-- > 0;) {
		own_fd int fd = open_file(r, n);

		if (fd >= 0)
			lines += count_lines(fd);
	}
	return lines;
}

static bool is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_ino == other.st_ino;
}

/* The current file has become an older one: the rest of it, and then the new one. */
static int turn(struct reading *r, int *fd, struct err *e)
{
	own_fd int now = open_file(r, 0);

	if (now < 0 || is_same_file(now, *fd))
		return 0;
	if (read_all(r, *fd, e) < 0)
		return -1;
	fd_take(fd, give_fd(&now));
	return read_all(r, *fd, e);
}

static int follow(struct reading *r, const struct kept *k, int *fd, struct err *e)
{
	int ended;

	do {
		ended = kept_wait(k, NAP_MS, e);
		if (*fd < 0)
			*fd = open_file(r, 0);
		if (ended < 0 || (*fd >= 0 && (read_all(r, *fd, e) < 0 || turn(r, fd, e) < 0)))
			return -1;
	} while (!ended && !r->over);
	return 0;
}

/* logs_read() - tell @w->entry of each, in their order */
int logs_read(struct store *s, const struct kept *k, const struct logs_wish *w, struct err *e)
{
	own_fd int folder =
		openat(s->containers, k->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct reading r = { .w = w, .folder = folder };
	own_fd int fd = FD_NONE;
	int result = 0;

	if (folder < 0)
		return fail_sys(e, "open the container %.12s", k->id);
	if (k->foreground) {
		fail(e, ERR_UNSUPPORTED, "read the log of the container '%s': it has none",
		     k->record.name);
		return fail_hint(e, "what one in the foreground prints goes to whoever runs it");
	}
	if (w->tail >= 0)
		r.skip = count_all(&r) - w->tail;
	for (unsigned n = oldest(&r) + 1; result == 0 && n-- > 0;) {
		fd_take(&fd, open_file(&r, n));
		if (fd >= 0)
			result = read_all(&r, fd, e);
	}
	if (result == 0 && w->follow)
		result = follow(&r, k, &fd, e);
	str_done(&r.rest);
	return result;
}
