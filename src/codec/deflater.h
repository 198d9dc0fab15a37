/* deflater.h - compression by a process beside ours
 *
 * igzip is no static library in Debian, and tare-engine is a static program, for it starts with every
 * command on images; zlib, which could be linked, takes five times as long. So tare-deflate compresses,
 * from a descriptor to a descriptor. It can do nothing else (os/sandbox.h), and what it makes is what
 * codec/deflate.h makes.
 *
 *	struct deflater d = DEFLATER_NONE;
 *
 *	if (deflater_start(&d, DEFLATE_GZIP, FD_NONE, output, e) < 0)
 *		return -1;
 *	… write to d.input …
 *	if (deflater_end(&d, e) < 0)
 *		return -1;
 *
 * Who writes to a pipe that nobody reads gets SIGPIPE: block or ignore it.
 */
#ifndef CODEC_DEFLATER_H
#define CODEC_DEFLATER_H

#include <sys/types.h>

#include "base/own.h"
#include "codec/deflate.h"

/* struct deflater - @input, @output: our ends of the pipes that were asked for, else FD_NONE */
struct deflater {
	pid_t pid;
	int input, output;
};

#define DEFLATER_NONE \
	{ \
		.input = FD_NONE, .output = FD_NONE \
	}
#define own_deflater __attribute__((cleanup(deflater_cancel))) struct deflater

int deflater_start(struct deflater *d, enum deflate_format format, int input, int output,
		   struct err *e);
int deflater_end(struct deflater *d, struct err *e);
void deflater_cancel(struct deflater *d);

#endif
