/* criu.c - the wire format of protocol buffers, as far as criu's messages need it
 *
 * Source: protobuf.dev "Encoding"; rpc.proto of criu 3.17.
 */
#include "os/criu.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "os/msg.h"
#include "os/spawn.h"

#define PACKET_MAX 65536

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* Fields of criu_req, criu_resp, criu_notify and the nested messages. */
enum {
	REQ_TYPE = 1,
	REQ_OPTS = 2,
	REQ_NOTIFY_SUCCESS = 3,
	REQ_FEATURES = 5,
	RESP_TYPE = 1,
	RESP_SUCCESS = 2,
	RESP_RESTORE = 4,
	RESP_NOTIFY = 5,
	RESP_ERRNO = 7,
	RESP_FEATURES = 8,
	RESP_MESSAGE = 9,
	NOTIFY_SCRIPT = 1,
	NOTIFY_PID = 2,
	FEATURE_LAZY_PAGES = 2,
	OPT_PAGE_SERVER = 11,
	OPT_EXT_MNT = 23,
	OPT_CG_ROOT = 25,
	OPT_INHERIT_FD = 27,
	OPT_JOIN_NS = 39,
	TYPE_NOTIFY = 6,
};

static void put_varint(struct str *out, uint64_t v)
{
	do {
		char byte = (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));

		str_add_len(out, &byte, 1);
		v >>= 7;
	} while (v);
}

static void put_number(struct str *out, unsigned field, uint64_t v)
{
	put_varint(out, field << 3 | WIRE_VARINT);
	put_varint(out, v);
}

static void put_bytes(struct str *out, unsigned field, const char *at, size_t len)
{
	put_varint(out, field << 3 | WIRE_BYTES);
	put_varint(out, len);
	if (len)
		str_add_len(out, at, len);
}

static void put_text(struct str *out, unsigned field, const char *text)
{
	put_bytes(out, field, text, strlen(text));
}

static void put_message(struct str *out, unsigned field, const struct str *message)
{
	put_bytes(out, field, message->at, message->len);
	out->torn |= message->torn;
}

void criu_number(struct str *opts, enum criu_option option, uint64_t v)
{
	put_number(opts, option, v);
}

void criu_text(struct str *opts, enum criu_option option, const char *v)
{
	put_text(opts, option, v);
}

/* Three of the nested messages are pairs of texts. */
static void put_pair(struct str *opts, unsigned field, const char *first, const char *second)
{
	own_str struct str m = { 0 };

	put_text(&m, 1, first);
	put_text(&m, 2, second);
	put_message(opts, field, &m);
}

/* criu_external_mount() - dump: what is mounted at @key has the name @value; restore: from where */
void criu_external_mount(struct str *opts, const char *key, const char *value)
{
	put_pair(opts, OPT_EXT_MNT, key, value);
}

void criu_cgroup_root(struct str *opts, const char *controllers, const char *path)
{
	put_pair(opts, OPT_CG_ROOT, controllers, path);
}

void criu_join(struct str *opts, const char *ns, const char *path)
{
	put_pair(opts, OPT_JOIN_NS, ns, path);
}

void criu_inherit(struct str *opts, const char *key, int fd)
{
	own_str struct str m = { 0 };

	put_text(&m, 1, key);
	put_number(&m, 2, (uint64_t)fd);
	put_message(opts, OPT_INHERIT_FD, &m);
}

void criu_page_server(struct str *opts, const char *address, uint32_t port)
{
	own_str struct str m = { 0 };

	put_text(&m, 1, address);
	put_number(&m, 2, port);
	put_message(opts, OPT_PAGE_SERVER, &m);
}

/* struct field - one field of a message that is being read */
struct field {
	unsigned number;
	uint64_t v;
	const char *at;
	size_t len;
};

struct reader {
	const unsigned char *at, *end;
};

static bool get_varint(struct reader *r, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		unsigned char c = *r->at++;

		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

static bool skip(struct reader *r, uint64_t n)
{
	if (n > (uint64_t)(r->end - r->at))
		return false;
	r->at += n;
	return true;
}

static bool get_field(struct reader *r, struct field *f)
{
	uint64_t tag;

	*f = (struct field){ 0 };
	if (r->at == r->end || !get_varint(r, &tag))
		return false;
	f->number = (unsigned)(tag >> 3);
	switch (tag & 7) {
	case WIRE_VARINT:
		return get_varint(r, &f->v);
	case WIRE_FIXED64:
		return skip(r, 8);
	case WIRE_FIXED32:
		return skip(r, 4);
	case WIRE_BYTES:
		if (!get_varint(r, &f->v))
			return false;
		f->at = (const char *)r->at;
		f->len = (size_t)f->v;
		return skip(r, f->v);
	default:
		return false;
	}
}

/* struct answer - a criu_resp */
struct answer {
	uint64_t type, sysno;
	bool success, lazy_pages;
	char script[64], message[256];
	pid_t pid;
};

static void copy_text(const struct field *f, char *to, size_t size)
{
	size_t n = f->len < size ? f->len : size - 1;

	if (f->at)
		memcpy(to, f->at, n);
	while (n > 0 && to[n - 1] == '\n')
		n--;
	to[n] = '\0';
}

static void read_nested(const struct field *outer, struct answer *a)
{
	struct reader r = { (const unsigned char *)outer->at,
			    (const unsigned char *)outer->at + outer->len };
	struct field f;

	while (outer->at && get_field(&r, &f)) {
		if (outer->number == RESP_NOTIFY && f.number == NOTIFY_SCRIPT)
			copy_text(&f, a->script, sizeof(a->script));
		else if (outer->number == RESP_NOTIFY && f.number == NOTIFY_PID)
			a->pid = (pid_t)f.v;
		else if (outer->number == RESP_FEATURES && f.number == FEATURE_LAZY_PAGES)
			a->lazy_pages = f.v != 0;
	}
}

static void read_answer(const char *at, size_t len, struct answer *a)
{
	struct reader r = { (const unsigned char *)at, (const unsigned char *)at + len };
	struct field f;

	*a = (struct answer){ 0 };
	while (get_field(&r, &f)) {
		if (f.number == RESP_TYPE)
			a->type = f.v;
		else if (f.number == RESP_SUCCESS)
			a->success = f.v != 0;
		else if (f.number == RESP_ERRNO)
			a->sysno = f.v;
		else if (f.number == RESP_MESSAGE)
			copy_text(&f, a->message, sizeof(a->message));
		else
			read_nested(&f, a);
	}
}

/**
 * criu_start() - start `criu swrk`
 * @program:   its path
 * @keep:      descriptors that it inherits, under the same numbers
 *
 * It gets our three standard descriptors, which a restored process inherits from it.
 */
int criu_start(struct criu *c, const char *program, const int *keep, size_t n_keep, struct err *e)
{
	char number[12];
	char *argv[] = { (char *)"criu", (char *)"swrk", number, NULL };
	int pair[2], fds[16];
	struct spawn s = { .path = program,
			   .argv = argv,
			   .envp = environ,
			   .our_input = true,
			   .keep = fds,
			   .n_keep = n_keep + 1 };
	own_fd int theirs = FD_NONE;

	if (n_keep >= COUNT(fds))
		return fail(e, ERR_BUG, "too many descriptors for criu");
	if (msg_pair(pair, e) < 0)
		return -1;
	c->sock = pair[0];
	theirs = pair[1];
	if (n_keep)
		memcpy(fds, keep, n_keep * sizeof(*fds));
	fds[n_keep] = theirs;
	snprintf(number, sizeof(number), "%d", theirs);
	c->pid = spawn_start(&s, e);
	return c->pid < 0 ? -1 : 0;
}

static int send_request(struct criu *c, const struct str *m, struct err *e)
{
	int r = m->torn ? -ENOMEM : msg_try_send(c->sock, m->at, m->len, -1);

	return r < 0 ? fail_errno(e, -r, "send a request to criu") : 0;
}

static int receive(struct criu *c, struct answer *a, int *fd, struct err *e)
{
	own_mem char *packet = malloc(PACKET_MAX);
	ssize_t n = packet ? msg_try_recv(c->sock, packet, PACKET_MAX, fd) : -ENOMEM;

	if (n < 0)
		return fail_errno(e, (int)-n, "hear from criu");
	if (n == 0)
		return fail(e, ERR_SYSTEM, "criu ended without an answer");
	read_answer(packet, (size_t)n, a);
	return 0;
}

static int acknowledge(struct criu *c, struct err *e)
{
	own_str struct str m = { 0 };

	put_number(&m, REQ_TYPE, TYPE_NOTIFY);
	put_number(&m, REQ_NOTIFY_SUCCESS, 1);
	return send_request(c, &m, e);
}

/* Until the answer, with all notifications that come before it. */
static int converse(struct criu *c, struct answer *a, struct err *e)
{
	for (;;) {
		own_fd int fd = FD_NONE;

		if (receive(c, a, &fd, e) < 0)
			return -1;
		if (!a->success)
			return fail(e, ERR_SYSTEM, "criu failed: errno %d%s%s", (int)a->sysno,
				    a->message[0] ? ": " : "", a->message);
		if (a->type != TYPE_NOTIFY)
			return 0;
		if (c->notify && c->notify(c->ctx, a->script, a->pid, &fd, e) < 0)
			return -1;
		if (acknowledge(c, e) < 0)
			return -1;
	}
}

/**
 * criu_request() - have it done
 * @opts: made by the functions above
 */
int criu_request(struct criu *c, enum criu_type type, const struct str *opts, struct err *e)
{
	own_str struct str m = { 0 };
	struct answer a = { 0 };

	put_number(&m, REQ_TYPE, type);
	put_message(&m, REQ_OPTS, opts);
	return send_request(c, &m, e) < 0 ? -1 : converse(c, &a, e);
}

/* criu_can_lazy_pages() - can this criu and this kernel bring pages later (userfaultfd)? */
int criu_can_lazy_pages(struct criu *c, bool *ret_can, struct err *e)
{
	own_str struct str m = { 0 }, features = { 0 };
	struct answer a = { 0 };

	put_number(&features, FEATURE_LAZY_PAGES, 1);
	put_number(&m, REQ_TYPE, CRIU_FEATURES);
	put_message(&m, REQ_FEATURES, &features);
	if (send_request(c, &m, e) < 0 || converse(c, &a, e) < 0)
		return -1;
	*ret_can = a.lazy_pages;
	return 0;
}

/* criu_stop() - its work is done or of no use; a pre-dump would wait for more */
void criu_stop(struct criu *c)
{
	fd_close(&c->sock);
	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
	}
	c->pid = 0;
}
