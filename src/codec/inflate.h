/* inflate.h - a stream of bytes as it was before gzip, zstd or xz, or as it is
 *
 * What the stream is, its first bytes say. It is checked to its end: every member or frame must be
 * whole, with the checksum that it carries, and nothing may follow the last one. Memory is bounded
 * whatever the stream says: a zstd window of more than 32 MiB is refused, and xz that needs more than
 * `xz -9` does.
 */
#ifndef CODEC_INFLATE_H
#define CODEC_INFLATE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum inflate_format { INFLATE_PLAIN, INFLATE_GZIP, INFLATE_ZSTD, INFLATE_XZ };

/* Fills at most @size bytes at @at. Return: how many, 0 at the end, or -errno */
typedef ssize_t inflate_source(void *of, void *at, size_t size);

/* struct inflate - @in: bytes read, @out: bytes given; the rest is inflate.c's */
struct inflate {
	inflate_source *read;
	void *of;
	enum inflate_format format;
	uint64_t in, out;
	void *state;
	unsigned char *buf;
	size_t at, len;
	int ended, inside;
};

#define own_inflate __attribute__((cleanup(inflate_done))) struct inflate

int inflate_start(struct inflate *z, inflate_source *read, void *of, struct err *e);
ssize_t inflate_read(struct inflate *z, void *at, size_t size, struct err *e);
void inflate_done(struct inflate *z);
const char *inflate_format_name(enum inflate_format format);
ssize_t inflate_from_fd(void *fd, void *at, size_t size);

#endif
