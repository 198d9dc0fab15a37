/* fetch.c - the life of a question in tare-fetch */
#include "remote/fetch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "os/file.h"
#include "os/msg.h"
#include "remote/fiber.h"
#include "remote/refusal.h"

#define BACK_OFF_MS     200
#define BACK_OFF_MAX_MS 10000
#define PROGRESS_ENOUGH ((uint64_t)1 << 20) /* bytes after which attempts are counted anew */
#define ATTEMPTS_MAX    1000
#define OPS_MAX         8192
#define PARALLEL        3
#define RETRIES         5
#define CONNECT_MS      15000
#define STALL_MS        60000
#define ANSWER_KEPT     ((size_t)64 << 10) /* bytes of an answer of which only errors matter */

enum op_sort { SORT_PULL, SORT_REGISTRY };

/* Every action: who may be asked, and the noun of its @what in messages. */
static const struct action {
	int (*run)(struct op *o, struct session *s, struct err *e);
	enum op_sort sort;
	const char *noun;
	bool anywhere; /* no repository is meant */
} actions[] = {
	[REMOTE_MANIFEST_HEAD] = { fetch_manifest_head, SORT_PULL, "image" },
	[REMOTE_MANIFEST_GET] = { fetch_manifest_get, SORT_PULL, "image" },
	[REMOTE_MANIFEST_PUT] = { fetch_manifest_put, SORT_REGISTRY, "image" },
	[REMOTE_MANIFEST_DELETE] = { fetch_manifest_delete, SORT_REGISTRY, "image" },
	[REMOTE_BLOB_HEAD] = { fetch_blob_head, SORT_REGISTRY, "blob" },
	[REMOTE_BLOB_GET] = { fetch_blob_get, SORT_PULL, "blob" },
	[REMOTE_BLOB_PUT] = { fetch_blob_put, SORT_REGISTRY, "blob" },
	[REMOTE_TAGS] = { fetch_tags, SORT_REGISTRY, "list of tags" },
	[REMOTE_CATALOG] = { fetch_catalog, SORT_REGISTRY, "list of repositories", true },
	[REMOTE_SEARCH] = { fetch_search, SORT_REGISTRY, "search", true },
	[REMOTE_LOGIN] = { fetch_login, SORT_REGISTRY, "log-in", true },
};

/* --- what the actions use --- */

/* fetch_tell() - send news; if nobody listens any more, the loop finds out */
void fetch_tell(struct fetch *f, const struct wire_news *n)
{
	own_str struct str out = { 0 };

	if (bind_pack(&wire_news_table, n, &out) == 0 && out.len <= WIRE_PACKET)
		(void)msg_try_send(f->sock, out.at, out.len, -1);
}

/* op_call_init() - a call without bodies; a scope of NULL is none */
void op_call_init(struct op *o, struct call *c, const char *method, const char *scope)
{
	*c = (struct call){ .scope = scope ? scope : "",
			    .x = { .arena = &o->arena,
				   .method = method,
				   .body_fd = FD_NONE,
				   .pipe = FD_NONE,
				   .answer_max = ANSWER_KEPT } };
}

/* op_scope() - of the endpoint's repository, as token servers want it */
char *op_scope(struct op *o, const struct session *s, const char *what)
{
	return arena_printf(&o->arena, "repository:%s:%s", s->endpoint->repository, what);
}

static void note_pulls(struct op *o, const struct http_headers *h)
{
	char number[24];
	uint64_t left;

	if (!h->pulls_left)
		return;
	snprintf(number, sizeof(number), "%.*s", (int)strcspn(h->pulls_left, "; "), h->pulls_left);
	if (text_u64(number, INT64_MAX, &left) == 0)
		o->news.pulls_left = (int64_t)left;
}

/* op_call() - session_call(), and what its failure means for the question */
int op_call(struct op *o, struct session *s, struct call *c, struct err *e)
{
	int r;

	if (!c->scope || (!c->path && !c->url))
		return fail_errno(e, ENOMEM, "ask '%s'", s->host);
	r = session_call(s, c, e);
	/* what was reached once is worth another attempt when it cannot be reached */
	o->passes = r < 0 && (c->x.passes || (c->x.unreached && s->reached));
	o->over = r < 0 && c->x.broken;
	o->wait_ms = 0;
	if (r == 0)
		note_pulls(o, &c->x.headers);
	return r;
}

/* op_refused() - the error of an answer that is no success */
int op_refused(struct op *o, const struct session *s, const struct call *c, struct err *e)
{
	const struct remote_endpoint *ep = s->endpoint;
	const char *noun = actions[o->ask.action].noun;
	const char *user = session_has_credentials(s) ? ep->username ? ep->username : "" : NULL;
	const char *what = o->ask.what && o->ask.action != REMOTE_SEARCH
				   ? arena_printf(&o->arena, "%s '%s'", noun, o->ask.what)
				   : noun;
	const char *name = ep->mirror ? arena_printf(&o->arena, "%s/%s", ep->host, ep->repository)
				      : o->fetch->target.name;
	struct refusal about = {
		.name = name ? name : "", .what = what ? what : noun, .host = ep->host, .user = user
	};

	return refusal(&about, &c->x, &o->passes, &o->wait_ms, e);
}

/* op_answer() - put bytes into the question's memory file, from its beginning */
int op_answer(struct op *o, const void *at, size_t len, struct err *e)
{
	const char *from = at;
	size_t done = 0;

	if (len > WIRE_ANSWER_MAX)
		return fail(e, ERR_LIMIT, "take an answer of '%s': it is longer than %zu bytes",
			    o->fetch->target.name, WIRE_ANSWER_MAX);
	while (done < len) {
		ssize_t n = pwrite(o->fd, from + done, len - done, (off_t)done);

		if (n <= 0)
			return fail_sys(e, "pass on an answer");
		done += (size_t)n;
	}
	o->news.bytes = len;
	return 0;
}

/* --- the life of a question --- */

static void tell_failure(struct op *o, enum remote_news news, const struct err *e)
{
	struct wire_news n = { .id = o->ask.id,
			       .news = news,
			       .bytes = o->bytes,
			       .pulls_left = o->news.pulls_left,
			       .cls = e->cls,
			       .sysno = e->sysno,
			       .text = (char *)e->text,
			       .hint = (char *)e->hint };

	fetch_tell(o->fetch, &n);
}

static unsigned back_off(const struct op *o, unsigned attempt)
{
	unsigned ms = BACK_OFF_MS << (attempt < 8 ? attempt : 8);

	if (o->wait_ms)
		return o->wait_ms;
	return ms < BACK_OFF_MAX_MS ? ms : BACK_OFF_MAX_MS;
}

/* One endpoint, as often as it is worth it. */
static int try_endpoint(struct op *o, struct session *s, struct err *e)
{
	uint32_t retries =
		s->endpoint->mirror && o->fetch->target.retries ? 1 : o->fetch->target.retries;
	uint64_t from = o->bytes;

	for (uint32_t attempt = 0, all = 0;; attempt++, all++) {
		own_arena struct arena done = { 0 };

		*e = (struct err){ 0 };
		o->arena = (struct arena){ .limit = (size_t)32 << 20 };
		o->passes = false;
		o->news = (struct wire_news){ .pulls_left = o->news.pulls_left,
					      .host = s->endpoint->host };
		if (actions[o->ask.action].run(o, s, e) == 0)
			return 0;
		done = o->arena;
		o->arena = (struct arena){ 0 };
		if (o->bytes - from >= PROGRESS_ENOUGH) {
			from = o->bytes;
			attempt = 0;
		}
		if (o->cancelled || !o->passes || attempt >= retries || all > ATTEMPTS_MAX)
			return -1;
		tell_failure(o, REMOTE_RETRY, e);
		if (!http_sleep(&o->fetch->http, back_off(o, attempt)))
			return -1;
	}
}

static bool may_ask(const struct op *o, const struct remote_endpoint *ep)
{
	bool digest = o->ask.what && strchr(o->ask.what, ':');

	if (!ep->repository && !actions[o->ask.action].anywhere)
		return false;
	if (!ep->mirror)
		return true;
	if (actions[o->ask.action].sort == SORT_REGISTRY || o->ask.registry_only)
		return false;
	/* a blob comes from wherever its manifest may come from */
	if (o->ask.action == REMOTE_BLOB_GET)
		return ep->by_digest || ep->by_tag;
	return digest ? ep->by_digest : ep->by_tag;
}

/* The registry's own error is told; a mirror's only if there is nobody else. */
static int try_all(struct op *o, struct err *e)
{
	struct remote_target *t = &o->fetch->target;
	int r = fail(e, ERR_INPUT, "ask for '%s': there is nobody to ask", t->name);

	for (size_t i = 0; i < t->endpoints.n && r < 0 && !o->over && !o->cancelled; i++)
		if (may_ask(o, &t->endpoints.at[i]))
			r = try_endpoint(o, &o->fetch->sessions[i], e);
	return r;
}

static void live(void *ctx)
{
	struct op *o = ctx;
	struct err e = { 0 };
	int r = try_all(o, &e);

	/* its end is to be seen before its last news */
	fd_close(&o->fd);
	o->news.id = o->ask.id;
	o->news.news = REMOTE_DONE;
	if (r == 0)
		fetch_tell(o->fetch, &o->news);
	else
		tell_failure(o, REMOTE_FAILED, &e);
	arena_done(&o->arena);
}

static bool is_blob(const struct op *o)
{
	return o->ask.action == REMOTE_BLOB_GET || o->ask.action == REMOTE_BLOB_PUT;
}

static void start(struct op *o)
{
	o->waiting = false;
	if (is_blob(o))
		o->fetch->blobs++;
	o->fiber = fiber_new(live, o);
	if (o->fiber) {
		fiber_go(o->fiber);
		return;
	}
	/* without memory for a stack there is some for these words */
	o->cancelled = true;
	tell_failure(o, REMOTE_FAILED,
		     &(struct err){ .cls = ERR_SYSTEM, .text = "ask a registry: no memory" });
}

/* Those that have ended make room for those that wait. */
static void sweep(struct fetch *f)
{
	for (struct op **at = &f->ops, *o; (o = *at);) {
		if (o->waiting || (o->fiber && !fiber_ended(o->fiber))) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		f->blobs -= is_blob(o);
		fiber_free(o->fiber);
		fd_close(&o->fd);
		arena_done(&o->asked);
		free(o);
	}
	for (struct op *o = f->ops; o && f->blobs < f->target.parallel; o = o->next)
		if (o->waiting) {
			start(o);
			sweep(f);
			return;
		}
}

static void cancel(struct fetch *f, uint64_t id)
{
	for (struct op *o = f->ops; o; o = o->next) {
		if (o->ask.id != id)
			continue;
		o->cancelled = true;
		if (!o->waiting) {
			http_cancel(&f->http, o->fiber);
			return;
		}
		o->waiting = false;
		f->blobs++;
		tell_failure(o, REMOTE_FAILED,
			     &(struct err){ .cls = ERR_SYSTEM, .text = "it was cancelled" });
		return;
	}
}

/* A pipe of the engine's is written to without waiting, and is as large as we may make it. */
static void prepare_fd(const struct op *o)
{
	if (o->ask.action != REMOTE_BLOB_GET || o->fd < 0)
		return;
	(void)fcntl(o->fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(o->fd, F_SETPIPE_SZ, 1 << 20);
}

static void add_op(struct fetch *f, struct op *o)
{
	struct op **at = &f->ops;
	size_t n = 0;

	o->fetch = f;
	o->bytes = o->ask.offset;
	o->news.pulls_left = -1;
	for (; *at; at = &(*at)->next)
		n++;
	*at = o;
	prepare_fd(o);
	o->waiting = is_blob(o) && (f->blobs >= f->target.parallel || n >= OPS_MAX);
	if (!o->waiting)
		start(o);
}

/* One packet: 1 if there was one, 0 if there is none now, -1 when the engine is gone */
static int take_packet(struct fetch *f)
{
	unsigned char packet[WIRE_PACKET];
	own_fd int fd = FD_NONE;
	struct pollfd p = { .fd = f->sock, .events = POLLIN };
	struct op *o;
	struct err e = { 0 };
	ssize_t n;

	if (poll(&p, 1, 0) <= 0)
		return 0;
	n = msg_try_recv(f->sock, packet, sizeof(packet), &fd);
	if (n <= 0)
		return -1;
	o = calloc(1, sizeof(*o));
	if (!o)
		return -1;
	if (wire_ask_read(packet, (size_t)n, &o->asked, &o->ask, &e) < 0) {
		arena_done(&o->asked);
		free(o);
		return -1;
	}
	if (o->ask.action == REMOTE_NOTHING) {
		cancel(f, o->ask.id);
		arena_done(&o->asked);
		free(o);
	} else {
		o->fd = give_fd(&fd);
		add_op(f, o);
	}
	sweep(f);
	return 1;
}

/* fetch_serve() - until the engine closes its end */
void fetch_serve(struct fetch *f)
{
	int r = 1;

	while (r >= 0) {
		if (http_step(&f->http, f->sock))
			while ((r = take_packet(f)) > 0) {}
		sweep(f);
	}
}

/* --- the start --- */

static void set_defaults(struct remote_target *t)
{
	t->parallel = t->parallel ? t->parallel : PARALLEL;
	t->retries = t->retries == UINT32_MAX ? 0 : t->retries ? t->retries : RETRIES;
	t->connect_ms = t->connect_ms ? t->connect_ms : CONNECT_MS;
	t->stall_ms = t->stall_ms ? t->stall_ms : STALL_MS;
}

static int take_target(struct fetch *f, struct err *e)
{
	own_mem char *text = NULL;
	own_fd int fd = FD_NONE;
	char byte;
	ssize_t n = msg_try_recv(f->sock, &byte, 1, &fd);
	int len;

	if (n < 0)
		return fail_errno(e, (int)-n, "hear what to fetch");
	if (fd < 0)
		return fail(e, ERR_BUG, "hear what to fetch: there is no target");
	len = file_read_fd(fd, "target", WIRE_SETUP_MAX, &text, e);
	if (len < 0)
		return -1;
	return bind_unpack(&wire_target_table, (unsigned char *)text, (size_t)len, &f->arena,
			   &f->target, e);
}

/* Debian keeps the authorities as a folder by hash as well. */
static const char *authorities(void)
{
	return access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0 ? "/etc/ssl/certs" : NULL;
}

/* fetch_open() - hear what it is about, over the engine's socket @sock */
int fetch_open(struct fetch *f, int sock, struct err *e)
{
	struct remote_target *t = &f->target;

	*f = (struct fetch){ .sock = sock };
	if (take_target(f, e) < 0)
		return -1;
	set_defaults(t);
	f->http.proxies = (struct proxies){ t->http_proxy, t->https_proxy, t->no_proxy };
	f->http.connect_ms = t->connect_ms;
	f->http.stall_ms = t->stall_ms;
	f->http.authorities = authorities();
	f->sessions = arena_array(&f->arena, t->endpoints.n, sizeof(*f->sessions));
	if (!f->sessions)
		return fail_errno(e, ENOMEM, "start tare-fetch");
	for (size_t i = 0; i < t->endpoints.n; i++)
		session_init(&f->sessions[i], &f->http, &t->endpoints.at[i]);
	return http_init(&f->http, e);
}
