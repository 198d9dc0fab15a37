/* tar_write.c - headers, and what comes before them
 *
 * Records of an extended header stand in the order of their keys, as Go writes them. A sparse file
 * is of GNU's format 1.0, the only one that Go, GNU tar, python and libarchive all read: its map
 * stands before its content.
 */
#include "layer/tar_write.h"

#include <stdio.h>
#include <string.h>

#define XATTR     "SCHILY.xattr."
#define NAME_ROOM 100

/* the largest numbers that seven and eleven octal digits hold */
#define OCTAL_7   UINT64_C(07777777)
#define OCTAL_11  UINT64_C(077777777777)

static int put(struct tar_writer *w, const void *at, size_t len, struct err *e)
{
	w->at += len;
	return len ? w->write(w->of, at, len, e) : 0;
}

static int pad(struct tar_writer *w, struct err *e)
{
	static const char zeros[TAR_BLOCK];
	size_t rest = (size_t)(w->at % TAR_BLOCK);

	return rest ? put(w, zeros, TAR_BLOCK - rest, e) : 0;
}

/* Octal digits; what is too large is GNU's binary number, or 0 where a record says it (as Go). */
static void number(const struct tar_writer *w, char *h, size_t at, size_t room, uint64_t value)
{
	uint64_t most = room == 8 ? OCTAL_7 : OCTAL_11;

	if (value > most && w->dialect == TAR_GNU) {
		h[at] = (char)0x80;
		for (size_t i = 1; i < room && i <= 8; i++)
			h[at + room - i] = (char)(value >> (8 * (i - 1)));
		return;
	}
	snprintf(h + at, room, "%0*llo", (int)room - 1,
		 (unsigned long long)(value > most ? 0 : value));
}

static uint64_t seconds(const struct tar_entry *x)
{
	return x->mtime.tv_sec < 0 ? 0 : (uint64_t)x->mtime.tv_sec;
}

/* struct header - what one block says; @type as it is there */
struct header {
	const char *name, *link;
	char type;
	uint64_t size;
};

static int put_header(struct tar_writer *w, const struct header *head, const struct tar_entry *x,
		      struct err *e)
{
	char h[TAR_BLOCK] = { 0 };
	unsigned sum = 0;

	memcpy(h, head->name, strnlen(head->name, NAME_ROOM));
	number(w, h, 100, 8, x->mode);
	number(w, h, 108, 8, x->uid);
	number(w, h, 116, 8, x->gid);
	number(w, h, 124, 12, head->size);
	number(w, h, 136, 12, seconds(x));
	memset(h + 148, ' ', 8);
	h[156] = head->type;
	if (head->link)
		memcpy(h + 157, head->link, strnlen(head->link, NAME_ROOM));
	memcpy(h + 257, "ustar\00000", 8);
	if (x->type == TAR_CHAR || x->type == TAR_BLOCK_DEVICE) {
		number(w, h, 329, 8, x->major);
		number(w, h, 337, 8, x->minor);
	}
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	return put(w, h, TAR_BLOCK, e);
}

/* The length counts itself. */
static void record(struct str *s, const char *prefix, const char *key, const void *value,
		   size_t len)
{
	size_t rest = strlen(prefix) + strlen(key) + len + 3, total = rest + 1;
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%zu", total);

	while (rest + (size_t)n != total) {
		total = rest + (size_t)n;
		n = snprintf(digits, sizeof(digits), "%zu", total);
	}
	str_addf(s, "%s %s%s=", digits, prefix, key);
	str_add_len(s, value, len);
	str_add(s, "\n");
}

static void record_text(struct str *s, const char *key, const char *value)
{
	record(s, "", key, value, strlen(value));
}

static void record_number(struct str *s, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	record_text(s, key, text);
}

/* Seconds with their fraction, without zeros at its end; before 1970 both count backwards. */
static void record_time(struct str *s, const char *key, const struct timespec *t)
{
	bool before = t->tv_sec < 0;
	long long sec = t->tv_sec, nsec = t->tv_nsec;
	char text[48];
	size_t n;

	if (before && nsec) {
		sec++;
		nsec = 1000000000 - nsec;
	}
	snprintf(text, sizeof(text), "%s%lld.%09lld", before ? "-" : "", before ? -sec : sec, nsec);
	n = strlen(text);
	while (text[n - 1] == '0')
		n--;
	text[text[n - 1] == '.' ? n - 1 : n] = '\0';
	record_text(s, key, text);
}

static bool needs_time(const struct timespec *t)
{
	return t->tv_nsec || t->tv_sec < 0 || (uint64_t)t->tv_sec > OCTAL_11;
}

/* In the order of the keys, as their bytes are. */
static void records(struct str *s, const struct tar_entry *x, const struct tar_map *map,
		    uint64_t stored)
{
	if (map) {
		record_text(s, "GNU.sparse.major", "1");
		record_text(s, "GNU.sparse.minor", "0");
		record_text(s, "GNU.sparse.name", x->path);
		record_number(s, "GNU.sparse.realsize", x->size);
	}
	for (size_t i = 0; i < x->n_xattrs; i++)
		record(s, XATTR, x->xattrs[i].name, x->xattrs[i].value, x->xattrs[i].len);
	if (x->gid > OCTAL_7)
		record_number(s, "gid", x->gid);
	if (x->link && strlen(x->link) > NAME_ROOM)
		record_text(s, "linkpath", x->link);
	if (needs_time(&x->mtime))
		record_time(s, "mtime", &x->mtime);
	if (!map && strlen(x->path) > NAME_ROOM)
		record_text(s, "path", x->path);
	if (stored > OCTAL_11)
		record_number(s, "size", stored);
	if (x->uid > OCTAL_7)
		record_number(s, "uid", x->uid);
}

static int put_extended(struct tar_writer *w, struct err *e)
{
	static const struct tar_entry nobody = { .type = TAR_FILE, .mode = 0644 };
	struct header h = { .name = "././@PaxHeader", .type = 'x', .size = w->pax.len };

	if (w->pax.torn)
		return fail_errno(e, ENOMEM, "write the archive");
	if (w->pax.len == 0)
		return 0;
	if (put_header(w, &h, &nobody, e) < 0 || put(w, w->pax.at, w->pax.len, e) < 0)
		return -1;
	return pad(w, e);
}

/* GNU: a name that is too long comes before, as the content of an entry of its own. */
static int put_long(struct tar_writer *w, char type, const char *text, struct err *e)
{
	static const struct tar_entry nobody = { .type = TAR_FILE, .mode = 0644 };
	size_t len = text ? strlen(text) : 0;
	struct header h = { .name = "././@LongLink", .type = type, .size = len + 1 };

	if (len <= NAME_ROOM)
		return 0;
	if (put_header(w, &h, &nobody, e) < 0 || put(w, text, len + 1, e) < 0)
		return -1;
	return pad(w, e);
}

/* Format 1.0's map: how many regions, then offsets and lengths, one a line, to a whole block. */
static int map_text(struct str *s, const struct tar_map *map, struct err *e)
{
	str_addf(s, "%zu\n", map->n);
	for (size_t i = 0; i < map->n; i++)
		str_addf(s, "%llu\n%llu\n", (unsigned long long)map->regions[i].offset,
			 (unsigned long long)map->regions[i].len);
	while (s->len % TAR_BLOCK && !s->torn)
		str_add_len(s, "", 1);
	return s->torn ? fail_errno(e, ENOMEM, "write the archive") : 0;
}

static bool has_content(const struct tar_entry *x)
{
	return x->type == TAR_FILE;
}

static int begin(struct tar_writer *w, const struct tar_entry *x, const struct tar_map *map,
		 const struct str *text, struct err *e)
{
	struct header h = { .name = x->path, .link = x->link, .type = (char)x->type };
	const char *base = strrchr(x->path, '/');
	char sparse[NAME_ROOM + 1];

	h.size = has_content(x) ? x->size : 0;
	if (map) {
		snprintf(sparse, sizeof(sparse), "GNUSparseFile.0/%s", base ? base + 1 : x->path);
		h.name = sparse;
		h.size = text->len;
		for (size_t i = 0; i < map->n; i++)
			h.size += map->regions[i].len;
	}
	w->pax.len = 0;
	if (w->dialect == TAR_PAX)
		records(&w->pax, x, map, h.size);
	else if (put_long(w, 'K', x->link, e) < 0 || put_long(w, 'L', x->path, e) < 0)
		return -1;
	if (put_extended(w, e) < 0 || put_header(w, &h, x, e) < 0)
		return -1;
	w->left = h.size;
	return 0;
}

/**
 * tar_put() - the header of an entry; its content follows, if it is a file that has some
 * @x:   its @path is written as it is; a folder's ends with a slash. Its @sparse and @atime are not
 *       looked at
 * @map: NULL: the content is @x->size bytes. Else only in TAR_PAX: the bytes of these regions, and
 *       @x->size is the file's size
 */
int tar_put(struct tar_writer *w, const struct tar_entry *x, const struct tar_map *map,
	    struct err *e)
{
	own_str struct str text = { 0 };

	if (w->left)
		return fail(e, ERR_BUG, "write the archive: %llu bytes of a file are missing",
			    (unsigned long long)w->left);
	if (map && map_text(&text, map, e) < 0)
		return -1;
	if (begin(w, x, map, &text, e) < 0)
		return -1;
	return text.len ? tar_put_data(w, text.at, text.len, e) : 0;
}

/* tar_put_data() - the next bytes of the entry's content */
int tar_put_data(struct tar_writer *w, const void *at, size_t len, struct err *e)
{
	if (len > w->left)
		return fail(e, ERR_BUG, "write the archive: a file has too many bytes");
	w->left -= len;
	if (put(w, at, len, e) < 0)
		return -1;
	return w->left ? 0 : pad(w, e);
}

/* tar_put_passed() - the caller has written the next @len bytes to the sink's end himself */
int tar_put_passed(struct tar_writer *w, uint64_t len, struct err *e)
{
	if (len > w->left)
		return fail(e, ERR_BUG, "write the archive: a file has too many bytes");
	w->left -= len;
	w->at += len;
	return w->left ? 0 : pad(w, e);
}

/* tar_put_end() - the end marker */
int tar_put_end(struct tar_writer *w, struct err *e)
{
	static const char end[2 * TAR_BLOCK];

	if (w->left)
		return fail(e, ERR_BUG, "write the archive: %llu bytes of a file are missing",
			    (unsigned long long)w->left);
	return put(w, end, sizeof(end), e);
}

/* tar_can_name() - whether a record can name that attribute: a key ends where the first "=" is */
bool tar_can_name(const char *xattr)
{
	return *xattr && !strchr(xattr, '=');
}

/* tar_writer_done() - release what writing took */
void tar_writer_done(struct tar_writer *w)
{
	str_done(&w->pax);
}
