/* log.c - see log.h */
#include "shim/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/log.h"
#include "base/own.h"
#include "shim/documents.h"

#define HEAD "{\"log\":\""

static int open_file(struct shim_log *l)
{
	struct stat st;

	l->fd = openat(l->folder, LOG_FILE, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
		       0600);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return -1;
	l->written = (uint64_t)st.st_size;
	return 0;
}

/**
 * shim_log_open() - open a container's log, that goes on where it ended
 * @folder: stays the caller's, and open
 * @size: bytes of a file; 0: nothing is kept
 */
int shim_log_open(struct shim_log *l, int folder, uint64_t size, unsigned files, struct err *e)
{
	*l = (struct shim_log){
		.folder = folder, .fd = FD_NONE, .size = size, .files = files ? files : 1
	};
	return size == 0 || open_file(l) == 0 ? 0 : fail_sys(e, "open the container's log");
}

/* --- entries --- */

/* Bytes of a UTF-8 character that begins at @at, of which @len are there; 0: it is none. */
static size_t character(const unsigned char *at, size_t len)
{
	static const struct {
		unsigned char mask, lead, low;
		size_t n;
	} rows[] = {
		{ 0xe0, 0xc0, 0x02, 2 },
		{ 0xf0, 0xe0, 0x00, 3 },
		{ 0xf8, 0xf0, 0x00, 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if ((at[0] & rows[i].mask) != rows[i].lead)
			continue;
		if (len < rows[i].n || (rows[i].n == 2 && (at[0] & 0x1f) < rows[i].low))
			return 0;
		for (size_t k = 1; k < rows[i].n; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].n;
	}
	return 0;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* How many bytes of @at stand for themselves: eight at a time, as most do. */
static size_t plain(const unsigned char *at, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t n = 0;

	for (; n + 8 <= len; n += 8) {
		uint64_t w, quote, back, del;

		memcpy(&w, at + n, 8);
		quote = w ^ (ones * '"');
		back = w ^ (ones * '\\');
		del = w ^ (ones * 0x7f);
		/* a byte that is below 0x20, or none of those three, or above 0x7f */
		if ((w | (w - ones * 0x20) | (quote - ones) | (back - ones) | (del - ones)) & high)
			break;
	}
	while (n < len && is_plain(at[n]))
		n++;
	return n;
}

/* What is no UTF-8 becomes the character that stands for it, as Go's JSON has it. */
static void add_quoted(struct str *out, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0; i < len;) {
		size_t n = plain(at + i, len - i);

		str_add_len(out, text + i, n);
		i += n;
		if (i == len)
			break;
		n = at[i] < 0x80 ? 1 : character(at + i, len - i);
		if (at[i] == '\n')
			str_add_len(out, "\\n", 2);
		else if (at[i] == '"' || at[i] == '\\')
			str_addf(out, "\\%c", at[i]);
		else if (n == 1)
			str_addf(out, "\\u%04x", at[i]);
		else if (n == 0)
			str_add(out, "\\ufffd");
		else
			str_add_len(out, text + i, n);
		i += n ? n : 1;
	}
}

/* What stands behind each entry's text: the same for all that came at once. */
struct tail {
	char text[DATE_TEXT + 64];
	size_t len;
};

static void make_tail(struct tail *t, const struct log_stream *s)
{
	char time[DATE_TEXT];

	t->len = (size_t)snprintf(t->text, sizeof(t->text),
				  "\",\"stream\":\"%s\",\"time\":\"%s\"}\n", s->name,
				  date_text(date_now_ns(), time));
}

static void add_entry(struct shim_log *l, const struct log_stream *s, const struct tail *t,
		      const char *rest, size_t len)
{
	str_add_len(&l->out, HEAD, sizeof(HEAD) - 1);
	add_quoted(&l->out, s->part, s->n);
	add_quoted(&l->out, rest, len);
	str_add_len(&l->out, t->text, t->len);
}

/* --- files --- */

static void file_name(char buf[sizeof(LOG_FILE) + 12], unsigned n)
{
	snprintf(buf, sizeof(LOG_FILE) + 12, n ? LOG_FILE ".%u" : LOG_FILE, n);
}

static void rotate(struct shim_log *l)
{
	char from[sizeof(LOG_FILE) + 12], to[sizeof(LOG_FILE) + 12];

	for (unsigned n = l->files - 1; n > 0; n--) {
		file_name(from, n - 1);
		file_name(to, n);
		(void)renameat(l->folder, from, l->folder, to);
	}
	if (l->files == 1)
		(void)unlinkat(l->folder, LOG_FILE, 0);
	fd_close(&l->fd);
	(void)open_file(l);
}

/* Nobody can be told but the host's log: the container goes on. */
static void complain(struct shim_log *l)
{
	if (!l->torn)
		log_warn("write the container's log: %s", strerror(errno));
	l->torn = true;
}

static void flush(struct shim_log *l)
{
	const char *at = l->out.at;
	size_t left = l->out.len;

	if (l->fd < 0)
		(void)open_file(l);
	while (left > 0) {
		ssize_t n = write(l->fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			complain(l);
			break;
		}
		at += n;
		left -= (size_t)n;
		l->written += (uint64_t)n;
	}
	l->out.len = 0;
	if (l->written >= l->size)
		rotate(l);
}

/* shim_log_add() - what @s had, just now */
void shim_log_add(struct shim_log *l, struct log_stream *s, const char *at, size_t len)
{
	struct tail tail;
	const char *end;

	if (l->size == 0)
		return;
	make_tail(&tail, s);
	while ((end = memchr(at, '\n', len)) || s->n + len >= sizeof(s->part)) {
		size_t n = end ? (size_t)(end - at) + 1 : len;

		if (s->n + n > sizeof(s->part))
			n = sizeof(s->part) - s->n;
		add_entry(l, s, &tail, at, n);
		if (l->written + l->out.len >= l->size)
			flush(l);
		s->n = 0;
		at += n;
		len -= n;
	}
	memcpy(s->part + s->n, at, len);
	s->n += len;
	flush(l);
}

/* shim_log_end() - nothing more comes: a line without an end ends */
void shim_log_end(struct shim_log *l, struct log_stream *s)
{
	struct tail tail;

	if (l->size == 0 || s->n == 0)
		return;
	make_tail(&tail, s);
	add_entry(l, s, &tail, "", 0);
	s->n = 0;
	flush(l);
}

void shim_log_close(struct shim_log *l)
{
	fd_close(&l->fd);
	str_done(&l->out);
}
