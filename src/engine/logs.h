/* logs.h - what a container has printed, from the files of its log (shim/log.h) */
#ifndef ENGINE_LOGS_H
#define ENGINE_LOGS_H

#include "engine/kept.h"

/**
 * struct log_entry - a line, or a part of a long one
 * @log: as it was printed; what was no text in it became U+FFFD
 * @ns: of @time, since 1970
 */
struct log_entry {
	char *log, *stream, *time;
	int64_t ns;
};

/**
 * struct logs_wish - what of it
 * @tail: the last so many entries; negative: all
 * @since, @until: ns since 1970; 0: no bound
 * @follow: go on until the container ends
 */
struct logs_wish {
	int64_t tail, since, until;
	bool follow;
	int (*entry)(void *ctx, const struct log_entry *l, struct err *e);
	void *ctx;
};

int logs_read(struct store *s, const struct kept *k, const struct logs_wish *w, struct err *e);

#endif
