/* transfer.h - what pull and push show: bars on a terminal, else a line for each step */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

#include "image/progress.h"

/* struct transfer_line - one blob */
struct transfer_line {
	char id[16];
	enum progress_step step;
	uint64_t done, total;
};

/**
 * struct transfer - all blobs of a transfer
 * @words: what each step is called; NULL: it is not told
 * @drawn: lines of bars that are on the terminal
 */
struct transfer {
	struct progress progress;
	const char *const *words;
	bool quiet, terminal;
	struct transfer_line *lines;
	size_t n, drawn;
	int64_t next_ns;
};

extern const char *const transfer_pull_words[], *const transfer_push_words[];

void transfer_begin(struct transfer *t, const char *const *words, bool quiet);
void transfer_end(struct transfer *t);

#endif
