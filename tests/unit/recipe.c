/* recipe.c - the walk of one side, with the other's packets laid ready */
#include "t.h"

#include <unistd.h>

#include "base/err.h"
#include "os/msg.h"
#include "os/recipe.h"

static const struct recipe_row rows[] = {
	{ "ENTER", SIDE_INIT, "enter", false },
	{ "NOTE", SIDE_RUNTIME, "note", false },
};

struct seen {
	int64_t pid, noted;
};

static int note(void *ctx, unsigned i, struct err *e)
{
	struct seen *s = ctx;

	(void)i;
	(void)e;
	s->noted = s->pid;
	return 0;
}

static int hear(void *ctx, const struct msg *m, int *fd, struct err *e)
{
	struct seen *s = ctx;

	(void)fd;
	(void)e;
	if (m->kind == MSG_PID)
		s->pid = m->value;
	return 0;
}

/* What the runtime noted after hearing @first and @second of two processes of the other side. */
static int64_t walked(enum msg_kind first, enum msg_kind second, int *ret_walk, struct err *e)
{
	struct seen seen = { .pid = 1 };
	struct recipe r = { .rows = rows,
			    .n = 2,
			    .enabled = 3,
			    .me = SIDE_RUNTIME,
			    .ctx = &seen,
			    .run = note,
			    .hear = hear,
			    .forks = fork() };
	int pair[2];

	/* it ends at once; what it would have told is here already, or will never be */
	if (r.forks == 0)
		_exit(0);

	WANT(msg_pair(pair, e) == 0);
	WANT(recipe_tell(pair[1], first, 77, -1) == 0);
	if (second != first)
		WANT(recipe_tell(pair[1], second, 77, -1) == 0);
	(void)close(pair[1]);
	r.peer = pair[0];
	*ret_walk = recipe_walk(&r, 0, 2, e);
	(void)close(pair[0]);
	return seen.noted;
}

TEST(a_row_waits_for_the_number_of_the_process_that_goes_on)
{
	struct err e = { 0 };
	int r;

	WANT_INT(walked(MSG_PID, MSG_DONE, &r, &e), 77);
	WANT_INT(r, 0);
	WANT_INT(walked(MSG_DONE, MSG_PID, &r, &e), 77);
	WANT_INT(r, 0);
}

TEST(without_that_number_the_walk_ends)
{
	struct err e = { 0 };
	int r;

	WANT_INT(walked(MSG_DONE, MSG_DONE, &r, &e), 0);
	WANT_INT(r, -1);
	WANT(strstr(e.text, "died before") != NULL);
}
