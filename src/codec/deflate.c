/* deflate.c - gzip by igzip, level 1: some ten times as fast as zlib's default, and a tenth bigger
 *
 * igzip's output depends on how the input is cut, so pieces are gathered into blocks of one size
 * first: the same layer then always has the same digest.
 */
#include "codec/deflate.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/own.h"

#define BLOCK      ((size_t)256 << 10)
#define GZIP_LEVEL 1
#define GZIP_WORK  ISAL_DEF_LVL1_DEFAULT
#define ZSTD_LEVEL 3

static int start_gzip(struct deflate *z)
{
	struct isal_zstream *s = calloc(1, sizeof(*s));

	z->state = s;
	z->work = malloc(GZIP_WORK);
	if (!s || !z->work)
		return -1;
	isal_deflate_init(s);
	s->level = GZIP_LEVEL;
	s->level_buf = z->work;
	s->level_buf_size = GZIP_WORK;
	s->gzip_flag = IGZIP_GZIP;
	s->flush = NO_FLUSH;
	return 0;
}

static int start_zstd(struct deflate *z)
{
	z->state = ZSTD_createCCtx();
	if (!z->state)
		return -1;
	return ZSTD_isError(
		       ZSTD_CCtx_setParameter(z->state, ZSTD_c_compressionLevel, ZSTD_LEVEL)) ||
			       ZSTD_isError(
				       ZSTD_CCtx_setParameter(z->state, ZSTD_c_checksumFlag, 1))
		       ? -1
		       : 0;
}

/**
 * deflate_start() - begin a stream
 * @z:     zero; deflate_done() releases it, also after a failure
 * @write: called with the stream's bytes, and @of
 */
int deflate_start(struct deflate *z, enum deflate_format format, deflate_sink *write, void *of,
		  struct err *e)
{
	int r = 0;

	*z = (struct deflate){ .write = write, .of = of, .format = format };
	if (format == DEFLATE_PLAIN)
		return 0;
	z->buf = malloc(BLOCK);
	z->pending = malloc(BLOCK);
	r = format == DEFLATE_GZIP ? start_gzip(z) : start_zstd(z);
	return r < 0 || !z->buf || !z->pending ? fail_errno(e, ENOMEM, "compress") : 0;
}

static int put(struct deflate *z, const void *at, size_t len, struct err *e)
{
	z->out += len;
	return len ? z->write(z->of, at, len, e) : 0;
}

static int gzip_block(struct deflate *z, bool last, struct err *e)
{
	struct isal_zstream *s = z->state;

	s->next_in = z->pending;
	s->avail_in = (uint32_t)z->n_pending;
	s->end_of_stream = last;
	do {
		s->next_out = z->buf;
		s->avail_out = BLOCK;
		if (isal_deflate(s) != COMP_OK)
			return fail(e, ERR_BUG, "compress: igzip refuses");
		if (put(z, z->buf, BLOCK - s->avail_out, e) < 0)
			return -1;
	} while (s->avail_out == 0 || (last && s->internal_state.state != ZSTATE_END));
	return 0;
}

static int zstd_block(struct deflate *z, bool last, struct err *e)
{
	ZSTD_inBuffer in = { .src = z->pending, .size = z->n_pending };
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = z->buf, .size = BLOCK };

		left = ZSTD_compressStream2(z->state, &out, &in,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return fail(e, ERR_BUG, "compress: %s", ZSTD_getErrorName(left));
		if (put(z, z->buf, out.pos, e) < 0)
			return -1;
	} while (last ? left != 0 : in.pos < in.size);
	return 0;
}

static int flush(struct deflate *z, bool last, struct err *e)
{
	int r = z->format == DEFLATE_GZIP ? gzip_block(z, last, e) : zstd_block(z, last, e);

	z->n_pending = 0;
	return r;
}

/* deflate_add() - more bytes */
int deflate_add(struct deflate *z, const void *at, size_t len, struct err *e)
{
	const unsigned char *from = at;

	z->in += len;
	if (z->format == DEFLATE_PLAIN)
		return put(z, at, len, e);
	while (len > 0) {
		size_t n = BLOCK - z->n_pending < len ? BLOCK - z->n_pending : len;

		memcpy(z->pending + z->n_pending, from, n);
		z->n_pending += n;
		from += n;
		len -= n;
		if (z->n_pending == BLOCK && flush(z, false, e) < 0)
			return -1;
	}
	return 0;
}

/* deflate_end() - write what is left, and the stream's end; nothing may be added afterwards */
int deflate_end(struct deflate *z, struct err *e)
{
	return z->format == DEFLATE_PLAIN ? 0 : flush(z, true, e);
}

/* deflate_done() - release what deflate_start() took; nothing to do where it was not called */
void deflate_done(struct deflate *z)
{
	if (z->format == DEFLATE_ZSTD)
		ZSTD_freeCCtx(z->state);
	else
		free(z->state);
	free(z->buf);
	free(z->work);
	free(z->pending);
	*z = (struct deflate){ 0 };
}
