/* fetch_pull.c - manifests and blobs that come (distribution-spec, "Pull") */

#include "remote/fetch.h"

/* What we can read; schema 1 last, so that a registry that has nothing else says so by its type. */
#define ACCEPT \
	"application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, " \
	"application/vnd.docker.distribution.manifest.v2+json, " \
	"application/vnd.docker.distribution.manifest.list.v2+json, " \
	"application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1"

static char *repository_path(struct op *o, const struct session *s, const char *kind)
{
	return arena_printf(&o->arena, "/v2/%s/%s/%s", s->endpoint->repository, kind, o->ask.what);
}

static const char *pull_scope(struct op *o, const struct session *s)
{
	return op_scope(o, s, o->fetch->target.push ? "pull,push" : "pull");
}

/* These are the news' until it is told; the arena of the attempt lives that long. */
static void note_document(struct op *o, const struct exchange *x)
{
	o->news.media_type = x->headers.content_type;
	o->news.digest = x->headers.digest;
	o->news.has_size = x->length >= 0;
	o->news.size = x->length >= 0 ? (uint64_t)x->length : 0;
}

static int manifest(struct op *o, struct session *s, const char *method, struct call *c,
		    struct err *e)
{
	op_call_init(o, c, method, pull_scope(o, s));
	c->path = repository_path(o, s, "manifests");
	c->x.accept = ACCEPT;
	c->x.answer_max = WIRE_ANSWER_MAX;
	if (op_call(o, s, c, e) < 0)
		return -1;
	if (c->x.status != 200)
		return op_refused(o, s, c, e);
	note_document(o, &c->x);
	return 0;
}

int fetch_manifest_head(struct op *o, struct session *s, struct err *e)
{
	struct call c;
	int r = manifest(o, s, "HEAD", &c, e);

	str_done(&c.x.answer);
	return r;
}

int fetch_manifest_get(struct op *o, struct session *s, struct err *e)
{
	struct call c;
	int r = manifest(o, s, "GET", &c, e);

	if (r == 0)
		r = op_answer(o, c.x.answer.at, c.x.answer.len, e);
	if (r == 0)
		o->news.size = c.x.answer.len;
	str_done(&c.x.answer);
	return r;
}

int fetch_blob_head(struct op *o, struct session *s, struct err *e)
{
	struct call c;
	int r;

	op_call_init(o, &c, "HEAD", pull_scope(o, s));
	c.path = repository_path(o, s, "blobs");
	r = op_call(o, s, &c, e);
	if (r == 0) {
		o->news.existed = c.x.status == 200;
		note_document(o, &c.x);
		o->news.media_type = NULL;
		if (c.x.status != 200 && c.x.status != 404)
			r = op_refused(o, s, &c, e);
	}
	str_done(&c.x.answer);
	return r;
}

static void want_rest(struct op *o, struct call *c)
{
	struct exchange *x = &c->x;

	x->pipe = o->fd;
	x->pipe_from = o->bytes;
	x->pipe_max = o->ask.size - o->bytes;
	if (o->bytes)
		x->range = arena_printf(&o->arena, "bytes=%llu-", (unsigned long long)o->bytes);
}

/* A body that ends early without a length is as good as a broken connection. */
static int judge_rest(struct op *o, const struct session *s, const struct call *c, struct err *e)
{
	if (c->x.status != 200 && c->x.status != 206)
		return op_refused(o, s, c, e);
	if (o->bytes == o->ask.size)
		return 0;
	o->passes = true;
	return fail(e, ERR_SYSTEM, "'%s' sends %llu of the blob's %llu bytes", s->host,
		    (unsigned long long)o->bytes, (unsigned long long)o->ask.size);
}

int fetch_blob_get(struct op *o, struct session *s, struct err *e)
{
	struct call c;
	int r;

	if (o->bytes == o->ask.size)
		return 0;
	op_call_init(o, &c, "GET", pull_scope(o, s));
	c.path = repository_path(o, s, "blobs");
	want_rest(o, &c);
	r = op_call(o, s, &c, e);
	o->bytes += c.x.delivered;
	o->news.bytes = o->bytes;
	if (r == 0)
		r = judge_rest(o, s, &c, e);
	str_done(&c.x.answer);
	return r;
}

/* fetch_login() - GET /v2/, which everybody who may come in is let to see */
int fetch_login(struct op *o, struct session *s, struct err *e)
{
	struct call c;
	int r;

	op_call_init(o, &c, "GET", "");
	c.path = "/v2/";
	r = op_call(o, s, &c, e);
	if (r == 0 && c.x.status == 404) {
		fail(e, ERR_UNSUPPORTED, "'%s' is no registry: it has no /v2/", s->host);
		r = -1;
	} else if (r == 0 && c.x.status == 401) {
		fail(e, ERR_DENIED, "log in at '%s': the credentials are not accepted", s->host);
		r = -1;
	} else if (r == 0 && c.x.status != 200) {
		r = op_refused(o, s, &c, e);
	}
	str_done(&c.x.answer);
	return r;
}
