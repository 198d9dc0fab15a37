/* recipe.h - walks one side of a table of steps (see base/recipe.h) */
#ifndef OS_RECIPE_H
#define OS_RECIPE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/recipe.h"

/**
 * struct recipe - one side's view of a walk
 * @rows, @n:  the table, the same in both processes
 * @enabled:   bit i set: row i is walked; the same in both processes
 * @me:        which side this process is
 * @peer:      SOCK_SEQPACKET socket to the other side; a step may replace it
 * @ctx:       handed to every call
 * @run:       carries out row @i of this side
 * @hear:      takes a packet that is neither DONE nor FAILED, with its descriptor; may be NULL
 * @forks:     the other side's process, if it forks, tells the child's number (MSG_PID) and ends; 0
 *             otherwise, and once the number has come
 * @exec_ends: the last rows end in exec: the peer's going away is their success
 */
struct recipe {
	const struct recipe_row *rows;
	unsigned n;
	uint64_t enabled;
	enum side me;
	int peer;
	void *ctx;
	int (*run)(void *ctx, unsigned i, struct err *e);
	int (*hear)(void *ctx, const struct msg *m, int *fd, struct err *e);
	pid_t forks;
	bool exec_ends;
};

int recipe_ahead(struct recipe *r, struct err *e);
int recipe_walk(struct recipe *r, unsigned from, unsigned to, struct err *e);
int recipe_tell(int peer, enum msg_kind kind, int64_t value, int fd);
int recipe_tell_failure(int peer, const struct err *e);

#endif
