/* session_token.c - who we are: Basic, and tokens of token servers
 *
 * Protocol: distribution's docs/spec/auth/token.md, and oauth.md for identity tokens.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "remote/base64.h"
#include "remote/session.h"
#include "remote/url.h"

#define ANSWER_MAX  ((size_t)256 << 10)
#define LIFE_MARGIN 5 /* s before its end that a token is not used any more */
#define NS          INT64_C(1000000000)

/* struct token - of one scope */
struct token {
	char *scope, *authorization;
	int64_t until; /* ns */
	struct token *next;
};

/* session_forget() - the token of that scope is of no use */
void session_forget(struct session *s, const char *scope)
{
	for (struct token *t = s->tokens; t; t = t->next)
		if (strcmp(t->scope, scope) == 0)
			t->until = 0;
}

static const struct token *find(const struct session *s, const char *scope)
{
	int64_t now = clock_now_ns();

	for (const struct token *t = s->tokens; t; t = t->next)
		if (t->until > now && strcmp(t->scope, scope) == 0)
			return t;
	return NULL;
}

static char *basic(const struct remote_endpoint *ep, struct arena *a)
{
	char *pair = arena_printf(a, "%s:%s", ep->username, ep->password ? ep->password : "");
	char *encoded = pair ? base64_of(pair, a) : NULL;

	return encoded ? arena_printf(a, "Basic %s", encoded) : NULL;
}

/* --- asking a token server --- */

/* May the credentials go there? The head of session.h says why. */
static int judge_realm(const struct session *s, const char *base, const char *realm,
		       struct arena *a, bool *ret_ours, struct err *e)
{
	struct url to, from;

	if (!url_parse(realm, a, &to) || !url_parse(base, a, &from))
		return fail(e, ERR_INPUT, "log in at '%s': its token server '%.200s' is no URL",
			    s->host, realm);
	*ret_ours = url_same_origin(&from, &to);
	if (to.https || *ret_ours || s->endpoint->insecure ||
	    (url_host_is_loopback(to.host) && url_host_is_loopback(from.host)))
		return 0;
	fail(e, ERR_DENIED,
	     "log in at '%s': it wants the credentials at '%.200s', which is not "
	     "encrypted",
	     s->host, realm);
	return fail_hint(e, "the token server must speak https");
}

static void add_scopes(struct str *out, const char *scope)
{
	char one[512];

	for (const char *at = scope; *at;) {
		size_t len = strcspn(at, " ");

		if (len && len < sizeof(one)) {
			memcpy(one, at, len);
			one[len] = '\0';
			str_add(out, "&scope=");
			url_escape(out, one);
		}
		at += len + strspn(at + len, " ");
	}
}

static void add_parameters(struct str *out, const struct challenge *c, const char *scope)
{
	if (c->service) {
		str_add(out, "service=");
		url_escape(out, c->service);
	}
	add_scopes(out, scope);
}

/* GET of the realm, with Basic if we are somebody. */
static int by_get(const struct session *s, const char *scope, struct exchange *x, struct err *e)
{
	const struct challenge *c = &s->challenge;
	own_str struct str url = { 0 };

	str_addf(&url, "%s%c", c->realm, strchr(c->realm, '?') ? '&' : '?');
	add_parameters(&url, c, scope);
	if (s->endpoint->username) {
		str_add(&url, "&account=");
		url_escape(&url, s->endpoint->username);
		x->authorization = basic(s->endpoint, x->arena);
	}
	x->method = "GET";
	x->url = url.torn ? NULL : arena_dup(x->arena, url.at);
	return x->url ? 0 : fail_errno(e, ENOMEM, "log in at '%s'", s->host);
}

/* POST of the form of OAuth 2 (RFC 6749, 6). */
static int by_post(const struct session *s, const char *scope, struct exchange *x, struct err *e)
{
	own_str struct str form = { 0 };

	str_add(&form, "grant_type=refresh_token&client_id=tare&refresh_token=");
	url_escape(&form, s->endpoint->identity_token);
	str_add(&form, "&");
	/* one parameter with all scopes */
	str_add(&form, "service=");
	url_escape(&form, s->challenge.service ? s->challenge.service : "");
	str_add(&form, "&scope=");
	url_escape(&form, scope);
	x->method = "POST";
	x->url = s->challenge.realm;
	x->content_type = "application/x-www-form-urlencoded";
	x->body = form.torn ? NULL : arena_dup(x->arena, form.at);
	x->body_len = form.len;
	return x->body ? 0 : fail_errno(e, ENOMEM, "log in at '%s'", s->host);
}

/* --- its answer --- */

static int read_token(struct session *s, const struct exchange *x, const char *scope, struct err *e)
{
	struct token *t = arena_alloc(&s->arena, sizeof(*t));
	int64_t seconds;
	char *text;

	if (!token_read(x->answer.at, x->answer.len, x->arena, &text, &seconds))
		return fail(e, ERR_INPUT, "log in at '%s': its token server sends no token",
			    s->host);
	if (!t)
		return fail_errno(e, ENOMEM, "log in at '%s'", s->host);
	t->scope = arena_dup(&s->arena, scope);
	t->authorization = arena_printf(&s->arena, "Bearer %s", text);
	t->until = clock_now_ns() + (seconds - LIFE_MARGIN) * NS;
	if (!t->scope || !t->authorization)
		return fail_errno(e, ENOMEM, "log in at '%s'", s->host);
	t->next = s->tokens;
	s->tokens = t;
	return 0;
}

static int refused(const struct session *s, const struct exchange *x, struct err *e)
{
	const char *user = s->endpoint->username;

	if (x->status != 400 && x->status != 401 && x->status != 403)
		return fail(e, x->status == 429 ? ERR_LIMIT : ERR_SYSTEM,
			    "log in at '%s': its token server answers %ld", s->host, x->status);
	if (!session_has_credentials(s))
		fail(e, ERR_DENIED, "log in at '%s': it lets nobody in without a name", s->host);
	else
		fail(e, ERR_DENIED, "log in at '%s': the credentials%s%s%s are not accepted",
		     s->host, user ? " of '" : "", user ? user : "", user ? "'" : "");
	return fail_hint(e, "tare login %s", s->endpoint->host);
}

static int fetch(struct session *s, const char *scope, struct exchange *x, struct err *e)
{
	if (s->endpoint->identity_token ? by_post(s, scope, x, e) < 0 : by_get(s, scope, x, e) < 0)
		return -1;
	if (http_run(s->http, x, e) < 0)
		return fail_in(e, "log in at '%s'", s->host);
	return x->status == 200 ? read_token(s, x, scope, e) : refused(s, x, e);
}

static int get_token(struct session *s, const char *scope, struct arena *a, struct err *e)
{
	struct exchange x = { .arena = a,
			      .pipe = FD_NONE,
			      .body_fd = FD_NONE,
			      .answer_max = ANSWER_MAX,
			      .loopback_too = s->loopback };
	char *base =
		arena_printf(a, "%s://%s/", s->asked == SCHEME_HTTP ? "http" : "https", s->host);
	bool ours;
	int r;

	if (!base)
		return fail_errno(e, ENOMEM, "log in at '%s'", s->host);
	if (judge_realm(s, base, s->challenge.realm, a, &ours, e) < 0)
		return -1;
	x.tls = ours ? &s->tls : &s->tls_elsewhere;
	x.configured = ours;
	r = fetch(s, scope, &x, e);
	str_done(&x.answer);
	return r;
}

/**
 * session_token() - the value of Authorization for @scope: Basic, or a token, asked for if need be
 * @ret_authorization: NULL where the challenge is Basic and we are nobody
 */
int session_token(struct session *s, const char *scope, struct arena *a, char **ret_authorization,
		  struct err *e)
{
	const struct challenge *c = &s->challenge;
	const struct token *t;

	if (s->endpoint->registry_token) {
		*ret_authorization = arena_printf(a, "Bearer %s", s->endpoint->registry_token);
		return 0;
	}
	if (c->kind == CHALLENGE_BASIC) {
		*ret_authorization = s->endpoint->username ? basic(s->endpoint, a) : NULL;
		return 0;
	}
	/* who asks for nothing of his own gets what the registry thought of */
	if (!*scope && c->scope)
		scope = c->scope;
	t = find(s, scope);
	if (!t && get_token(s, scope, a, e) < 0)
		return -1;
	t = t ? t : find(s, scope);
	if (!t)
		return fail(e, ERR_INPUT, "log in at '%s': its token is no good", s->host);
	*ret_authorization = t->authorization;
	return 0;
}
