/* run.h - a container in the foreground: there as long as the command that runs it */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "engine/wish.h"
#include "spec/digest.h"
#include "store/store.h"

/**
 * struct run_request - what to run
 * @image: digest of its manifest
 * @image_name: what the user called it
 * @name:  NULL: it has none
 */
struct run_request {
	struct digest image;
	const struct wish *wish;
	const char *image_name, *name;
};

int run_foreground(struct store *s, const struct run_request *q, int *ret_status, struct err *e);

#endif
