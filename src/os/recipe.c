/* recipe.c - two processes, one table */
#include "os/recipe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

#include "base/own.h"
#include "os/msg.h"

/* recipe_tell() - send a packet without an error; 0 or -errno */
int recipe_tell(int peer, enum msg_kind kind, int64_t value, int fd)
{
	struct msg m = { .kind = kind, .value = value };

	return msg_try_send(peer, &m, MSG_SHORT, fd);
}

/* recipe_tell_failure() - end the other side's walk with this side's error; 0 or -errno */
int recipe_tell_failure(int peer, const struct err *e)
{
	struct msg m = { .kind = MSG_FAILED, .err = *e };

	return msg_try_send(peer, &m, sizeof(m), -1);
}

static bool row_on(const struct recipe *r, unsigned i)
{
	return (r->enabled >> i) & 1;
}

/* Does the other side wait for us after @i? Not when its next row is done ahead. */
static bool other_follows(const struct recipe *r, unsigned i)
{
	for (i++; i < r->n; i++)
		if (row_on(r, i) && !r->rows[i].ahead)
			return r->rows[i].side != r->me;
	return false;
}

/* Are all rows after @i the other side's? Then its end may be its exec. */
static bool ends_here(const struct recipe *r, unsigned i)
{
	for (i++; i < r->n; i++)
		if (row_on(r, i) && r->rows[i].side == r->me && !r->rows[i].ahead)
			return false;
	return r->exec_ends;
}

/* One packet of the other side. 1: its rows are done, 0: there is more to come. */
static int hear_one(struct recipe *r, unsigned i, struct err *e)
{
	own_fd int fd = FD_NONE;
	struct msg m = { 0 };
	ssize_t n = msg_try_recv(r->peer, &m, sizeof(m), &fd);

	if (n < 0) {
		fail_errno(e, (int)-n, "hear from the other process while it was to %s",
			   r->rows[i].phrase);
		(void)recipe_tell_failure(r->peer, e);
		return -1;
	}
	if (n == 0 && ends_here(r, i))
		return 1;
	if (n == 0)
		return fail(e, ERR_SYSTEM, "the other process died before it could %s",
			    r->rows[i].phrase);
	if ((size_t)n < MSG_SHORT || m.kind >= MSG_KINDS ||
	    (m.kind == MSG_FAILED && (size_t)n < sizeof(m)))
		return fail(e, ERR_BUG, "the other process sent a damaged packet");
	if (m.kind == MSG_DONE)
		return 1;
	if (m.kind == MSG_FAILED) {
		*e = m.err;
		err_sanitise(e);
		if (e->cls == ERR_NONE)
			e->cls = ERR_BUG;
		return -1;
	}
	if (m.kind == MSG_PID)
		r->forks = 0;
	return r->hear ? r->hear(r->ctx, &m, &fd, e) : 0;
}

/* It comes before the process that tells it ends; nothing else comes now. */
static int hear_number(struct recipe *r, unsigned i, struct err *e)
{
	struct pollfd p = { .fd = r->peer, .events = POLLIN };

	(void)waitid(P_PID, (id_t)r->forks, NULL, WEXITED | WNOWAIT);
	if (poll(&p, 1, 0) > 0 && hear_one(r, i, e) < 0)
		return -1;
	return r->forks ? fail(e, ERR_SYSTEM, "the other process died before it said who goes on")
			: 0;
}

static int wait_rows(struct recipe *r, unsigned i, struct err *e)
{
	int done;

	do
		done = hear_one(r, i, e);
	while (done == 0);
	/* the process that goes on may be heard before the one that says its number; our rows need it */
	if (done > 0 && r->forks)
		done = hear_number(r, i, e);
	return done < 0 ? -1 : 0;
}

/* The other side has ended before it was told to go on; what it said last is the reason. */
static int fail_ended(struct recipe *r, unsigned i, struct err *e)
{
	int done;

	while (i + 1 < r->n && !(row_on(r, i) && r->rows[i].side != r->me))
		i++;
	do
		done = hear_one(r, i, e);
	while (done == 0);
	return done < 0 ? -1
			: fail(e, ERR_SYSTEM, "the other process died before it could %s",
			       r->rows[i].phrase);
}

static int tell_done(struct recipe *r, unsigned i, struct err *e)
{
	int sent = recipe_tell(r->peer, MSG_DONE, i, -1);

	if (sent == -EPIPE || sent == -ECONNRESET)
		return fail_ended(r, i, e);
	return sent < 0 ? fail_errno(e, -sent, "tell the other process to go on") : 0;
}

static int run_row(struct recipe *r, unsigned i, struct err *e)
{
	if (r->run(r->ctx, i, e) == 0)
		return 0;
	fail_in(e, "cannot %s", r->rows[i].phrase);
	(void)recipe_tell_failure(r->peer, e);
	return -1;
}

/* recipe_ahead() - carry out this side's rows that need not wait; before recipe_walk() */
int recipe_ahead(struct recipe *r, struct err *e)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (!row_on(r, i) || r->rows[i].side != r->me || !r->rows[i].ahead)
			continue;
		if (run_row(r, i, e) < 0 || tell_done(r, i, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * recipe_walk() - carry out this side's rows of [@from, @to) and wait for the other side's
 *
 * Return: 0 when all of them succeeded on both sides, else -1 with the failure of either.
 */
int recipe_walk(struct recipe *r, unsigned from, unsigned to, struct err *e)
{
	bool waiting = false;

	for (unsigned i = from; i < to; i++) {
		if (!row_on(r, i))
			continue;
		if (r->rows[i].side == r->me) {
			if (r->rows[i].ahead)
				continue;
			waiting = false;
			if (run_row(r, i, e) < 0 || (other_follows(r, i) && tell_done(r, i, e) < 0))
				return -1;
		} else if (!waiting) {
			waiting = true;
			if (wait_rows(r, i, e) < 0)
				return -1;
		}
	}
	return 0;
}
