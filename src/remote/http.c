/* http.c - requests as fibers see them; the loop that serves them all */
#include "remote/http.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/own.h"
#include "remote/fiber.h"
#include "remote/http_priv.h"

#define POLL_MAX 64
#define MS       INT64_C(1000000)

/* struct sleeper - a fiber that waits for a time */
struct sleeper {
	struct fiber *fiber;
	int64_t until; /* ns */
	bool cancelled;
	struct sleeper *next;
};

/* --- what failures mean --- */

static const struct meaning {
	CURLcode code;
	enum err_class cls;
	bool passes, unreached, tls;
	const char *text, *hint;
} meanings[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_ABSENT, false, true, false, "there is no such host",
	  "is the name right, and does DNS answer?" },
	{ CURLE_COULDNT_RESOLVE_PROXY, ERR_ABSENT, false, true, false,
	  "there is no such host as the proxy", "look at HTTP_PROXY and HTTPS_PROXY" },
	{ CURLE_COULDNT_CONNECT, ERR_SYSTEM, false, true, false, "it does not take connections",
	  "is the registry running, and is the port right?" },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_DENIED, false, false, false,
	  "its certificate is not to be trusted", "" },
	{ CURLE_SSL_CONNECT_ERROR, ERR_SYSTEM, false, false, true, "it does not speak TLS", "" },
	{ CURLE_SSL_CERTPROBLEM, ERR_INPUT, false, false, false,
	  "our client certificate cannot be used", "look at the .cert and .key in certs.d" },
	{ CURLE_SSL_CACERT_BADFILE, ERR_INPUT, false, false, false,
	  "a certificate authority cannot be read", "look at the .crt files in certs.d" },
	{ CURLE_OPERATION_TIMEDOUT, ERR_LIMIT, true, false, false, "it is too slow", "" },
	{ CURLE_PARTIAL_FILE, ERR_SYSTEM, true, false, false, "its answer was cut short", "" },
	{ CURLE_GOT_NOTHING, ERR_SYSTEM, true, false, true, "it closed the connection", "" },
	{ CURLE_RECV_ERROR, ERR_SYSTEM, true, false, true, "the connection broke", "" },
	{ CURLE_SEND_ERROR, ERR_SYSTEM, true, false, true, "the connection broke", "" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_INPUT, false, false, true, "it does not speak HTTP", "" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_INPUT, false, false, true, "it does not speak HTTP", "" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_INPUT, false, false, false, "it does not speak HTTP",
	  "" },
	{ CURLE_OUT_OF_MEMORY, ERR_SYSTEM, false, false, false, "there is no memory", "" },
	{ CURLE_OK, ERR_SYSTEM, false, false, false, "the request failed", "" },
};

static int fail_certificate(const struct exchange *x, const char *host, struct err *e)
{
	static const char *const unknown[] = { "issuer", "self-signed", "self signed",
					       "authority" };
	bool nobody = false;

	for (size_t i = 0; i < COUNT(unknown); i++)
		nobody = nobody || strstr(x->errors, unknown[i]);
	fail(e, ERR_DENIED, "ask '%s': %s (%s)", host,
	     nobody ? "its certificate is signed by an unknown authority"
		    : "its certificate is not to be trusted",
	     x->errors);
	if (!nobody)
		return -1;
	return fail_hint(e,
			 "put its authority's certificate into /etc/tare/certs.d/%s/ca.crt, or say "
			 "insecure = true in /etc/tare/registries.conf",
			 host);
}

/* HOST or HOST:PORT of the URL, which is what folders of certs.d are named after. */
static const char *host_of(const struct exchange *x)
{
	const char *at = strstr(x->url, "://");
	char *host = at ? arena_dup_len(x->arena, at + 3, strcspn(at + 3, "/?")) : NULL;

	return host ? host : "the registry";
}

static int explain(struct exchange *x, struct err *e)
{
	const struct meaning *m = meanings;
	const char *host = host_of(x);

	if (x->cancelled || x->broken) {
		x->broken = true;
		return fail(e, ERR_SYSTEM, "ask '%s': nobody wants the answer any more", host);
	}
	if (x->why)
		return fail(e, x->refused ? ERR_DENIED : ERR_LIMIT, "ask '%s': %s", host, x->why);
	if (x->code == CURLE_PEER_FAILED_VERIFICATION)
		return fail_certificate(x, host, e);
	while (m->code != (CURLcode)x->code && m->code != CURLE_OK)
		m++;
	x->passes = m->passes;
	x->unreached = m->unreached;
	x->tls_failed = m->tls;
	if (x->code == CURLE_OPERATION_TIMEDOUT) {
		curl_off_t connected = 0;

		(void)curl_easy_getinfo(x->easy, CURLINFO_CONNECT_TIME_T, &connected);
		x->unreached = !connected;
	}
	fail(e, m->cls, "ask '%s': %s%s%s%s", host, m->text, *x->errors ? " (" : "", x->errors,
	     *x->errors ? ")" : "");
	return *m->hint ? fail_hint(e, "%s", m->hint) : -1;
}

/* --- a request --- */

static bool unlink_exchange(struct http *h, const struct exchange *x)
{
	struct exchange **at = &h->list;

	while (*at && *at != x)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = x->next;
	return true;
}

static void finish(struct http *h, struct exchange *x)
{
	curl_off_t length = -1;

	(void)unlink_exchange(h, x);
	(void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
	(void)curl_easy_getinfo(x->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	x->length = length;
}

static void clean(struct http *h, struct exchange *x)
{
	(void)curl_multi_remove_handle(h->multi, x->easy);
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->list);
	x->easy = NULL;
	x->list = NULL;
}

/**
 * http_run() - in a fiber: send the request of @x and wait for all of its answer
 *
 * Return: 0 when there is an answer, whatever its status; -1 with @x->passes, @x->unreached,
 * @x->broken telling more. @x->answer is to be freed in any case.
 */
int http_run(struct http *h, struct exchange *x, struct err *e)
{
	int result;

	x->errors = arena_alloc(x->arena, CURL_ERROR_SIZE);
	x->fiber = fiber_self();
	if (!x->errors)
		return fail_errno(e, ENOMEM, "ask a registry");
	if (http_prepare(h, x, e) < 0)
		return -1;
	x->next = h->list;
	h->list = x;
	if (curl_multi_add_handle(h->multi, x->easy) != CURLM_OK) {
		finish(h, x);
		clean(h, x);
		return fail_errno(e, ENOMEM, "ask a registry");
	}
	fiber_wait();
	finish(h, x);
	result = x->code == CURLE_OK && !x->cancelled ? 0 : explain(x, e);
	clean(h, x);
	return result;
}

/* http_sleep() - in a fiber: for so long. Return: false when the fiber was cancelled meanwhile */
bool http_sleep(struct http *h, unsigned ms)
{
	struct sleeper s = { .fiber = fiber_self(), .until = clock_now_ns() + ms * MS };
	struct sleeper **at = &h->sleepers;

	s.next = h->sleepers;
	/* cppcheck-suppress autoVariables ; it is taken out below, before it ends */
	h->sleepers = &s;
	fiber_wait();
	while (*at != &s)
		at = &(*at)->next;
	*at = s.next;
	return !s.cancelled;
}

/* http_cancel() - whatever the fiber waits for fails, at once */
void http_cancel(struct http *h, struct fiber *f)
{
	for (struct sleeper *s = h->sleepers; s; s = s->next)
		if (s->fiber == f) {
			s->cancelled = true;
			fiber_go(f);
			return;
		}
	for (struct exchange *x = h->list; x; x = x->next)
		if (x->fiber == f) {
			x->cancelled = true;
			fiber_go(f);
			return;
		}
}

/* --- the loop --- */

static int collect(const struct http *h, int fd, struct curl_waitfd *ret_fds)
{
	unsigned n = 0;

	if (fd >= 0)
		ret_fds[n++] = (struct curl_waitfd){ .fd = fd, .events = CURL_WAIT_POLLIN };
	for (struct exchange *x = h->list; x && n < POLL_MAX; x = x->next)
		if (x->paused)
			ret_fds[n++] =
				(struct curl_waitfd){ .fd = x->pipe, .events = CURL_WAIT_POLLOUT };
	return (int)n;
}

static int patience(const struct http *h)
{
	int64_t now = clock_now_ns(), ms = 1000;

	for (const struct sleeper *s = h->sleepers; s; s = s->next) {
		int64_t left = (s->until - now) / MS + 1;

		ms = left < ms ? left : ms;
	}
	return ms > 0 ? (int)ms : 0;
}

/* A pipe that has room again, or whose reader is gone, which the next write finds out. */
static void go_on(struct http *h)
{
	for (struct exchange *x = h->list, *next; x; x = next) {
		struct pollfd p = { .fd = x->pipe, .events = POLLOUT };

		next = x->next;
		if (!x->paused || poll(&p, 1, 0) <= 0)
			continue;
		x->paused = false;
		(void)curl_easy_pause(x->easy, CURLPAUSE_CONT);
	}
}

static void wake_sleepers(struct http *h)
{
	int64_t now = clock_now_ns();

	for (struct sleeper *s = h->sleepers; s; s = s->next)
		if (s->until <= now) {
			fiber_go(s->fiber);
			return; /* the list may be another one now; the rest wakes at the next step */
		}
}

static void report_done(struct http *h)
{
	const CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct exchange *x = NULL;

		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x) != CURLE_OK)
			continue;
		x->code = (int)m->data.result;
		fiber_go(x->fiber);
	}
}

/**
 * http_step() - wait until something can go on, and let it
 * @fd: also waited for; negative: none
 *
 * Return: whether @fd can be read.
 */
bool http_step(struct http *h, int fd)
{
	struct curl_waitfd fds[POLL_MAX + 1];
	int n = collect(h, fd, fds), running;

	(void)curl_multi_poll(h->multi, fds, (unsigned)n, patience(h), NULL);
	go_on(h);
	(void)curl_multi_perform(h->multi, &running);
	report_done(h);
	wake_sleepers(h);
	return fd >= 0 && fds[0].revents;
}

/* http_init() - @h's settings are the caller's to fill */
int http_init(struct http *h, struct err *e)
{
	h->multi = curl_multi_init();
	if (!h->multi)
		return fail_errno(e, ENOMEM, "start libcurl");
	(void)curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 16L);
	return 0;
}

void http_done(struct http *h)
{
	if (h->multi)
		(void)curl_multi_cleanup(h->multi);
	h->multi = NULL;
}
