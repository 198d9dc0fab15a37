/* flush.h - fdatasync(2) of a file, by a thread beside an event loop */
#ifndef OS_FLUSH_H
#define OS_FLUSH_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

/**
 * struct flush - one file on its way to the disk
 * @done: readable when it is there: for poll(2); -1 when nothing is on its way
 */
struct flush {
	pthread_t thread;
	int fd, done, error;
};

#define FLUSH_NONE \
	{ \
		.done = -1 \
	}

int flush_begin(struct flush *f, int fd, struct err *e);
bool flush_is_done(const struct flush *f);
int flush_end(struct flush *f);

#endif
