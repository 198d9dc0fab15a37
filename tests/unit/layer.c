/* layer.c - names and numbers in archives, sets of inodes, and compressed streams there and back */
#include "t.h"

#include <limits.h>

#include "base/own.h"
#include "base/text.h"
#include "codec/deflate.h"
#include "codec/inflate.h"
#include "layer/name.h"
#include "layer/place_priv.h"
#include "layer/tar_priv.h"

TEST(names_are_cleaned_as_text)
{
	static const struct {
		const char *raw, *clean; /* NULL: refused */
	} rows[] = {
		{ "a", "a" },
		{ "./a", "a" },
		{ "/a", "a" },
		{ "a/", "a" },
		{ "a//b/./c", "a/b/c" },
		{ ".", "" },
		{ "/", "" },
		{ "a/..", "" },
		{ "a/../b", "b" },
		{ "a/b/../../c", "c" },
		{ "..", NULL },
		{ "../a", NULL },
		{ "/..", NULL },
		{ "a/../..", NULL },
		{ "a/../../a", NULL },
		{ "...", "..." },
		{ "..a", "..a" },
		{ "a\\..\\b", "a\\..\\b" },
		{ "a/b/../c/d", "a/c/d" },
		{ " / ", " / " },
		{ "1/2/3/4/5", NULL },
		{ "1/2/3/4", "1/2/3/4" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };
		struct name n;
		int r = name_clean(rows[i].raw, 4, &n, &e);

		if ((r == 0) != (rows[i].clean != NULL) ||
		    (r == 0 && (strcmp(n.path, rows[i].clean) != 0 || n.len != strlen(n.path))))
			T_FAIL("'%s': %d, '%s'", rows[i].raw, r, n.path);
		if (r == 0 &&
		    n.base !=
			    (size_t)(strrchr(n.path, '/') ? strrchr(n.path, '/') + 1 - n.path : 0))
			T_FAIL("'%s': base %zu", rows[i].raw, n.base);
	}
}

TEST(a_name_has_the_file_systems_lengths)
{
	char raw[PATH_MAX + 300];
	struct err e = { 0 };
	struct name n;

	memset(raw, 'n', sizeof(raw));
	raw[NAME_MAX] = '\0';
	WANT_INT(name_clean(raw, 9, &n, &e), 0);
	raw[NAME_MAX] = 'n';
	raw[NAME_MAX + 1] = '\0';
	WANT_INT(name_clean(raw, 9, &n, &e), -1);
	WANT_INT(e.cls, ERR_LIMIT);
	memset(raw, 'n', sizeof(raw));
	for (size_t i = 100; i < sizeof(raw); i += 101)
		raw[i] = '/';
	raw[PATH_MAX - 1] = '\0';
	WANT_INT(name_clean(raw, 99, &n, &e), 0);
	raw[PATH_MAX - 1] = 'n';
	raw[PATH_MAX] = '\0';
	WANT_INT(name_clean(raw, 99, &n, &e), -1);
}

TEST(whiteouts_say_what_is_gone)
{
	static const struct {
		const char *raw;
		enum whiteout what;
		const char *path; /* NULL: refused */
	} rows[] = {
		{ "a", WHITEOUT_NONE, "a" },
		{ "wh.a", WHITEOUT_NONE, "wh.a" },
		{ ".wh.a", WHITEOUT_ONE, "a" },
		{ "d/.wh.a", WHITEOUT_ONE, "d/a" },
		{ "d/.wh.a/", WHITEOUT_ONE, "d/a" },
		{ ".wh..a", WHITEOUT_ONE, ".a" },
		{ ".wh....", WHITEOUT_ONE, "..." },
		{ ".wh..wh..opq", WHITEOUT_OPAQUE, "" },
		{ "d/.wh..wh..opq", WHITEOUT_OPAQUE, "d" },
		{ "d/e/.wh..wh..opq", WHITEOUT_OPAQUE, "d/e" },
		{ ".wh..wh..opqx", WHITEOUT_AUFS, ".wh..wh..opqx" },
		{ ".wh..wh.aufs", WHITEOUT_AUFS, ".wh..wh.aufs" },
		{ ".wh..wh.plnk/1", WHITEOUT_AUFS, ".wh..wh.plnk/1" },
		{ ".wh.", WHITEOUT_NONE, NULL },
		{ ".wh..", WHITEOUT_NONE, NULL },
		{ ".wh...", WHITEOUT_NONE, NULL },
		{ "d/.wh...", WHITEOUT_NONE, NULL },
		{ ".wh.d/a", WHITEOUT_NONE, NULL },
		{ "d/.wh.d/a", WHITEOUT_NONE, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };
		enum whiteout what;
		struct name n;
		int r;

		WANT_INT(name_clean(rows[i].raw, 9, &n, &e), 0);
		r = whiteout_of(&n, &what, &e);
		if ((r == 0) != (rows[i].path != NULL) ||
		    (r == 0 && (what != rows[i].what || strcmp(n.path, rows[i].path) != 0 ||
				n.len != strlen(n.path))))
			T_FAIL("'%s': %d, %d, '%s'", rows[i].raw, r, what, n.path);
	}
}

TEST(links_that_climb_are_seen)
{
	WANT(!name_climbs("", 0, "a"));
	WANT(!name_climbs("d", 1, "../a"));
	WANT(!name_climbs("d/e", 3, "../../a/.."));
	WANT(name_climbs("", 0, ".."));
	WANT(name_climbs("d", 1, "../.."));
	WANT(name_climbs("d", 1, "/a"));
	WANT(name_climbs("d", 1, "x/../../../d"));
}

TEST(numbers_are_octal_or_binary)
{
	static const struct {
		const char *bytes; /* of a field of 12 */
		int64_t number;
		int r;
	} rows[] = {
		{ "00000000777\0", 511, 0 },
		{ "  777 \0\0\0\0\0\0", 511, 0 },
		{ "777777777777", 68719476735, 0 },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0", 0, 0 },
		{ "00000000778\0", 0, -1 },
		{ "7 7\0\0\0\0\0\0\0\0\0", 0, -1 },
		{ "-7\0\0\0\0\0\0\0\0\0\0", 0, -1 },
		{ "\x80\0\0\0\0\0\0\0\0\0\1\0", 256, 0 },
		{ "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", INT64_MAX, 0 },
		{ "\x80\0\0\0\x80\0\0\0\0\0\0\0", 0, -1 },
		{ "\x80\0\0\1\0\0\0\0\0\0\0\0", 0, -1 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", -1, 0 },
		{ "\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", INT64_MIN, 0 },
	};
	const struct tar_field whole = { 0, 12 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t n = 0;
		int r = tar_number((const unsigned char *)rows[i].bytes, whole, &n);

		if (r != rows[i].r || (r == 0 && n != rows[i].number))
			T_FAIL("row %zu: %d, %" PRId64, i, r, n);
	}
}

TEST(times_have_nanoseconds_and_may_be_before_1970)
{
	static const struct {
		const char *text;
		int r;
		time_t s;
		long ns;
	} rows[] = {
		{ "0", 0, 0, 0 },    { "12.5", 0, 12, 500000000 },
		{ "12.", 0, 12, 0 }, { "1.0000000019", 0, 1, 1 },
		{ "-1", 0, -1, 0 },  { "-1.25", 0, -2, 750000000 },
		{ "", -1, 0, 0 },    { "-", -1, 0, 0 },
		{ ".5", -1, 0, 0 },  { "1.5x", -1, 0, 0 },
		{ "1e9", -1, 0, 0 }, { "99999999999999999999", -1, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct timespec t = { 0 };
		int r = tar_time(rows[i].text, &t);

		if (r != rows[i].r ||
		    (r == 0 && (t.tv_sec != rows[i].s || t.tv_nsec != rows[i].ns)))
			T_FAIL("'%s': %d, %jd.%09ld", rows[i].text, r, (intmax_t)t.tv_sec,
			       t.tv_nsec);
	}
}

TEST(a_set_of_inodes_holds_what_was_added)
{
	struct inodes s = { 0 };
	struct err e = { 0 };

	WANT(!inodes_has(&s, 1));
	for (uint64_t i = 1; i < 20000; i += 2)
		WANT_INT(inodes_add(&s, i * 4096, &e), 0);
	WANT_INT(inodes_add(&s, 4096, &e), 0);
	WANT_INT(s.n, 10000);
	for (uint64_t i = 1; i < 20000; i++)
		if (inodes_has(&s, i * 4096) != (i % 2 == 1))
			T_FAIL("%" PRIu64, i);
	free(s.at);
}

/* struct bytes - a stream in memory; @step: bytes that a read gives at most */
struct bytes {
	unsigned char *at;
	size_t len, cap, read, step;
};

static int append(void *of, const void *at, size_t len, struct err *e)
{
	struct bytes *b = of;

	if (b->len + len > b->cap) {
		b->cap = 2 * (b->len + len);
		b->at = realloc(b->at, b->cap);
		WANT(b->at);
	}
	if (len)
		memcpy(b->at + b->len, at, len);
	b->len += len;
	return 0;
}

static ssize_t give_some(void *of, void *at, size_t size)
{
	struct bytes *b = of;
	size_t n = b->len - b->read;

	n = n < size ? n : size;
	n = n < b->step ? n : b->step;
	if (n)
		memcpy(at, b->at + b->read, n);
	b->read += n;
	return (ssize_t)n;
}

/* Neither random nor the same everywhere. */
static void fill(unsigned char *at, size_t len)
{
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		at[i] = (unsigned char)(i % 7000 < 3000 ? x >> 24 : i / 100);
	}
}

static struct bytes compress(enum deflate_format format, const unsigned char *at, size_t len,
			     size_t step)
{
	own_deflate z = { 0 };
	struct bytes b = { 0 };
	struct err e = { 0 };

	WANT_INT(deflate_start(&z, format, append, &b, &e), 0);
	for (size_t i = 0; i < len; i += step)
		WANT_INT(deflate_add(&z, at + i, len - i < step ? len - i : step, &e), 0);
	WANT_INT(deflate_end(&z, &e), 0);
	WANT_INT(z.in, (intmax_t)len);
	WANT_INT(z.out, (intmax_t)b.len);
	return b;
}

static void read_back(struct bytes *b, enum inflate_format format, const unsigned char *want,
		      size_t len, size_t size)
{
	own_mem unsigned char *got = malloc(len + size);
	own_inflate z = { 0 };
	struct err e = { 0 };
	size_t n = 0;
	ssize_t r;

	b->read = 0;
	WANT_INT(inflate_start(&z, give_some, b, &e), 0);
	WANT_INT(z.format, format);
	while ((r = inflate_read(&z, got + n, size, &e)) > 0) {
		n += (size_t)r;
		WANT(n <= len);
		WANT((size_t)r == size || n == len);
	}
	WANT_INT(r, 0);
	WANT_INT(n, (intmax_t)len);
	WANT_INT(inflate_read(&z, got, size, &e), 0);
	WANT(memcmp(got, want, len) == 0);
	WANT_INT(z.in, (intmax_t)b->len);
	WANT_INT(z.out, (intmax_t)len);
}

TEST(streams_come_back_whatever_the_pieces)
{
	static const size_t lengths[] = { 0, 1, 511, 70000, 1500000 };
	static const struct {
		enum deflate_format to;
		enum inflate_format from;
	} formats[] = {
		{ DEFLATE_PLAIN, INFLATE_PLAIN },
		{ DEFLATE_GZIP, INFLATE_GZIP },
		{ DEFLATE_ZSTD, INFLATE_ZSTD },
	};
	static unsigned char text[1500000];

	fill(text, sizeof(text));
	for (size_t f = 0; f < COUNT(formats); f++)
		for (size_t l = 0; l < COUNT(lengths); l++) {
			struct bytes b = compress(formats[f].to, text, lengths[l], 999);

			b.step = 1 << 20;
			read_back(&b, formats[f].from, text, lengths[l], 1 << 18);
			read_back(&b, formats[f].from, text, lengths[l], 1021);
			b.step = 61;
			read_back(&b, formats[f].from, text, lengths[l], 4096);
			free(b.at);
		}
}

TEST(a_gzip_header_may_have_everything_and_be_cut_anywhere)
{
	/* text, crc, extra of 3 bytes, name, comment */
	static const unsigned char head[] = { 0x1f, 0x8b, 8,   0x1f, 1, 2,    3,   4,   0,
					      3,    3,    0,   'x',  0, 'x',  'n', 'a', 'm',
					      'e',  0,    'c', 'o',  0, 0xbb, 0x15 };
	static const unsigned char body[] = { 0x4b, 0x4c, 0x4a, 0x4e, 0x4c, 0x4a, 0x06, 0x00,
					      0x4c, 0x99, 0x6e, 0x72, 0x06, 0x00, 0x00, 0x00 };
	unsigned char both[sizeof(head) + sizeof(body)];
	struct bytes b = { .at = both, .len = sizeof(both) };
	own_inflate z = { 0 };
	struct err e = { 0 };
	char buf[10];

	memcpy(both, head, sizeof(head));
	memcpy(both + sizeof(head), body, sizeof(body));
	for (b.step = 1; b.step <= sizeof(both); b.step++)
		read_back(&b, INFLATE_GZIP, (const unsigned char *)"abcabc", 6, 100);
	both[sizeof(head) - 1] ^= 1;
	b.read = 0;
	WANT_INT(inflate_start(&z, give_some, &b, &e), 0);
	WANT_INT(inflate_read(&z, buf, sizeof(buf), &e), -1);
	WANT(strstr(e.text, "header's checksum"));
}

TEST(the_same_bytes_make_the_same_stream)
{
	static unsigned char text[900000];

	fill(text, sizeof(text));
	for (enum deflate_format f = DEFLATE_GZIP; f <= DEFLATE_ZSTD; f++) {
		struct bytes a = compress(f, text, sizeof(text), 1),
			     b = compress(f, text, sizeof(text), sizeof(text)),
			     c = compress(f, text, sizeof(text), 77777);

		WANT(a.len == b.len && memcmp(a.at, b.at, a.len) == 0);
		WANT(a.len == c.len && memcmp(a.at, c.at, a.len) == 0);
		WANT(a.len < sizeof(text) * 3 / 4);
		free(a.at);
		free(b.at);
		free(c.at);
	}
}

TEST(a_zstd_window_beyond_32_mib_is_refused)
{
	/* magic, no checksum, no size, window of 2^30; one empty block, the last */
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, (30 - 10) << 3, 1, 0, 0 };
	static const unsigned char good[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, (25 - 10) << 3, 1, 0, 0 };
	struct bytes b = { .at = (unsigned char *)(uintptr_t)frame,
			   .len = sizeof(frame),
			   .step = 9 };
	own_inflate z = { 0 };
	struct err e = { 0 };
	char buf[10];

	WANT_INT(inflate_start(&z, give_some, &b, &e), 0);
	WANT_INT(inflate_read(&z, buf, sizeof(buf), &e), -1);
	WANT_INT(e.cls, ERR_INPUT);
	inflate_done(&z);
	b = (struct bytes){ .at = (unsigned char *)(uintptr_t)good,
			    .len = sizeof(good),
			    .step = 9 };
	WANT_INT(inflate_start(&z, give_some, &b, &e), 0);
	WANT_INT(inflate_read(&z, buf, sizeof(buf), &e), 0);
}
