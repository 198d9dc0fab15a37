/* fetch_push.c - blobs and manifests that go, and manifests that go away (distribution-spec, "Push") */
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "remote/fetch.h"
#include "remote/url.h"

#define TELL_BYTES ((uint64_t)256 << 10)
#define TELL_NS    INT64_C(100000000)
#define OCTETS     "application/octet-stream"
#define ACCEPTED   202
#define CREATED    201

static const char *push_scope(struct op *o, const struct session *s)
{
	const char *own = op_scope(o, s, "pull,push");

	if (!o->ask.mount_from || !own)
		return own;
	return arena_printf(&o->arena, "%s repository:%s:pull", own, o->ask.mount_from);
}

/* libcurl has read so far; news of it a few times a second. */
static void tell_progress(void *ctx, uint64_t bytes)
{
	struct op *o = ctx;
	int64_t now = clock_now_ns();
	struct wire_news n = {
		.id = o->ask.id, .news = REMOTE_PROGRESS, .bytes = bytes, .pulls_left = -1
	};

	o->news.bytes = bytes;
	if (bytes - o->told < TELL_BYTES || now - o->told_at < TELL_NS)
		return;
	o->told = bytes;
	o->told_at = now;
	fetch_tell(o->fetch, &n);
}

static bool exists(struct op *o, struct session *s, struct err *e)
{
	struct call c;
	bool there;

	op_call_init(o, &c, "HEAD", push_scope(o, s));
	c.path = arena_printf(&o->arena, "/v2/%s/blobs/%s", s->endpoint->repository, o->ask.what);
	there = op_call(o, s, &c, e) == 0 && c.x.status == 200;
	str_done(&c.x.answer);
	return there;
}

/* The URL that the last answer tells us to go on at, or NULL */
static char *go_on_at(struct op *o, const struct call *c)
{
	return c->x.headers.location ? url_join(c->url, c->x.headers.location, &o->arena) : NULL;
}

static int want_location(const struct session *s, const char *url, struct err *e)
{
	if (url)
		return 0;
	return fail(e, ERR_INPUT, "'%s' takes the blob, but does not say where", s->host);
}

/* POST: a session, or at once the blob of another repository. 1: mounted */
static int begin(struct op *o, struct session *s, char **ret_url, struct err *e)
{
	own_str struct str path = { 0 };
	struct call c;
	int r;

	op_call_init(o, &c, "POST", push_scope(o, s));
	str_addf(&path, "/v2/%s/blobs/uploads/", s->endpoint->repository);
	if (o->ask.mount_from) {
		str_add(&path, "?mount=");
		url_escape(&path, o->ask.what);
		str_add(&path, "&from=");
		url_escape(&path, o->ask.mount_from);
	}
	c.path = path.torn ? NULL : path.at;
	r = op_call(o, s, &c, e);
	if (r == 0 && c.x.status == CREATED && o->ask.mount_from)
		r = 1;
	else if (r == 0 && c.x.status != ACCEPTED)
		r = op_refused(o, s, &c, e);
	else if (r == 0) {
		*ret_url = go_on_at(o, &c);
		r = want_location(s, *ret_url, e);
	}
	str_done(&c.x.answer);
	return r;
}

/* PUT: the whole blob, or nothing more after its pieces. */
static int finish(struct op *o, struct session *s, const char *url, uint64_t from, struct err *e)
{
	own_str struct str with = { 0 };
	struct call c;
	int r;

	if (!url)
		return fail(e, ERR_BUG, "push a blob to '%s': there is no upload", s->host);
	str_addf(&with, "%s%cdigest=", url, strchr(url, '?') ? '&' : '?');
	url_escape(&with, o->ask.what);
	op_call_init(o, &c, "PUT", push_scope(o, s));
	c.url = with.torn ? NULL : with.at;
	c.x.content_type = OCTETS;
	if (from < o->ask.size) {
		c.x.body_fd = o->fd;
		c.x.body_at = from;
		c.x.body_size = o->ask.size - from;
		c.x.sent = tell_progress;
		c.x.ctx = o;
	}
	r = op_call(o, s, &c, e);
	if (r == 0 && c.x.status != CREATED)
		r = op_refused(o, s, &c, e);
	str_done(&c.x.answer);
	return r;
}

/* "0-1023": so much has arrived */
static bool arrived(const char *range, uint64_t *ret_bytes)
{
	const char *dash = range ? strchr(range, '-') : NULL;
	uint64_t last;

	if (!dash || text_u64(dash + 1, UINT64_MAX - 1, &last) < 0)
		return false;
	*ret_bytes = last + 1;
	return true;
}

/* After a piece that failed: GET tells how much has arrived. */
static int ask_progress(struct op *o, struct session *s, char **url, uint64_t *from, struct err *e)
{
	uint64_t bytes = 0;
	struct call c;
	int r;

	op_call_init(o, &c, "GET", push_scope(o, s));
	c.url = *url;
	r = op_call(o, s, &c, e);
	if (r == 0 && c.x.status != 204 && c.x.status != ACCEPTED)
		r = op_refused(o, s, &c, e);
	if (r == 0 && arrived(c.x.headers.range, &bytes) && bytes <= o->ask.size)
		*from = bytes;
	else if (r == 0)
		r = fail(e, ERR_INPUT, "'%s' does not say how much of a blob has arrived", s->host);
	if (r == 0 && c.x.headers.location)
		*url = go_on_at(o, &c);
	str_done(&c.x.answer);
	return r == 0 ? want_location(s, *url, e) : r;
}

static int send_piece(struct op *o, struct session *s, char **url, uint64_t from, uint64_t size,
		      struct err *e)
{
	struct call c;
	int r;

	op_call_init(o, &c, "PATCH", push_scope(o, s));
	c.url = *url;
	c.x.content_type = OCTETS;
	c.x.content_range = arena_printf(&o->arena, "%llu-%llu", (unsigned long long)from,
					 (unsigned long long)(from + size - 1));
	c.x.body_fd = o->fd;
	c.x.body_at = from;
	c.x.body_size = size;
	c.x.sent = tell_progress;
	c.x.ctx = o;
	r = op_call(o, s, &c, e);
	if (r == 0 && c.x.status != ACCEPTED && c.x.status != CREATED)
		r = op_refused(o, s, &c, e);
	if (r == 0)
		*url = go_on_at(o, &c);
	str_done(&c.x.answer);
	return r == 0 ? want_location(s, *url, e) : r;
}

/* A piece, as often as it is worth it; @from then is where the next one begins. */
static int send_steadily(struct op *o, struct session *s, char **url, uint64_t *from, struct err *e)
{
	for (uint32_t attempt = 0;; attempt++) {
		uint64_t left = o->ask.size - *from;
		uint64_t size = o->ask.chunk < left ? o->ask.chunk : left;
		struct err why = { 0 };

		if (!size || send_piece(o, s, url, *from, size, e) == 0) {
			*from += size;
			return 0;
		}
		if (!o->passes || attempt >= o->fetch->target.retries ||
		    !http_sleep(&o->fetch->http, 200U << (attempt < 5 ? attempt : 5)) ||
		    ask_progress(o, s, url, from, &why) < 0)
			return -1;
		*e = (struct err){ 0 };
	}
}

static int send_pieces(struct op *o, struct session *s, char *url, struct err *e)
{
	uint64_t from = 0;

	while (from < o->ask.size)
		if (send_steadily(o, s, &url, &from, e) < 0)
			return -1;
	return finish(o, s, url, o->ask.size, e);
}

/* fetch_blob_put() - unless it is there, or can be had from another repository, send it */
int fetch_blob_put(struct op *o, struct session *s, struct err *e)
{
	char *url = NULL;
	int r;

	o->told = 0;
	if (exists(o, s, e)) {
		o->news.existed = true;
		o->news.bytes = o->ask.size;
		return 0;
	}
	if (o->over)
		return -1;
	*e = (struct err){ 0 };
	r = begin(o, s, &url, e);
	if (r < 0)
		return -1;
	if (r == 1)
		o->news.mounted = true;
	else if (o->ask.chunk ? send_pieces(o, s, url, e) < 0 : finish(o, s, url, 0, e) < 0)
		return -1;
	o->news.bytes = o->ask.size;
	return 0;
}

/* fetch_manifest_put() - the bytes of the question's file */
int fetch_manifest_put(struct op *o, struct session *s, struct err *e)
{
	struct stat st;
	struct call c;
	int r;

	if (fstat(o->fd, &st) < 0 || (uint64_t)st.st_size > WIRE_ANSWER_MAX)
		return fail(e, ERR_LIMIT, "push a manifest: it is longer than %zu bytes",
			    WIRE_ANSWER_MAX);
	op_call_init(o, &c, "PUT", push_scope(o, s));
	c.path = arena_printf(&o->arena, "/v2/%s/manifests/%s", s->endpoint->repository,
			      o->ask.what);
	c.x.content_type = o->ask.media_type;
	c.x.body_fd = o->fd;
	c.x.body_size = (uint64_t)st.st_size;
	r = op_call(o, s, &c, e);
	if (r == 0 && c.x.status != CREATED)
		r = op_refused(o, s, &c, e);
	if (r == 0)
		o->news.digest = c.x.headers.digest;
	str_done(&c.x.answer);
	return r;
}

/* fetch_manifest_delete() - by digest, or by tag where the registry allows that */
int fetch_manifest_delete(struct op *o, struct session *s, struct err *e)
{
	struct call c;
	int r;

	op_call_init(o, &c, "DELETE", op_scope(o, s, "*"));
	c.path = arena_printf(&o->arena, "/v2/%s/manifests/%s", s->endpoint->repository,
			      o->ask.what);
	r = op_call(o, s, &c, e);
	if (r == 0 && c.x.status == 405) {
		fail(e, ERR_UNSUPPORTED, "'%s' does not delete images", s->host);
		r = fail_hint(e, "docker-registry does it when storage.delete.enabled is true");
	} else if (r == 0 && c.x.status != ACCEPTED && c.x.status != 200) {
		r = op_refused(o, s, &c, e);
	}
	str_done(&c.x.answer);
	return r;
}
