/* http_easy.c - one request's options, and what libcurl calls while it is under way
 *
 * The callbacks run on the thread's own stack, never on a fiber's.
 */
#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/own.h"
#include "remote/http_priv.h"

#define HEADERS_MAX ((size_t)64 << 10) /* bytes of all headers of an answer */
#define HEADER_KEPT 8192               /* bytes of one that matters */
#define BUFFER      (256L << 10)
#define SLOW        128L /* bytes in a second: below it is standing still */

/* --- headers --- */

// clang-format off
static const struct {
	const char *name;
	size_t at;
} kept[] = {
	{ "Location", offsetof(struct http_headers, location) },
	{ "WWW-Authenticate", offsetof(struct http_headers, authenticate) },
	{ "Content-Type", offsetof(struct http_headers, content_type) },
	{ "Docker-Content-Digest", offsetof(struct http_headers, digest) },
	{ "Link", offsetof(struct http_headers, link) },
	{ "Retry-After", offsetof(struct http_headers, retry_after) },
	{ "Content-Range", offsetof(struct http_headers, content_range) },
	{ "Range", offsetof(struct http_headers, range) },
	{ "RateLimit-Limit", offsetof(struct http_headers, pulls_limit) },
	{ "RateLimit-Remaining", offsetof(struct http_headers, pulls_left) },
	{ "OCI-Chunk-Min-Length", offsetof(struct http_headers, chunk_min) },
	{ "Docker-Upload-UUID", offsetof(struct http_headers, uploads) },
};
// clang-format on

/* Challenges may come in several lines, of which a comma makes one; of the others the last counts. */
static void keep_header(struct exchange *x, char **to, const char *value, size_t len)
{
	if (*to && to == &x->headers.authenticate)
		*to = arena_printf(x->arena, "%s, %.*s", *to, (int)len, value);
	else
		*to = arena_dup_len(x->arena, value, len);
}

static void match_header(struct exchange *x, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value = colon ? colon + 1 : NULL;

	if (!colon)
		return;
	len -= (size_t)(value - line);
	while (len && (*value == ' ' || *value == '\t'))
		value++, len--;
	while (len && strchr(" \t\r\n", value[len - 1]))
		len--;
	for (size_t i = 0; i < COUNT(kept) && len <= HEADER_KEPT; i++)
		if (strlen(kept[i].name) == (size_t)(colon - line) &&
		    strncasecmp(kept[i].name, line, (size_t)(colon - line)) == 0)
			keep_header(x, (char **)((char *)&x->headers + kept[i].at), value, len);
}

static size_t on_header(char *at, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	size_t len = size * n;

	x->header_bytes += len;
	if (x->header_bytes > HEADERS_MAX) {
		x->why = "the headers of its answer have no end";
		return 0;
	}
	/* of 100 Continue, or of a proxy's CONNECT, nothing is kept */
	if (len > 5 && strncmp(at, "HTTP/", 5) == 0)
		x->headers = (struct http_headers){ 0 };
	else
		match_header(x, at, len);
	return len;
}

/* --- bodies that come --- */

/* "bytes 7-99/100" must begin where we asked it to */
static bool range_fits(const struct exchange *x)
{
	const char *at = x->headers.content_range;
	char number[24] = "";
	uint64_t from;

	if (!at || strncasecmp(at, "bytes ", 6) != 0)
		return false;
	at += 6;
	at += strspn(at, " ");
	if (strcspn(at, "-") >= sizeof(number))
		return false;
	memcpy(number, at, strcspn(at, "-"));
	return text_u64(number, UINT64_MAX, &from) == 0 && from == x->pipe_from;
}

/* At the first byte: is it what was asked for, and what of it is wanted? */
static bool begin_pipe(struct exchange *x)
{
	curl_off_t length = -1;

	x->begun = true;
	x->skip = x->status == 200 ? x->pipe_from : 0;
	(void)curl_easy_getinfo(x->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (x->status == 206 && !range_fits(x))
		x->why = "it sends another part than was asked for";
	else if (length >= 0 && (uint64_t)length != x->pipe_max + x->skip)
		x->why = "it has another size for this blob than the manifest";
	return !x->why;
}

/* Write until the pipe is full. Returns how many of @len, or -1. */
static ssize_t fill_pipe(struct exchange *x, const char *at, size_t len)
{
	size_t done = 0;

	if (len > x->pipe_max - x->delivered) {
		x->why = "it sends more than the blob's size";
		return -1;
	}
	while (done < len) {
		ssize_t n = write(x->pipe, at + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			x->broken = true;
			return -1;
		}
		done += (size_t)n;
		x->delivered += (uint64_t)n;
	}
	return (ssize_t)done;
}

/* libcurl brings the same bytes again after a pause, so what of them is done with is remembered. */
static size_t to_pipe(struct exchange *x, const char *at, size_t len)
{
	size_t done = x->redelivered < len ? x->redelivered : len;
	uint64_t thrown;
	ssize_t n;

	if (!x->begun && !begin_pipe(x))
		return 0;
	x->redelivered -= done;
	thrown = x->skip < len - done ? x->skip : len - done;
	x->skip -= thrown;
	done += (size_t)thrown;
	n = fill_pipe(x, at + done, len - done);
	if (n < 0)
		return 0;
	done += (size_t)n;
	if (done == len)
		return len;
	x->redelivered += done;
	x->paused = true;
	return CURL_WRITEFUNC_PAUSE;
}

static size_t to_memory(struct exchange *x, const char *at, size_t len)
{
	if (len > x->answer_max - x->answer.len) {
		x->why = "its answer is longer than is allowed";
		return 0;
	}
	str_add_len(&x->answer, at, len);
	return x->answer.torn ? 0 : len;
}

static size_t on_body(char *at, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;

	if (!x->status)
		(void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
	if (x->pipe >= 0 && (x->status == 200 || x->status == 206))
		return to_pipe(x, at, size * n);
	return to_memory(x, at, size * n);
}

/* --- bodies that go --- */

static size_t on_read(char *at, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	uint64_t left = x->body_size - x->body_pos;
	size_t want = size * n < left ? size * n : (size_t)left;
	ssize_t got;

	if (!want)
		return 0;
	if (x->body_fd < 0) {
		memcpy(at, (const char *)x->body + x->body_pos, want);
		got = (ssize_t)want;
	} else {
		got = pread(x->body_fd, at, want, (off_t)(x->body_at + x->body_pos));
	}
	if (got <= 0) {
		x->why = "the file that is sent is shorter than it should be";
		return CURL_READFUNC_ABORT;
	}
	x->body_pos += (uint64_t)got;
	if (x->sent)
		x->sent(x->ctx, x->body_at + x->body_pos);
	return (size_t)got;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct exchange *x = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > x->body_size)
		return CURL_SEEKFUNC_FAIL;
	x->body_pos = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* --- connections --- */

/**
 * on_socket() - the last look at an address before it is connected to
 *
 * Names are judged here, where they are addresses already: a server that sends us on may have a
 * name of its own for the metadata service of our cloud, or for something on our loopback.
 */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *x = ctx;
	bool loopback = url_address_is_loopback(&address->addr);

	if (!x->configured && !x->proxied && purpose == CURLSOCKTYPE_IPCXN &&
	    (url_address_is_link_local(&address->addr) || (loopback && !x->loopback_too))) {
		x->why = "it sends us to an address that only this machine can reach";
		x->refused = true;
		return CURL_SOCKET_BAD;
	}
	x->loopback = x->loopback || loopback;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- options --- */

static bool add_line(struct exchange *x, const char *name, const char *value)
{
	char *line = value ? arena_printf(x->arena, "%s: %s", name, value) : NULL;
	struct curl_slist *list;

	if (!value)
		return true;
	list = line ? curl_slist_append(x->list, line) : NULL;
	if (!list)
		return false;
	x->list = list;
	return true;
}

static bool set_headers(struct exchange *x)
{
	struct curl_slist *list;

	if (!add_line(x, "Authorization", x->authorization) || !add_line(x, "Accept", x->accept) ||
	    !add_line(x, "Content-Type", x->content_type) || !add_line(x, "Range", x->range) ||
	    !add_line(x, "Content-Range", x->content_range))
		return false;
	/* without a value: libcurl shall not send its own */
	list = curl_slist_append(x->list, "Expect:");
	if (!list)
		return false;
	x->list = list;
	if (!x->accept)
		x->list = (list = curl_slist_append(x->list, "Accept:")) ? list : x->list;
	return curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->list) == CURLE_OK;
}

static void set_blob(CURL *easy, CURLoption option, const struct bytes *b)
{
	struct curl_blob blob = { .data = b->at, .len = b->n, .flags = CURL_BLOB_NOCOPY };

	if (b->n)
		(void)curl_easy_setopt(easy, option, &blob);
}

static void set_tls(const struct http *h, const struct exchange *x)
{
	const struct http_tls *tls = x->tls;
	CURL *easy = x->easy;
	bool verify = !tls || tls->verify;

	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* a folder by hash is looked into when a certificate comes; the file would be read whole first */
	if (h->authorities) {
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, h->authorities);
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	}
	if (!tls)
		return;
	set_blob(easy, CURLOPT_CAINFO_BLOB, &tls->ca);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, &tls->cert);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, &tls->key);
}

static void set_limits(const struct http *h, const struct exchange *x)
{
	long stall_s = (long)(h->stall_ms + 999) / 1000;

	(void)curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)h->connect_ms);
	(void)curl_easy_setopt(x->easy, CURLOPT_LOW_SPEED_LIMIT, SLOW);
	(void)curl_easy_setopt(x->easy, CURLOPT_LOW_SPEED_TIME, stall_s);
	/* what is short is also short in time, however it drips */
	if (x->pipe < 0 && x->body_fd < 0)
		(void)curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, 2 * (long)h->stall_ms);
}

static void set_body(struct exchange *x)
{
	CURL *easy = x->easy;

	if (strcmp(x->method, "HEAD") == 0)
		(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(x->method, "GET") != 0)
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, x->method);
	if (x->body_fd < 0)
		x->body_size = x->body_len;
	if (strcmp(x->method, "PUT") != 0 && strcmp(x->method, "POST") != 0 &&
	    strcmp(x->method, "PATCH") != 0)
		return;
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->body_size);
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER);
	(void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	(void)curl_easy_setopt(easy, CURLOPT_READDATA, x);
	(void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	(void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, x);
}

static void set_callbacks(struct exchange *x)
{
	CURL *easy = x->easy;

	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->errors);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	(void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
}

/* http_prepare() - an easy handle for @x; what the URL says must be fit to be asked */
int http_prepare(struct http *h, struct exchange *x, struct err *e)
{
	struct url u;
	const char *proxy;

	if (!url_parse(x->url, x->arena, &u))
		return fail(e, ERR_INPUT, "ask a registry: '%.200s' is no URL", x->url);
	if (!x->configured && url_host_is_link_local(u.host))
		return fail(e, ERR_DENIED,
			    "ask '%s': it is an address that only this machine can reach", u.host);
	x->easy = curl_easy_init();
	if (!x->easy || !set_headers(x)) {
		curl_easy_cleanup(x->easy);
		curl_slist_free_all(x->list);
		return fail_errno(e, ENOMEM, "ask a registry");
	}
	proxy = proxy_for(&h->proxies, &u);
	x->proxied = *proxy;
	(void)curl_easy_setopt(x->easy, CURLOPT_URL, x->url);
	(void)curl_easy_setopt(x->easy, CURLOPT_PROXY, proxy);
	/* no more than this: see curl_absent.c */
	(void)curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(x->easy, CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);
	(void)curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(x->easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1L);
	(void)curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(x->easy, CURLOPT_USERAGENT, "tare/" TARE_VERSION);
	set_callbacks(x);
	set_tls(h, x);
	set_limits(h, x);
	set_body(x);
	return 0;
}
