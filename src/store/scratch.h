/* scratch.h - a folder of one's own in ingest/, for an archive that is taken apart
 *
 * Its holder has it locked. One that nobody has locked was left by a process that was killed; whoever
 * wants one next, or collects what is unused, removes it.
 */
#ifndef STORE_SCRATCH_H
#define STORE_SCRATCH_H

#include "os/lock.h"
#include "store/store.h"

struct scratch {
	struct store *store;
	int fd;
	char name[LOCK_NAME];
};

#define SCRATCH_NONE \
	{ \
		.fd = FD_NONE \
	}
#define own_scratch __attribute__((cleanup(scratch_done))) struct scratch

int scratch_open(struct scratch *x, struct store *s, const char *what, struct err *e);
int scratch_remove(struct scratch *x, struct err *e);
void scratch_done(struct scratch *x);
int scratch_clear(struct store *s, struct err *e);

#endif
