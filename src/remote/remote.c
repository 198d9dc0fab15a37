/* remote.c - the engine's end: questions to tare-fetch, and its news, in order */
#include "remote/remote.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/own.h"
#include "os/msg.h"
#include "os/spawn.h"
#include "remote/helper.h"
#include "remote/remote_priv.h"
#include "remote/wire.h"

#define OPEN_MAX 8192 /* questions without an answer */
#define KEEP_MAX 1024 /* news that are no ends, kept for who asks later */

/* struct question - one without an answer yet */
struct question {
	uint64_t id;
	bool blob;
	struct question *next;
};

/* struct queued - an event that nobody has asked for yet */
struct queued {
	struct remote_event event;
	struct queued *next;
};

/* struct remote - @dead.cls: tare-fetch has ended, or talks nonsense */
struct remote {
	struct helper helper;
	uint64_t last_id;
	size_t n_open, n_kept;
	struct question *open;
	struct queued *first, **last;
	struct err dead;
	char *name;
};

/* --- start and end --- */

static int send_target(int sock, const struct remote_target *t, struct err *e)
{
	own_str struct str out = { 0 };
	own_fd int fd = FD_NONE;
	int r;

	if (bind_pack(&wire_target_table, t, &out) < 0)
		return fail_errno(e, ENOMEM, "start '" HELPER "'");
	fd = memfd_of("target", out.at, out.len, e);
	if (fd < 0)
		return -1;
	r = msg_try_send(sock, "", 1, fd);
	return r < 0 ? fail_errno(e, -r, "tell '" HELPER "' what to fetch") : 0;
}

/**
 * remote_start() - start tare-fetch, before it is known what for
 *
 * What it loads takes longer than the reading of all files that tell: remote_direct() then says it.
 */
int remote_start(struct remote **ret_remote, struct err *e)
{
	struct remote *r = calloc(1, sizeof(*r));

	if (!r)
		return fail_errno(e, ENOMEM, "start '" HELPER "'");
	*r = (struct remote){ .helper = { .sock = FD_NONE } };
	r->last = &r->first;
	if (helper_inherit(&r->helper) || helper_start(&r->helper, e) == 0)
		return *ret_remote = r, 0;
	remote_close(r);
	return -1;
}

/* remote_direct() - say, once, what it is about; @t is not needed any more afterwards */
int remote_direct(struct remote *r, const struct remote_target *t, struct err *e)
{
	if (r->name)
		return fail(e, ERR_BUG, "ask for '%s': it is for '%s' already", t->name, r->name);
	r->name = strdup(t->name);
	if (!r->name)
		return fail_errno(e, ENOMEM, "ask for '%s'", t->name);
	return send_target(r->helper.sock, t, e);
}

/* remote_open() - both. Returns without waiting for it. Return: 0, or -1. */
int remote_open(const struct remote_target *t, struct remote **ret_remote, struct err *e)
{
	struct remote *r = NULL;

	if (remote_start(&r, e) < 0)
		return -1;
	if (remote_direct(r, t, e) == 0)
		return *ret_remote = r, 0;
	remote_close(r);
	return -1;
}

/* remote_dismiss() - nothing is asked any more: it may end while we do something else; NULL is allowed */
void remote_dismiss(struct remote *r)
{
	if (!r)
		return;
	fd_close(&r->helper.sock);
	if (r->helper.pid > 0)
		(void)kill(r->helper.pid, SIGKILL);
}

/* remote_close() - end tare-fetch, whatever it does; NULL is allowed */
void remote_close(struct remote *r)
{
	if (!r)
		return;
	remote_dismiss(r);
	while (r->helper.pid > 0 && waitpid(r->helper.pid, NULL, 0) < 0 && errno == EINTR) {}
	for (struct question *q = r->open, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	for (struct queued *q = r->first, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	free(r->name);
	free(r);
}

/* remote_fd() - readable when remote_next() has something; closed by remote_close() */
int remote_fd(const struct remote *r)
{
	return r->helper.sock;
}

const char *remote_name(const struct remote *r)
{
	return r->name ? r->name : "nothing";
}

/* --- news --- */

static struct question **find(struct remote *r, uint64_t id)
{
	struct question **at = &r->open;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void close_question(struct remote *r, uint64_t id)
{
	struct question **at = find(r, id), *q = *at;

	if (!q)
		return;
	*at = q->next;
	free(q);
	r->n_open--;
}

static bool is_last(const struct remote_event *ev)
{
	return ev->news == REMOTE_DONE || ev->news == REMOTE_FAILED;
}

/* Ends are as many as there are questions; of the rest only so many are worth memory. */
static bool worth_keeping(struct remote *r, const struct remote_event *ev)
{
	return is_last(ev) || r->n_kept < KEEP_MAX;
}

static int queue(struct remote *r, const struct remote_event *ev)
{
	struct queued *q = worth_keeping(r, ev) ? calloc(1, sizeof(*q)) : NULL;

	if (!q)
		return worth_keeping(r, ev) ? -1 : 0;
	q->event = *ev;
	r->n_kept++;
	*r->last = q;
	r->last = &q->next;
	return 0;
}

static bool take_queued(struct remote *r, struct remote_event *ret)
{
	struct queued *q = r->first;

	if (!q)
		return false;
	*ret = q->event;
	r->first = q->next;
	r->n_kept--;
	if (!r->first)
		r->last = &r->first;
	free(q);
	return true;
}

/* No question will be answered any more. */
static void die(struct remote *r, const struct err *why)
{
	if (!r->dead.cls)
		r->dead = *why;
}

/* One packet. 1: @ret_event; 0: nothing that matters, or it died */
static int receive(struct remote *r, struct remote_event *ret_event)
{
	unsigned char packet[WIRE_PACKET];
	own_fd int fd = FD_NONE;
	struct remote_event ev;
	struct err why = { 0 };
	ssize_t n = msg_try_recv(r->helper.sock, packet, sizeof(packet), &fd);

	if (n <= 0) {
		fail(&why, ERR_SYSTEM, "ask for '%s': '" HELPER "' has ended before its time",
		     r->name);
		die(r, &why);
		return 0;
	}
	if (wire_news_read(packet, (size_t)n, &ev, &why) < 0 || (!ev.id && is_last(&ev))) {
		die(r, why.cls ? &why : &ev.err);
		return 0;
	}
	/* of a question that nobody asked, or that is answered: not worth a word */
	if (!*find(r, ev.id))
		return 0;
	*ret_event = ev;
	return 1;
}

/* What was asked fails, one by one. */
static bool fail_next(struct remote *r, struct remote_event *ret)
{
	if (!r->dead.cls || !r->open)
		return false;
	*ret = (struct remote_event){
		.id = r->open->id, .news = REMOTE_FAILED, .pulls_left = -1, .err = r->dead
	};
	return true;
}

/**
 * remote_next() - the next event of any question
 * @timeout_ms: how long to wait for it; negative: as long as it takes
 *
 * Return: 1; 0 when the time is up, or nothing is under way; -1 when tare-fetch has ended and every
 * question has been told so.
 */
int remote_next(struct remote *r, int timeout_ms, struct remote_event *ret_event, struct err *e)
{
	struct pollfd p = { .fd = r->helper.sock, .events = POLLIN };
	int got = take_queued(r, ret_event);

	while (!got) {
		if (r->dead.cls) {
			if (!fail_next(r, ret_event))
				return *e = r->dead, -1;
			break;
		}
		if (!r->open || poll(&p, 1, timeout_ms) == 0)
			return 0;
		if (p.revents)
			got = receive(r, ret_event);
	}
	if (is_last(ret_event))
		close_question(r, ret_event->id);
	return 1;
}

/* In front of what came after them. */
static void put_back(struct remote *r, struct queued *first, struct queued **last, size_t n)
{
	if (!first)
		return;
	*last = r->first;
	if (!r->first)
		r->last = last;
	r->first = first;
	r->n_kept += n;
}

/**
 * remote_wait() - the end of one question; news of others are kept for remote_next()
 *
 * Return: 0 when it is done; -1 when it failed, with its error.
 */
int remote_wait(struct remote *r, uint64_t id, struct remote_event *ret_event, struct err *e)
{
	struct queued *others = NULL, **last = &others;
	struct remote_event ev;
	size_t kept = 0;
	int n;

	while ((n = remote_next(r, -1, &ev, e)) > 0 && !(ev.id == id && is_last(&ev))) {
		bool keep = ev.id != id && (is_last(&ev) || kept < KEEP_MAX);
		struct queued *q = keep ? calloc(1, sizeof(*q)) : NULL;

		if (!q)
			continue;
		q->event = ev;
		kept++;
		*last = q;
		last = &q->next;
	}
	put_back(r, others, last, kept);
	if (n == 0)
		return fail(e, ERR_BUG, "wait for '%s': there is no question %llu", r->name,
			    (unsigned long long)id);
	if (n < 0)
		return -1;
	if (ev.news == REMOTE_FAILED)
		return *e = ev.err, -1;
	*ret_event = ev;
	return 0;
}

/* --- questions --- */

/* Both ends may have much to say: news are taken in while there is no room for our words. */
static int send_packet(struct remote *r, const struct str *packet, int fd, struct err *e)
{
	struct pollfd p = { .fd = r->helper.sock, .events = POLLIN | POLLOUT };
	struct remote_event ev;
	int error;

	while (!r->dead.cls) {
		if (poll(&p, 1, -1) < 0)
			continue;
		if (p.revents & POLLOUT) {
			error = msg_try_send(r->helper.sock, packet->at, packet->len, fd);
			if (error == 0)
				return 0;
			/* its last words are still to be read, and say why */
			if (error != -EPIPE && error != -ECONNRESET)
				return fail_errno(e, -error, "ask for '%s'", r->name);
		}
		if (receive(r, &ev) > 0 && queue(r, &ev) < 0)
			return fail_errno(e, ENOMEM, "ask for '%s'", r->name);
	}
	return *e = r->dead, -1;
}

static int send_ask(struct remote *r, const struct wire_ask *ask, int fd, struct err *e)
{
	own_str struct str packet = { 0 };

	if (bind_pack(&wire_ask_table, ask, &packet) < 0)
		return fail_errno(e, ENOMEM, "ask for '%s'", r->name);
	if (packet.len > WIRE_PACKET)
		return fail(e, ERR_INPUT, "ask for '%s': the question is too long", r->name);
	return send_packet(r, &packet, fd, e);
}

/**
 * remote_ask() - ask a question; its news come by remote_next() or remote_wait()
 * @ret_id: receives its number
 */
int remote_ask(struct remote *r, const struct remote_request *q, uint64_t *ret_id, struct err *e)
{
	struct question *open = r->name && r->n_open < OPEN_MAX ? calloc(1, sizeof(*open)) : NULL;
	struct wire_ask ask = { .id = r->last_id + 1,
				.action = q->action,
				.what = (char *)q->what,
				.media_type = (char *)q->media_type,
				.mount_from = (char *)q->mount_from,
				.size = q->size,
				.offset = q->offset,
				.chunk = q->chunk,
				.limit = q->limit,
				.registry_only = q->registry_only };

	if (!open)
		return fail(e, ERR_LIMIT, "ask for '%s': too many questions are open",
			    remote_name(r));
	open->id = ask.id;
	open->next = r->open;
	r->open = open;
	r->n_open++;
	r->last_id = ask.id;
	if (send_ask(r, &ask, q->fd, e) < 0) {
		close_question(r, ask.id);
		return -1;
	}
	*ret_id = ask.id;
	return 0;
}

/* remote_cancel() - let go of a question; it ends by an event all the same, most likely FAILED */
int remote_cancel(struct remote *r, uint64_t id, struct err *e)
{
	const struct wire_ask ask = { .id = id, .action = REMOTE_NOTHING };

	return *find(r, id) ? send_ask(r, &ask, FD_NONE, e) : 0;
}
