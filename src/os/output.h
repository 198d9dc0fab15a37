/* output.h - a file that a user names and a command writes: there when it is whole, or not at all
 *
 * What was there before stays until then, and if the command fails or is killed. What is no regular
 * file, a device or a FIFO, is written to as it is, and never replaced or removed.
 */
#ifndef OS_OUTPUT_H
#define OS_OUTPUT_H

#include "base/err.h"
#include "base/own.h"

/* struct output - @fd is written to; the rest is output.c's */
struct output {
	int fd, folder;
	char *name;
	char temporary[64];
};

#define OUTPUT_NONE \
	{ \
		.fd = FD_NONE, .folder = FD_NONE \
	}
#define own_output __attribute__((cleanup(output_done))) struct output

int output_open(struct output *o, const char *path, struct err *e);
int output_keep(struct output *o, struct err *e);
void output_done(struct output *o);

#endif
