/* log.h - what a container prints, kept as Docker's driver json-file keeps it
 *
 *     {"log":"a line\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}
 *
 * A line of more than LOG_LINE bytes is several entries, of which only the last ends in "\n". Files are
 * LOG_FILE, LOG_FILE.1 and so on, the oldest last; with the last all that was in it is forgotten.
 */
#ifndef SHIM_LOG_H
#define SHIM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#define LOG_LINE 16384

/**
 * struct shim_log - an open log
 * @folder: where it lies; @fd: the file that is written, FD_NONE: none is
 * @size, @files: at most so many bytes to a file, and so many files
 * @written: bytes of the file
 * @torn: an error was told; what follows is tried all the same
 */
struct shim_log {
	int folder, fd;
	uint64_t size, written;
	unsigned files;
	bool torn;
	struct str out;
};

/* struct log_stream - one of the two; @part: the beginning of a line that has not ended yet */
struct log_stream {
	const char *name;
	char part[LOG_LINE];
	size_t n;
};

int shim_log_open(struct shim_log *l, int folder, uint64_t size, unsigned files, struct err *e);
void shim_log_add(struct shim_log *l, struct log_stream *s, const char *at, size_t len);
void shim_log_end(struct shim_log *l, struct log_stream *s);
void shim_log_close(struct shim_log *l);

#endif
