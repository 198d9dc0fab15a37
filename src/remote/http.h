/* http.h - one HTTP request at a time for each fiber, over libcurl's multi interface
 *
 * Only in tare-fetch. Follows no redirect, stores no cookie, reads no file of the user's, speaks http
 * and https only, and bounds what it takes: headers, bodies, silence. What an answer means is the
 * business of session.h.
 */
#ifndef REMOTE_HTTP_H
#define REMOTE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/err.h"
#include "remote/proxy.h"

struct arena;
struct exchange;
struct fiber;
struct sleeper;

/* struct http - the multi handle and who waits for it */
struct http {
	void *multi; /* CURLM */
	struct exchange *list;
	struct sleeper *sleepers;
	struct proxies proxies;
	uint32_t connect_ms, stall_ms;
	const char *authorities; /* folder of certificates by hash; NULL: libcurl's default file */
};

/* struct http_tls - PEM of an endpoint; @verify: refuse who is vouched for by nobody */
struct http_tls {
	struct bytes ca, cert, key;
	bool verify;
};

/* struct http_headers - of the final answer; NULL: not there. The exchange's arena owns them. */
struct http_headers {
	char *location, *authenticate, *content_type, *digest, *link, *retry_after, *content_range,
		*range, *pulls_limit, *pulls_left, *chunk_min, *uploads;
};

/**
 * struct exchange - a request and its answer
 * @configured: the host is the user's word, not a server's: it may lie anywhere
 * @loopback_too: a server that runs on loopback itself may send us there
 * @body, @body_len: what is sent; or of @body_fd the @body_size bytes from @body_at on
 * @sent:       called with bytes of @body_fd that were sent
 * @answer_max: bytes of an answer that are kept, at most; more is an error
 * @pipe:       where the body of a 200 or 206 goes instead, or FD_NONE; never more than @pipe_max
 * @pipe_from:  the offset that was asked for by Range; of a whole answer so much is thrown away
 * @status, @headers, @answer: what came; @length: Content-Length, or -1
 * @delivered:  bytes that went to @pipe
 * @passes:     after a failure: another attempt may do better
 * @unreached:  after a failure: no connection came about; @tls_failed: it was TLS that failed
 * @broken:     after a failure: who reads the pipe is gone, or the caller has cancelled
 */
struct exchange {
	struct arena *arena;
	const char *method, *url, *authorization, *accept, *content_type, *range, *content_range;
	const struct http_tls *tls;
	bool configured, loopback_too, proxied;
	const void *body;
	size_t body_len;
	int body_fd;
	uint64_t body_at, body_size;
	void (*sent)(void *ctx, uint64_t bytes);
	void *ctx;
	size_t answer_max;
	int pipe;
	uint64_t pipe_from, pipe_max;

	long status;
	struct http_headers headers;
	struct str answer;
	int64_t length;
	uint64_t delivered;
	bool passes, unreached, tls_failed, broken, loopback;

	/* http.c's own */
	void *easy, *list, *addresses;
	char *errors;
	const char *why;
	int code;
	size_t header_bytes, redelivered;
	uint64_t skip, body_pos;
	bool begun, paused, cancelled, refused;
	struct fiber *fiber;
	struct exchange *next;
};

int http_init(struct http *h, struct err *e);
void http_done(struct http *h);
int http_run(struct http *h, struct exchange *x, struct err *e);
bool http_sleep(struct http *h, unsigned ms);
void http_cancel(struct http *h, struct fiber *f);
bool http_step(struct http *h, int fd);

#endif
