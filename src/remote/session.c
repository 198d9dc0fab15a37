/* session.c - calls: scheme, log-in, redirects */
#include "remote/session.h"

#include <string.h>

#include "base/own.h"
#include "remote/url.h"

#define REDIRECTS_MAX 10

/* hosts that are asked instead of the name that users know */
static const struct {
	const char *name, *host;
} hosts[] = {
	{ "docker.io", "registry-1.docker.io" },
};

void session_init(struct session *s, struct http *h, const struct remote_endpoint *endpoint)
{
	*s = (struct session){ .http = h, .endpoint = endpoint, .host = endpoint->host };
	for (size_t i = 0; i < COUNT(hosts); i++)
		if (strcmp(endpoint->host, hosts[i].name) == 0)
			s->host = hosts[i].host;
	s->tls = (struct http_tls){ .ca = endpoint->ca,
				    .cert = endpoint->cert,
				    .key = endpoint->key,
				    .verify = !endpoint->insecure };
	s->tls_elsewhere = (struct http_tls){ .ca = endpoint->ca, .verify = !endpoint->insecure };
}

void session_done(struct session *s)
{
	arena_done(&s->arena);
}

bool session_has_credentials(const struct session *s)
{
	const struct remote_endpoint *ep = s->endpoint;

	return ep->username || ep->identity_token || ep->registry_token;
}

static const char *scheme_word(enum session_scheme scheme)
{
	return scheme == SCHEME_HTTP ? "http" : "https";
}

/* --- one request to one URL --- */

/* What the last attempt left behind; what went to the pipe is the caller's to count. */
static void reset(struct exchange *x)
{
	str_done(&x->answer);
	x->answer = (struct str){ 0 };
	x->headers = (struct http_headers){ 0 };
	x->status = 0;
	x->length = -1;
	x->delivered = 0;
	x->passes = x->unreached = x->tls_failed = x->broken = x->loopback = false;
	x->why = NULL;
	x->code = 0;
	x->header_bytes = x->redelivered = 0;
	x->skip = x->body_pos = 0;
	x->begun = x->paused = x->refused = false;
	x->authorization = NULL;
}

static bool is_ours(const struct session *s, const struct url *u, struct arena *a)
{
	char *base = arena_printf(a, "%s://%s/", u->https ? "https" : "http", s->host);
	struct url own;

	return base && url_parse(base, a, &own) && url_same_origin(&own, u);
}

/* Basic is said at once when it is known to be wanted; a token is fetched. */
static int authorize(struct session *s, struct call *c, struct err *e)
{
	char *authorization = NULL;

	if (s->challenge.kind == CHALLENGE_NONE && !s->endpoint->registry_token)
		return 0;
	if (session_token(s, c->scope, c->x.arena, &authorization, e) < 0)
		return -1;
	c->x.authorization = authorization;
	return 0;
}

/* A 401 of the endpoint's own: is there anything new to say? */
static bool learn(struct session *s, struct call *c, const char *said)
{
	const struct http_headers *h = &c->x.headers;
	struct challenge now = { 0 };

	if (h->authenticate)
		challenge_parse(h->authenticate, &s->arena, &now);
	if (now.kind == CHALLENGE_NONE)
		return false;
	/* a token may have run out; Basic does not */
	if (said && (now.kind == CHALLENGE_BASIC || s->endpoint->registry_token))
		return false;
	if (now.kind == CHALLENGE_BASIC && !s->endpoint->username)
		return false;
	session_forget(s, c->scope);
	s->challenge = now;
	return true;
}

/* Asks @url, and once more if it wants to know who we are. */
static int ask(struct session *s, struct call *c, const char *url, bool first, struct err *e)
{
	struct exchange *x = &c->x;
	const char *said;
	struct url u;
	bool ours;

	if (!url_parse(url, x->arena, &u))
		return fail(e, ERR_INPUT, "ask '%s': '%.200s' is no URL", s->host, url);
	ours = is_ours(s, &u, x->arena);
	for (int attempt = 0;; attempt++) {
		reset(x);
		x->url = c->url = url;
		x->configured = ours;
		x->loopback_too = s->loopback;
		x->tls = ours ? &s->tls : &s->tls_elsewhere;
		if (ours && authorize(s, c, e) < 0)
			return -1;
		said = x->authorization;
		if (http_run(s->http, x, e) < 0)
			return -1;
		s->loopback = s->loopback || (first && x->loopback);
		if (x->status != 401 || !ours || attempt == 1 || !learn(s, c, said))
			return 0;
	}
}

/* --- redirects --- */

static bool is_redirect(const struct exchange *x)
{
	bool reads = strcmp(x->method, "GET") == 0 || strcmp(x->method, "HEAD") == 0;

	if (!x->headers.location)
		return false;
	if (x->status == 307 || x->status == 308)
		return true;
	return reads && (x->status == 301 || x->status == 302 || x->status == 303);
}

static int follow(struct session *s, const struct call *c, const char **url, struct err *e)
{
	const char *location = c->x.headers.location;
	char *next = url_join(*url, location, c->x.arena);
	struct url from, to;

	if (!next || !url_parse(next, c->x.arena, &to) || !url_parse(*url, c->x.arena, &from))
		return fail(e, ERR_INPUT, "ask '%s': it sends us to '%.200s', which is no URL",
			    s->host, location);
	if (from.https && !to.https && !s->endpoint->insecure) {
		fail(e, ERR_DENIED, "ask '%s': it sends us from https to '%.200s'", s->host, next);
		return fail_hint(e, "a registry behind a proxy must be told its own scheme "
				    "(X-Forwarded-Proto, or its http.host)");
	}
	*url = next;
	return 0;
}

static int call_at(struct session *s, struct call *c, const char *url, struct err *e)
{
	for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
		if (ask(s, c, url, hop == 0, e) < 0)
			return -1;
		if (!is_redirect(&c->x))
			return 0;
		if (follow(s, c, &url, e) < 0)
			return -1;
	}
	return fail(e, ERR_LIMIT, "ask '%s': it sends us on and on, more than %d times", s->host,
		    REDIRECTS_MAX);
}

/* --- schemes --- */

/* A TLS server's answer to plain HTTP is 400 (Go, nginx), or nothing. */
static bool wants_the_other(const struct call *c, int result, enum session_scheme tried)
{
	if (result == 0)
		return tried == SCHEME_HTTP && c->x.status == 400;
	return !c->x.broken && (c->x.unreached || c->x.tls_failed);
}

static int call_by(struct session *s, struct call *c, enum session_scheme scheme, struct err *e)
{
	char *url = arena_printf(c->x.arena, "%s://%s%s", scheme_word(scheme), s->host, c->path);

	s->asked = scheme;
	return url ? call_at(s, c, url, e) : fail_errno(e, ENOMEM, "ask '%s'", s->host);
}

static enum session_scheme other(enum session_scheme scheme)
{
	return scheme == SCHEME_HTTP ? SCHEME_HTTPS : SCHEME_HTTP;
}

/* Nothing is known yet: plain HTTP is for who may have it, in the order that the head tells. */
static int call_first(struct session *s, struct call *c, struct err *e)
{
	struct url u = { 0 };
	char *base = arena_printf(c->x.arena, "http://%s/", s->host);
	bool loopback = base && url_parse(base, c->x.arena, &u) && url_host_is_loopback(u.host);
	enum session_scheme scheme = loopback ? SCHEME_HTTP : SCHEME_HTTPS;
	struct err first;
	int r = call_by(s, c, scheme, e);
	bool answered = r == 0;

	if ((loopback || s->endpoint->insecure) && wants_the_other(c, r, scheme)) {
		first = *e;
		*e = (struct err){ 0 };
		scheme = other(scheme);
		r = call_by(s, c, scheme, e);
		/* it was a plain 400, of one that knows no TLS */
		if (r < 0 && answered && c->x.tls_failed) {
			*e = (struct err){ 0 };
			scheme = other(scheme);
			r = call_by(s, c, scheme, e);
		} else if (r < 0 && !answered && c->x.unreached) {
			/* where nothing listens, say so, and not what TLS thinks of it */
			*e = first;
		}
	}
	if (r == 0)
		s->scheme = scheme;
	return r;
}

/**
 * session_call() - ask, log in if it is wanted, go where we are sent
 *
 * Return: 0 when there is an answer, whatever its status (401: we have nothing to say to it); -1 as
 * http_run(). @c->x.answer is to be freed in any case.
 */
int session_call(struct session *s, struct call *c, struct err *e)
{
	int r;

	if (c->path && s->scheme == SCHEME_UNKNOWN)
		r = call_first(s, c, e);
	else if (c->path)
		r = call_by(s, c, s->scheme, e);
	else
		r = call_at(s, c, c->url, e);
	s->reached = s->reached || r == 0;
	return r;
}
