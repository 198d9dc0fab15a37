/* progress.h - how far a transfer is, for whoever shows it */
#ifndef IMAGE_PROGRESS_H
#define IMAGE_PROGRESS_H

#include <stdint.h>

/* In the order in which a blob goes through them; progress_words has docker's words. */
enum progress_step {
	PROGRESS_WAITING,     /* Pulling fs layer, Preparing */
	PROGRESS_TRANSFER,    /* Downloading, Pushing */
	PROGRESS_TRANSFERRED, /* Download complete */
	PROGRESS_UNPACKING,   /* Extracting */
	PROGRESS_DONE,        /* Pull complete, Pushed */
	PROGRESS_EXISTS,      /* Already exists, Layer already exists */
	PROGRESS_MOUNTED,     /* Mounted from … */
	PROGRESS_RETRY,       /* Retrying: why */
};

/**
 * struct progress - told of each change; NULL @tell: nobody asks
 * @tell: @id is the blob's short digest; @detail belongs to MOUNTED and RETRY, else NULL
 * @say:  a line that belongs to no blob
 */
struct progress {
	void (*tell)(void *ctx, const char *id, enum progress_step step, uint64_t done,
		     uint64_t total, const char *detail);
	void (*say)(void *ctx, const char *line);
	void *ctx;
};

#endif
