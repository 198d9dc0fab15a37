/* refusal.c - statuses, and the registry's JSON errors (distribution-spec, "Error Codes") */
#include "remote/refusal.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/own.h"
#include "remote/http.h"

#define WAIT_MAX 60 /* s of Retry-After that we wait */

/* The first error of {"errors":[{"code":…,"message":…}]}, as "message (CODE)"; "" when there is none. */
static void said(const struct exchange *x, char *ret, size_t size)
{
	own_arena struct arena a = { .limit = (size_t)1 << 20 };
	struct err why = { 0 };
	const struct json *doc, *list, *code, *message;

	*ret = '\0';
	doc = x->answer.len ? json_parse(x->answer.at, x->answer.len, "error", NULL, &a, &why)
			    : NULL;
	list = doc && doc->type == JSON_OBJECT ? json_member(doc, "errors") : NULL;
	list = list && list->type == JSON_ARRAY ? list->child : NULL;
	if (!list || list->type != JSON_OBJECT)
		return;
	code = json_member(list, "code");
	message = json_member(list, "message");
	snprintf(ret, size, ": %.200s (%.60s)",
		 message && message->type == JSON_STRING ? message->text : "it does not say why",
		 code && code->type == JSON_STRING ? code->text : "no code");
}

static int absent(const struct refusal *r, const char *why, struct err *e)
{
	fail(e, ERR_ABSENT, "there is no %s in '%s'%s", r->what, r->name, why);
	return fail_hint(e, "is the name right? tare search finds names");
}

static int denied(const struct refusal *r, const char *why, struct err *e)
{
	if (r->user && *r->user)
		fail(e, ERR_DENIED, "access to '%s' is denied to '%s'%s", r->name, r->user, why);
	else
		fail(e, ERR_DENIED, "access to '%s' is denied%s", r->name, why);
	if (r->user)
		return fail_hint(e, "these credentials do not suffice; others by: tare login %s",
				 r->host);
	return fail_hint(e, "it may not exist, or need a log-in: tare login %s", r->host);
}

/* Seconds; HTTP dates are rare there, and mean: much later. */
static uint64_t retry_after(const struct exchange *x)
{
	uint64_t s = 0;

	if (!x->headers.retry_after)
		return 0;
	return text_u64(x->headers.retry_after, 86400, &s) == 0 ? s : WAIT_MAX + 1;
}

static int rate_limit(const struct refusal *r, const struct exchange *x, const char *why,
		      struct err *e)
{
	const struct http_headers *h = &x->headers;
	const char *left = h->pulls_left ? h->pulls_left : "";
	const char *limit = h->pulls_limit ? h->pulls_limit : "";

	/* "76;w=21600": so many in so many seconds */
	fail(e, ERR_LIMIT, "'%s' has too many requests of ours%s%s%.*s%s%.*s", r->host, why,
	     *left ? "; left: " : "", (int)strcspn(left, "; "), left, *limit ? " of " : "",
	     (int)strcspn(limit, "; "), limit);
	if (h->retry_after)
		return fail_hint(
			e, "again after %.40s s; who logs in has a higher limit: tare login %s",
			h->retry_after, r->host);
	return fail_hint(e, "who logs in has a higher limit: tare login %s", r->host);
}

/**
 * refusal() - the error of an answer
 * @ret_passes:  set when another attempt may do better
 * @ret_wait_ms: set when the registry says how long to wait, and that is bearable
 *
 * Return: -1.
 */
int refusal(const struct refusal *about, const struct exchange *x, bool *ret_passes,
	    unsigned *ret_wait_ms, struct err *e)
{
	uint64_t wait = retry_after(x);
	char why[320];

	said(x, why, sizeof(why));
	*ret_passes = false;
	switch (x->status) {
	case 401:
	case 403:
		return denied(about, why, e);
	case 404:
		return absent(about, why, e);
	case 429:
		*ret_passes = wait && wait <= WAIT_MAX;
		*ret_wait_ms = (unsigned)wait * 1000;
		return rate_limit(about, x, why, e);
	default:
		break;
	}
	if (x->status >= 500 || x->status == 408) {
		*ret_passes = x->status != 501 && wait <= WAIT_MAX;
		*ret_wait_ms = wait <= WAIT_MAX ? (unsigned)wait * 1000 : 0;
		return fail(e, ERR_SYSTEM, "'%s' is in trouble: it answers %ld for %s%s",
			    about->host, x->status, about->what, why);
	}
	if (x->status == 405 || x->status == 415)
		return fail(e, ERR_UNSUPPORTED, "'%s' does not do that for %s%s", about->host,
			    about->what, why);
	return fail(e, ERR_INPUT, "'%s' answers %ld for %s%s", about->host, x->status, about->what,
		    why);
}
