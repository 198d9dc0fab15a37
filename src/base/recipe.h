/* recipe.h - a table of steps that two processes carry out together
 *
 * Both hold the same table. Rows run in order; each belongs to one side, and the other waits
 * only where sides change, so there is no other handshake: the position in the table is the
 * protocol. A failure on either side ends both with the same struct err. The walker is
 * os/recipe.c.
 *
 * A row may be done ahead: its side does not wait for its turn, and the other side learns of
 * it when it gets there. So both processors work at the same time.
 */
#ifndef BASE_RECIPE_H
#define BASE_RECIPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum side { SIDE_RUNTIME, SIDE_INIT };

/**
 * struct recipe_row - one step
 * @name:   its constant, for the plan command and for debugging
 * @side:   which process carries it out
 * @phrase: read as "cannot <phrase>"
 * @ahead:  done at once, by recipe_ahead()
 */
struct recipe_row {
	const char *name;
	enum side side;
	const char *phrase;
	bool ahead;
};

enum msg_kind {
	MSG_DONE,    /* my rows up to .value are done, yours are next */
	MSG_FAILED,  /* .err says why */
	MSG_PID,     /* .value: the process that goes on, where init had to fork */
	MSG_CONSOLE, /* carries the pty's master */
	MSG_NOTIFY,  /* carries the seccomp listener */
	MSG_IDMAP,   /* .value: a mount of the plan; carries a socket, see init/inside.c */
	MSG_WARNING, /* .err holds a sentence for the log */
	MSG_START,   /* from the start command: go on */
	MSG_KINDS
};

/* struct msg - one packet. Sent short, without .err, when its kind needs none. */
struct msg {
	uint32_t kind;
	int64_t value;
	struct err err;
};

#define MSG_SHORT offsetof(struct msg, err)

#endif
