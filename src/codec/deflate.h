/* deflate.h - bytes into a gzip or zstd stream
 *
 * The same bytes make the same stream, whatever the sizes of the pieces that they come in: no time
 * and no name is in a header.
 */
#ifndef CODEC_DEFLATE_H
#define CODEC_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum deflate_format { DEFLATE_PLAIN, DEFLATE_GZIP, DEFLATE_ZSTD };

/* Takes all @len bytes. Return: 0, or -1 with @e */
typedef int deflate_sink(void *of, const void *at, size_t len, struct err *e);

/* struct deflate - @in: bytes taken, @out: bytes written; the rest is deflate.c's */
struct deflate {
	deflate_sink *write;
	void *of;
	enum deflate_format format;
	uint64_t in, out;
	void *state;
	unsigned char *buf, *work, *pending;
	size_t n_pending;
};

#define own_deflate __attribute__((cleanup(deflate_done))) struct deflate

int deflate_start(struct deflate *z, enum deflate_format format, deflate_sink *write, void *of,
		  struct err *e);
int deflate_add(struct deflate *z, const void *at, size_t len, struct err *e);
int deflate_end(struct deflate *z, struct err *e);
void deflate_done(struct deflate *z);

#endif
