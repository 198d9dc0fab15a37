/* inflate.c - gzip by igzip, three times as fast as zlib; zstd by libzstd; xz by liblzma
 *
 * All are fed from one buffer and write where the caller wants it. A member (gzip) or frame (zstd)
 * may be followed by another; @inside says that one has begun and not ended, so an end of the input
 * is a truncation then, and the stream's proper end otherwise.
 */
#include "codec/inflate.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/own.h"
#include "base/text.h"

#define BUFFER     ((size_t)256 << 10)
/* klauspost's compressor, which Docker and containerd use, takes 32 MiB at its highest level */
#define WINDOW_LOG 25
/* what `xz -9` needs */
#define XZ_MEMORY  ((uint64_t)80 << 20)

/**
 * struct magic - how a stream begins
 * @mask:  bits of the first byte that count
 * @known: we inflate it; others are known by name only, to say why not
 */
struct magic {
	const char *name, *bytes;
	size_t len;
	unsigned char mask;
	enum inflate_format format;
	enum known { REFUSED, KNOWN } known;
};

// clang-format off
static const struct magic magics[] = {
	{ "gzip",     "\x1f\x8b",                 2, 0xff, INFLATE_GZIP,  KNOWN   },
	{ "zstd",     "\x28\xb5\x2f\xfd",         4, 0xff, INFLATE_ZSTD,  KNOWN   },
	/* a frame to be skipped comes first: 0x184d2a50 to 0x184d2a5f (RFC 8878, 3.1.2) */
	{ "zstd",     "\x50\x2a\x4d\x18",         4, 0xf0, INFLATE_ZSTD,  KNOWN   },
	{ "xz",       "\xfd" "7zXZ",              5, 0xff, INFLATE_XZ,    KNOWN   },
	{ "bzip2",    "BZh",                      3, 0xff, INFLATE_PLAIN, REFUSED },
	{ "lz4",      "\x04\x22\x4d\x18",         4, 0xff, INFLATE_PLAIN, REFUSED },
	{ "zip",      "PK\x03\x04",               4, 0xff, INFLATE_PLAIN, REFUSED },
	{ "compress", "\x1f\x9d",                 2, 0xff, INFLATE_PLAIN, REFUSED },
};

static const struct word format_words[] = {
	{ "uncompressed", INFLATE_PLAIN },
	{ "gzip",         INFLATE_GZIP  },
	{ "zstd",         INFLATE_ZSTD  },
	{ "xz",           INFLATE_XZ    },
	{ NULL,           0             },
};

/* what liblzma returns */
static const struct word xz_words[] = {
	{ "no xz",                              LZMA_FORMAT_ERROR   },
	{ "its data or its checksum is broken", LZMA_DATA_ERROR     },
	{ "it ends before its end: truncated",  LZMA_BUF_ERROR      },
	{ "it wants more than 80 MiB",          LZMA_MEMLIMIT_ERROR },
	{ "of an unknown kind",                 LZMA_OPTIONS_ERROR  },
	{ NULL,                                 0                   },
};

/* what igzip returns */
static const struct word igzip_words[] = {
	{ "a block that is none",                  ISAL_INVALID_BLOCK      },
	{ "a code that is none",                   ISAL_INVALID_SYMBOL     },
	{ "it refers to what was before its start", ISAL_INVALID_LOOKBACK  },
	{ "a header that is none",                 ISAL_INVALID_WRAPPER    },
	{ "a method that is not deflate",          ISAL_UNSUPPORTED_METHOD },
	{ "its checksum or its length is another", ISAL_INCORRECT_CHECKSUM },
	{ "it wants a dictionary",                 ISAL_NEED_DICT          },
	{ NULL,                                    0                       },
};
// clang-format on

/* inflate_format_name() - for people */
const char *inflate_format_name(enum inflate_format format)
{
	return word_name(format_words, format);
}

/* inflate_from_fd() - an inflate_source of the descriptor that @fd points at */
ssize_t inflate_from_fd(void *fd, void *at, size_t size)
{
	ssize_t n;

	do
		n = read(*(const int *)fd, at, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t take(struct inflate *z, void *at, size_t size, struct err *e)
{
	ssize_t n = z->read(z->of, at, size);

	if (n < 0)
		return fail_errno(e, (int)-n, "read the archive");
	z->in += (uint64_t)n;
	if (n == 0)
		z->ended = 1;
	return n;
}

/* More bytes behind those that are in the buffer. 0 at the end of the input. */
static ssize_t fill(struct inflate *z, struct err *e)
{
	ssize_t n;

	if (z->at == z->len)
		z->at = z->len = 0;
	if (z->ended || z->len == BUFFER)
		return 0;
	n = take(z, z->buf + z->len, BUFFER - z->len, e);
	if (n > 0)
		z->len += (size_t)n;
	return n;
}

static const struct magic *recognise(const unsigned char *at, size_t len)
{
	for (size_t i = 0; i < COUNT(magics); i++) {
		const struct magic *m = &magics[i];

		if (len >= m->len && (at[0] & m->mask) == (unsigned char)m->bytes[0] &&
		    memcmp(at + 1, m->bytes + 1, m->len - 1) == 0)
			return m;
	}
	return NULL;
}

static int start_gzip(struct inflate *z)
{
	/* igzip may look at tables that it has not filled when a stream is broken */
	struct inflate_state *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	isal_inflate_init(s);
	z->state = s;
	return 0;
}

static int start_zstd(struct inflate *z)
{
	z->state = ZSTD_createDCtx();
	if (!z->state)
		return -1;
	return ZSTD_isError(ZSTD_DCtx_setParameter(z->state, ZSTD_d_windowLogMax, WINDOW_LOG)) ? -1
											       : 0;
}

static int start_xz(struct inflate *z)
{
	lzma_stream *s = malloc(sizeof(*s));

	if (!s)
		return -1;
	*s = (lzma_stream)LZMA_STREAM_INIT;
	z->state = s;
	z->inside = 1;
	return lzma_stream_decoder(s, XZ_MEMORY, LZMA_CONCATENATED) == LZMA_OK ? 0 : -1;
}

/**
 * inflate_start() - begin to read a stream, and find out how it is compressed
 * @z:    zero; inflate_done() releases it, also after a failure
 * @read: called for more bytes, with @of
 */
int inflate_start(struct inflate *z, inflate_source *read, void *of, struct err *e)
{
	const struct magic *m;
	int r = 0;

	*z = (struct inflate){ .read = read, .of = of, .buf = malloc(BUFFER) };
	if (!z->buf)
		return fail_errno(e, ENOMEM, "inflate");
	while (z->len < 6 && !z->ended)
		if (fill(z, e) < 0)
			return -1;
	m = recognise(z->buf, z->len);
	if (m && m->known == REFUSED) {
		fail(e, ERR_UNSUPPORTED, "the archive is compressed by %s", m->name);
		return fail_hint(e, "gzip, zstd, xz and uncompressed archives can be read");
	}
	z->format = m ? m->format : INFLATE_PLAIN;
	if (z->format == INFLATE_GZIP)
		r = start_gzip(z);
	else if (z->format == INFLATE_ZSTD)
		r = start_zstd(z);
	else if (z->format == INFLATE_XZ)
		r = start_xz(z);
	return r < 0 ? fail_errno(e, ENOMEM, "inflate") : 0;
}

static int fail_bad(const struct inflate *z, const char *why, struct err *e)
{
	return fail(e, ERR_INPUT, "inflate the archive: broken %s at byte %llu: %s",
		    inflate_format_name(z->format), (unsigned long long)(z->in - (z->len - z->at)),
		    why);
}

static ssize_t read_plain(struct inflate *z, unsigned char *at, size_t size, struct err *e)
{
	size_t left = z->len - z->at;

	if (left == 0)
		return z->ended ? 0 : take(z, at, size, e);
	left = left < size ? left : size;
	memcpy(at, z->buf + z->at, left);
	z->at += left;
	return (ssize_t)left;
}

/* The next byte of a member's header, which is also added to its checksum. */
static int head_byte(struct inflate *z, uint32_t *crc, struct err *e)
{
	if (z->at == z->len && fill(z, e) < 0)
		return -1;
	if (z->at == z->len)
		return fail_bad(z, "it ends before its end: truncated", e);
	*crc = crc32_gzip_refl(*crc, z->buf + z->at, 1);
	return z->buf[z->at++];
}

/* @n bytes that mean nothing to us */
static int head_skip(struct inflate *z, int n, uint32_t *crc, struct err *e)
{
	while (n-- > 0)
		if (head_byte(z, crc, e) < 0)
			return -1;
	return 0;
}

/* Two bytes, the lower one first */
static int head_number(struct inflate *z, uint32_t *crc, struct err *e)
{
	int low = head_byte(z, crc, e), high = low < 0 ? -1 : head_byte(z, crc, e);

	return high < 0 ? -1 : high << 8 | low;
}

/* A name or a comment, up to its NUL */
static int head_text(struct inflate *z, uint32_t *crc, struct err *e)
{
	int c = 1;

	for (size_t n = 0; c > 0 && n < BUFFER; n++)
		c = head_byte(z, crc, e);
	return c > 0 ? fail_bad(z, "its name has no end", e) : c;
}

/**
 * read_head() - a member's header (RFC 1952, 2.3)
 *
 * Not igzip's: that forgets what a header has announced where its input is cut inside of one
 * (2.30), and takes a name for content.
 */
static int read_head(struct inflate *z, struct err *e)
{
	enum { HCRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16, RESERVED = 0xe0 };
	uint32_t crc = 0;
	int method, flags, n = 0;

	if (head_skip(z, 2, &crc, e) < 0 || (method = head_byte(z, &crc, e)) < 0 ||
	    (flags = head_byte(z, &crc, e)) < 0 || head_skip(z, 6, &crc, e) < 0)
		return -1;
	if (method != 8 || flags & RESERVED)
		return fail_bad(z, "a method that is not deflate", e);
	if (flags & EXTRA)
		n = head_number(z, &crc, e);
	if (n < 0 || head_skip(z, n, &crc, e) < 0 || (flags & NAME && head_text(z, &crc, e) < 0) ||
	    (flags & COMMENT && head_text(z, &crc, e) < 0))
		return -1;
	if (flags & HCRC) {
		uint32_t want = crc & 0xffff;

		n = head_number(z, &crc, e);
		if (n < 0)
			return -1;
		if ((uint32_t)n != want)
			return fail_bad(z, "its header's checksum is another", e);
	}
	return 0;
}

/* Between members: does another one begin? What else is there is no gzip. */
static int next_member(struct inflate *z, struct err *e)
{
	struct inflate_state *s = z->state;

	while (z->len - z->at < 2 && !z->ended) {
		memmove(z->buf, z->buf + z->at, z->len - z->at);
		z->len -= z->at;
		z->at = 0;
		if (fill(z, e) < 0)
			return -1;
	}
	if (z->len == z->at)
		return 0;
	if (z->len - z->at < 2 || memcmp(z->buf + z->at, "\x1f\x8b", 2) != 0)
		return fail_bad(z, "other bytes follow its end", e);
	if (read_head(z, e) < 0)
		return -1;
	isal_inflate_reset(s);
	s->crc_flag = ISAL_GZIP_NO_HDR_VER;
	z->inside = 1;
	return 1;
}

static ssize_t read_gzip(struct inflate *z, unsigned char *at, size_t size, struct err *e)
{
	struct inflate_state *s = z->state;
	int r;

	if (!z->inside) {
		r = next_member(z, e);
		if (r <= 0)
			return r;
	}
	if (z->at == z->len && fill(z, e) < 0)
		return -1;
	s->next_in = z->buf + z->at;
	s->avail_in = (uint32_t)(z->len - z->at);
	s->next_out = at;
	s->avail_out = (uint32_t)size;
	r = isal_inflate(s);
	z->at = z->len - s->avail_in;
	if (r < 0 || r == ISAL_NEED_DICT) {
		const char *why = word_name(igzip_words, r);

		return fail_bad(z, why ? why : "it cannot be inflated", e);
	}
	if (s->block_state == ISAL_BLOCK_FINISH)
		z->inside = 0;
	else if (z->ended && z->at == z->len && s->avail_out == size)
		return fail_bad(z, "it ends before its end: truncated", e);
	return (ssize_t)(size - s->avail_out);
}

static ssize_t read_zstd(struct inflate *z, unsigned char *at, size_t size, struct err *e)
{
	ZSTD_outBuffer out = { .dst = at, .size = size };
	ZSTD_inBuffer in;
	size_t r;

	if (z->at == z->len && fill(z, e) < 0)
		return -1;
	if (z->at == z->len && !z->inside)
		return 0;
	in = (ZSTD_inBuffer){ .src = z->buf + z->at, .size = z->len - z->at };
	r = ZSTD_decompressStream(z->state, &out, &in);
	z->at += in.pos;
	if (ZSTD_isError(r))
		return fail_bad(z, ZSTD_getErrorName(r), e);
	z->inside = r != 0;
	if (z->inside && z->ended && z->at == z->len && out.pos == 0)
		return fail_bad(z, "it ends before its end: truncated", e);
	return (ssize_t)out.pos;
}

/* liblzma itself looks for streams that follow each other, and for what is none of them. */
static ssize_t read_xz(struct inflate *z, unsigned char *at, size_t size, struct err *e)
{
	lzma_stream *s = z->state;
	const char *why;
	lzma_ret r;

	if (!z->inside)
		return 0;
	if (z->at == z->len && fill(z, e) < 0)
		return -1;
	s->next_in = z->buf + z->at;
	s->avail_in = z->len - z->at;
	s->next_out = at;
	s->avail_out = size;
	r = lzma_code(s, z->ended ? LZMA_FINISH : LZMA_RUN);
	z->at = z->len - s->avail_in;
	z->inside = r != LZMA_STREAM_END;
	why = word_name(xz_words, r);
	/* to have neither input nor room is an error the first time already, and our next turn ends it */
	if (r != LZMA_OK && r != LZMA_STREAM_END && (r != LZMA_BUF_ERROR || z->ended))
		return fail_bad(z, why ? why : "it cannot be inflated", e);
	return (ssize_t)(size - s->avail_out);
}

/**
 * inflate_read() - the next bytes of the stream
 *
 * Return: @size, or less at the end of the stream and 0 behind it; -1 with ERR_INPUT when it is
 * broken.
 */
ssize_t inflate_read(struct inflate *z, void *at, size_t size, struct err *e)
{
	unsigned char *to = at;
	size_t got = 0;

	while (got < size) {
		ssize_t n;

		if (z->format == INFLATE_PLAIN)
			n = read_plain(z, to + got, size - got, e);
		else if (z->format == INFLATE_GZIP)
			n = read_gzip(z, to + got, size - got, e);
		else if (z->format == INFLATE_XZ)
			n = read_xz(z, to + got, size - got, e);
		else
			n = read_zstd(z, to + got, size - got, e);
		if (n < 0)
			return -1;
		got += (size_t)n;
		if (n == 0 && z->ended && z->at == z->len && !z->inside)
			break;
	}
	z->out += got;
	return (ssize_t)got;
}

/* inflate_done() - release what inflate_start() took; nothing to do where it was not called */
void inflate_done(struct inflate *z)
{
	if (z->format == INFLATE_XZ && z->state)
		lzma_end(z->state);
	if (z->format == INFLATE_ZSTD)
		ZSTD_freeDCtx(z->state);
	else
		free(z->state);
	free(z->buf);
	*z = (struct inflate){ 0 };
}
