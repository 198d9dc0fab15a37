/* tar.c - headers, one after the other, and the content between them
 *
 * @left bytes of the entry's stored content and @padding behind them are still to come before the
 * next header. A piece of the archive is handed out as it came; only headers are gathered, as one
 * may be cut by the end of a piece.
 */
#include "layer/tar.h"

#include <stdlib.h>
#include <string.h>

#include "layer/tar_priv.h"

#define HEADERS_MAX 16 /* extended headers before one entry; one of each kind makes sense */

enum format { V7, USTAR, STAR, GNU };

// clang-format off
static const struct tar_field
	f_name     = {   0, 100 },
	f_mode     = { 100,   8 },
	f_uid      = { 108,   8 },
	f_gid      = { 116,   8 },
	f_size     = { 124,  12 },
	f_mtime    = { 136,  12 },
	f_checksum = { 148,   8 },
	f_type     = { 156,   1 },
	f_link     = { 157, 100 },
	f_magic    = { 257,   8 },
	f_major    = { 329,   8 },
	f_minor    = { 337,   8 },
	f_prefix   = { 345, 155 },
	f_star     = { 508,   4 }; /* "tar\0"; its prefix is shorter, since times follow it */
// clang-format on

#define STAR_PREFIX 131

void tar_say(const struct tar *t, struct err *e, const char *why)
{
	fail(e, ERR_INPUT, "read the archive: %s, at byte %llu", why,
	     (unsigned long long)t->offset);
}

/**
 * tar_start() - begin to read an archive
 * @more: called for its next piece, with @of; a piece holds until the next call
 */
void tar_start(struct tar *t, const struct tar_limits *limits, tar_source *more, void *of)
{
	*t = (struct tar){ .more = more, .of = of, .limits = *limits };
}

static void text_free(struct tar_text *x)
{
	free(x->at);
	*x = (struct tar_text){ 0 };
}

void tar_done(struct tar *t)
{
	text_free(&t->pax);
	text_free(&t->long_name);
	text_free(&t->long_link);
	text_free(&t->name);
	text_free(&t->target);
	free(t->xattrs);
	free(t->regions);
	*t = (struct tar){ 0 };
}

/* Room for @len bytes and a NUL. */
static int text_room(struct tar_text *x, size_t len, struct err *e)
{
	char *at;

	x->len = 0;
	if (len < x->cap)
		return 0;
	at = realloc(x->at, len + 1);
	if (!at)
		return fail_errno(e, ENOMEM, "read the archive");
	x->at = at;
	x->cap = len + 1;
	return 0;
}

/* Some bytes at @t->at. 0 at the archive's end */
static int refill(struct tar *t, struct err *e)
{
	while (t->len == 0) {
		int r = t->more(t->of, &t->at, &t->len, e);

		if (r <= 0)
			return r;
	}
	return 1;
}

static int fail_truncated(const struct tar *t, struct err *e)
{
	return tar_fail(t, e, "it ends before its end: truncated");
}

/* tar_take() - copy the next @len bytes, which must be there */
int tar_take(struct tar *t, void *ret_bytes, size_t len, struct err *e)
{
	unsigned char *to = ret_bytes;

	while (len > 0) {
		size_t n;
		int r = refill(t, e);

		if (r <= 0)
			return r < 0 ? -1 : fail_truncated(t, e);
		n = t->len < len ? t->len : len;
		memcpy(to, t->at, n);
		to += n;
		len -= n;
		t->at += n;
		t->len -= n;
		t->offset += n;
	}
	return 0;
}

static int skip(struct tar *t, uint64_t len, struct err *e)
{
	while (len > 0) {
		size_t n;
		int r = refill(t, e);

		if (r <= 0)
			return r < 0 ? -1 : fail_truncated(t, e);
		n = t->len < len ? t->len : (size_t)len;
		len -= n;
		t->at += n;
		t->len -= n;
		t->offset += n;
	}
	return 0;
}

static bool is_zero(const unsigned char *block)
{
	return block[0] == 0 && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

/* The sum of all bytes, with blanks for its own; some old programs added up signed ones. */
static bool checksum_fits(const unsigned char *h)
{
	int64_t want, is_unsigned = 0, is_signed = 0;

	for (unsigned i = 0; i < TAR_BLOCK; i++) {
		bool own = i >= f_checksum.at && i < f_checksum.at + f_checksum.len;

		is_unsigned += own ? ' ' : h[i];
		is_signed += own ? ' ' : (signed char)h[i];
	}
	return tar_number(h, f_checksum, &want) == 0 && (want == is_unsigned || want == is_signed);
}

/* 1: a header; 0: the archive's end, of two blocks of zeros or where the bytes end */
static int read_header(struct tar *t, unsigned char *h, struct err *e)
{
	int r = refill(t, e);

	if (r <= 0)
		return r;
	if (tar_take(t, h, TAR_BLOCK, e) < 0)
		return -1;
	if (is_zero(h)) {
		t->end_seen = true;
		r = refill(t, e);
		if (r <= 0)
			return r;
		if (tar_take(t, h, TAR_BLOCK, e) < 0)
			return -1;
		/* one alone is no end to GNU tar, and broken to Go */
		return is_zero(h) ? 0 : tar_fail(t, e, "a block of zeros is between its entries");
	}
	if (checksum_fits(h))
		return 1;
	if (t->offset > TAR_BLOCK)
		return tar_fail(t, e, "a header is broken");
	fail(e, ERR_INPUT, "read the archive: this is no tar archive");
	return h[0] == 0x1f && h[1] == 0x8b ? fail_hint(e, "it has been compressed twice") : -1;
}

static enum format format_of(const unsigned char *h)
{
	if (memcmp(h + f_magic.at, "ustar  ", 8) == 0)
		return GNU;
	if (memcmp(h + f_magic.at, "ustar", 5) != 0)
		return V7;
	return memcmp(h + f_star.at, "tar", 4) == 0 ? STAR : USTAR;
}

/* Bytes of a field up to the first NUL. */
static size_t field_len(const unsigned char *h, struct tar_field f)
{
	return strnlen((const char *)h + f.at, f.len);
}

static int check_length(const struct tar *t, size_t len, struct err *e)
{
	if (len <= t->limits.path)
		return 0;
	return fail(e, ERR_LIMIT, "read the archive: a name of %zu bytes, at byte %llu", len,
		    (unsigned long long)t->offset);
}

static int name_of(struct tar *t, const unsigned char *h, enum format format, struct err *e)
{
	struct tar_field prefix = f_prefix;
	size_t before, len = field_len(h, f_name);
	char *p;

	if (format == STAR)
		prefix.len = STAR_PREFIX;
	before = format == USTAR || format == STAR ? field_len(h, prefix) : 0;
	if (text_room(&t->name, before + 1 + len, e) < 0)
		return -1;
	p = t->name.at;
	if (before) {
		memcpy(p, h + prefix.at, before);
		p[before] = '/';
		p += before + 1;
	}
	memcpy(p, h + f_name.at, len);
	p[len] = '\0';
	return 0;
}

static int target_of(struct tar *t, const unsigned char *h, struct err *e)
{
	size_t len = field_len(h, f_link);

	if (text_room(&t->target, len, e) < 0)
		return -1;
	memcpy(t->target.at, h + f_link.at, len);
	t->target.at[len] = '\0';
	return 0;
}

/* Content that describes the next entry. */
static int read_text(struct tar *t, struct tar_text *x, struct err *e)
{
	if (t->left > t->limits.header)
		return fail(e, ERR_LIMIT, "read the archive: an extended header of %llu bytes",
			    (unsigned long long)t->left);
	if (text_room(x, (size_t)t->left, e) < 0 || tar_take(t, x->at, (size_t)t->left, e) < 0)
		return -1;
	x->len = (size_t)t->left;
	x->at[x->len] = '\0';
	t->left = 0;
	return 0;
}

static int size_of(struct tar *t, const unsigned char *h, struct err *e)
{
	int64_t size;

	if (tar_number(h, f_size, &size) < 0 || size < 0 || size > INT64_MAX - TAR_BLOCK)
		return tar_fail(t, e, "a header's size is no number");
	t->left = (uint64_t)size;
	t->padding = -(uint64_t)size % TAR_BLOCK;
	return 0;
}

/* An id; (uid_t)-1 would mean "leave it" to chown(2), and is nobody's. */
static int id_of(const struct tar *t, int64_t n, uint32_t *ret_id, struct err *e)
{
	if (n < 0 || n >= UINT32_MAX)
		return tar_fail(t, e, "a user's or group's number is none");
	*ret_id = (uint32_t)n;
	return 0;
}

static int numbers_of(const struct tar *t, const unsigned char *h, const struct tar_pax *pax,
		      struct tar_entry *ret, struct err *e)
{
	int64_t mode, uid = 0, gid = 0, mtime = 0;

	if (tar_number(h, f_mode, &mode) < 0 || (!pax->has_uid && tar_number(h, f_uid, &uid) < 0) ||
	    (!pax->has_gid && tar_number(h, f_gid, &gid) < 0) ||
	    (!pax->has_mtime && tar_number(h, f_mtime, &mtime) < 0))
		return tar_fail(t, e, "a header's field is no number");
	ret->mode = (uint32_t)mode & 07777;
	ret->mtime = pax->has_mtime ? pax->mtime : (struct timespec){ .tv_sec = mtime };
	ret->atime = pax->has_atime ? pax->atime : ret->mtime;
	if (id_of(t, pax->has_uid ? (int64_t)pax->uid : uid, &ret->uid, e) < 0)
		return -1;
	return id_of(t, pax->has_gid ? (int64_t)pax->gid : gid, &ret->gid, e);
}

static int device_of(const struct tar *t, const unsigned char *h, enum format format,
		     struct tar_entry *ret, struct err *e)
{
	int64_t major = 0, minor = 0;

	if (format != V7 &&
	    (tar_number(h, f_major, &major) < 0 || tar_number(h, f_minor, &minor) < 0))
		return tar_fail(t, e, "a device's number is none");
	/* the kernel's dev_t has 12 and 20 bits */
	if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff)
		return tar_fail(t, e, "a device's number is none");
	ret->major = (uint32_t)major;
	ret->minor = (uint32_t)minor;
	return 0;
}

/* '7' is a file that wants to lie in one piece; 'S' one of GNU's with holes; NUL is of v7. */
static int type_of(const struct tar *t, const unsigned char *h, const char *name,
		   struct tar_entry *ret, struct err *e)
{
	unsigned char c = h[f_type.at];
	size_t len = strlen(name);

	if (c == '\0' && len > 0 && name[len - 1] == '/')
		ret->type = TAR_DIR;
	else if (c == '\0' || c == '7' || c == 'S' || c == '0')
		ret->type = TAR_FILE;
	else if (c >= '1' && c <= '6')
		ret->type = (enum tar_type)c;
	else {
		tar_fail(t, e, "an entry is of an unknown type");
		return fail_in(e, "type '%c'", c >= ' ' && c < 0x7f ? c : '?');
	}
	return 0;
}

static int names_of(struct tar *t, const unsigned char *h, enum format format,
		    const struct tar_pax *pax, struct tar_entry *ret, struct err *e)
{
	if (name_of(t, h, format, e) < 0 || target_of(t, h, e) < 0)
		return -1;
	ret->path = pax->path ? pax->path : t->name.at;
	ret->link = pax->link ? pax->link : t->target.at;
	if (t->long_name.len)
		ret->path = t->long_name.at;
	if (t->long_link.len)
		ret->link = t->long_link.at;
	if (pax->sparse_name)
		ret->path = pax->sparse_name;
	if (!*ret->path)
		return tar_fail(t, e, "an entry has no name");
	if ((h[f_type.at] == TAR_LINK || h[f_type.at] == TAR_HARD_LINK) && !*ret->link)
		return tar_fail(t, e, "a link leads nowhere");
	return check_length(t, strlen(ret->path), e) < 0 ||
			       check_length(t, strlen(ret->link), e) < 0
		       ? -1
		       : 0;
}

static int content_of(struct tar *t, const unsigned char *h, const struct tar_pax *pax,
		      struct tar_entry *ret, struct err *e)
{
	if (size_of(t, h, e) < 0)
		return -1;
	if (pax->has_size) {
		if (pax->size > INT64_MAX - TAR_BLOCK)
			return tar_fail(t, e, "a header's size is no number");
		t->left = pax->size;
		t->padding = -pax->size % TAR_BLOCK;
	}
	if (ret->type != TAR_FILE)
		t->left = t->padding = 0;
	ret->size = t->left;
	ret->sparse = ret->type == TAR_FILE && (pax->sparse || h[f_type.at] == 'S');
	if (ret->sparse && h[f_type.at] == 'S') {
		t->n_regions = 0;
		if (tar_sparse_old(t, h, &ret->size, e) < 0)
			return -1;
	} else if (ret->sparse && tar_sparse_pax(t, pax, &ret->size, e) < 0) {
		return -1;
	}
	if (!ret->sparse) {
		t->n_regions = 0;
		if (ret->size && tar_region_add(t, 0, ret->size, e) < 0)
			return -1;
	}
	if (ret->size > t->limits.file)
		return fail(e, ERR_LIMIT, "read the archive: a file of %llu bytes",
			    (unsigned long long)ret->size);
	return 0;
}

static int read_entry(struct tar *t, const unsigned char *h, struct tar_entry *ret, struct err *e)
{
	enum format format = format_of(h);
	struct tar_pax pax;

	*ret = (struct tar_entry){ 0 };
	t->n_xattrs = t->n_regions = t->region = 0;
	t->file_at = 0;
	if (tar_pax_read(t, &pax, e) < 0 || names_of(t, h, format, &pax, ret, e) < 0 ||
	    type_of(t, h, ret->path, ret, e) < 0 || numbers_of(t, h, &pax, ret, e) < 0)
		return -1;
	if ((ret->type == TAR_CHAR || ret->type == TAR_BLOCK_DEVICE) &&
	    device_of(t, h, format, ret, e) < 0)
		return -1;
	ret->xattrs = t->xattrs;
	ret->n_xattrs = t->n_xattrs;
	return content_of(t, h, &pax, ret, e);
}

/* Behind the content of what is no entry itself. */
static int skip_rest(struct tar *t, struct err *e)
{
	uint64_t left = t->left + t->padding;

	t->left = t->padding = 0;
	return skip(t, left, e);
}

/* A header of a header. 1: it was one, 0: it describes an entry */
static int read_extension(struct tar *t, const unsigned char *h, struct err *e)
{
	struct tar_text *to;

	switch (h[f_type.at]) {
	case 'x':
		to = &t->pax;
		break;
	case 'L':
		to = &t->long_name;
		break;
	case 'K':
		to = &t->long_link;
		break;
	case 'g':
		to = NULL;
		break;
	default:
		return 0;
	}
	if (size_of(t, h, e) < 0 || (to && read_text(t, to, e) < 0) || skip_rest(t, e) < 0)
		return -1;
	/* GNU's names end at the first NUL */
	if (to && to != &t->pax)
		to->len = strlen(to->at);
	return 1;
}

/**
 * tar_next() - the next entry; what is left of the last one's content is skipped
 *
 * Return: 1; 0 at the end of the archive, @t->end_seen says whether it was marked; -1 with ERR_INPUT
 * when it is broken, ERR_LIMIT when it asks for too much.
 */
int tar_next(struct tar *t, struct tar_entry *ret_entry, struct err *e)
{
	unsigned char h[TAR_BLOCK];

	if (skip_rest(t, e) < 0)
		return -1;
	t->pax.len = t->long_name.len = t->long_link.len = 0;
	for (int n = 0; n < HEADERS_MAX; n++) {
		int r = read_header(t, h, e);

		if (r == 0 && n > 0)
			return fail_truncated(t, e);
		if (r <= 0)
			return r;
		r = read_extension(t, h, e);
		if (r < 0)
			return -1;
		if (r == 0)
			return read_entry(t, h, ret_entry, e) < 0 ? -1 : 1;
	}
	return tar_fail(t, e, "too many extended headers follow each other");
}

/**
 * tar_data() - the next piece of the content of the entry that tar_next() has returned
 *
 * Return: 1; 0 when there is no more; -1. The piece holds until the next call. Between pieces, and
 * after the last one up to the file's size, there may be holes.
 */
int tar_data(struct tar *t, struct tar_chunk *ret_chunk, struct err *e)
{
	const struct tar_region *g;
	uint64_t here;
	int r;

	while (t->region < t->n_regions && t->file_at == t->regions[t->region].len) {
		t->region++;
		t->file_at = 0;
	}
	if (t->region == t->n_regions || t->left == 0)
		return 0;
	r = refill(t, e);
	if (r <= 0)
		return r < 0 ? -1 : fail_truncated(t, e);
	g = &t->regions[t->region];
	here = g->len - t->file_at;
	if (here > t->len)
		here = t->len;
	*ret_chunk = (struct tar_chunk){ .at = t->at,
					 .len = (size_t)here,
					 .offset = g->offset + t->file_at };
	t->file_at += here;
	t->left -= here;
	t->at += here;
	t->len -= here;
	t->offset += here;
	return 1;
}

/* tar_drain() - read what is behind the archive's end, and forget it: padding, mostly */
int tar_drain(struct tar *t, struct err *e)
{
	int r;

	while ((r = refill(t, e)) > 0)
		t->len = 0;
	return r;
}
