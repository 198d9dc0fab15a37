/* relay.h - a program that is entered into a container never holds a file of ours
 *
 * Whoever has a file open for reading can open it again for writing by /proc/self/fd, if its mode lets
 * him; and root in a container without a user namespace is the host's root. So a stream that is a file
 * is a pipe for the program, and a process of ours copies: what is read is read, and what is written is
 * added, no more. A terminal is console.h's; pipes and sockets are given as they are.
 */
#ifndef TARE_RELAY_H
#define TARE_RELAY_H

#include "base/err.h"

struct relay_state;

/**
 * struct relays - of the three streams
 * @theirs: the program's end of the pipe in place of a stream, or FD_NONE
 * @ours:   of an output, the end that is read, to see whether something is left in it; or FD_NONE
 */
struct relays {
	int theirs[3], ours[3];
	struct relay_state *state;
};

int relays_begin(struct relays *r, struct err *e);
int relays_take(const struct relays *r, struct err *e);
void relays_let_go(struct relays *r);
void relays_finish(struct relays *r);
void relays_done(struct relays *r);
#define own_relays __attribute__((cleanup(relays_done)))

#endif
