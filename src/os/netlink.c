/* netlink.c - netlink messages built, sent and read */
#include "os/netlink.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/own.h"

#define ALIGNED(n) (((n) + 3) & ~(size_t)3)

/* Cut @len bytes, rounded up to four, off the front; the last piece may lack its padding. */
static void skip(struct netlink_bytes *rest, size_t len)
{
	size_t n = ALIGNED(len) < rest->len ? ALIGNED(len) : rest->len;

	rest->at += n;
	rest->len -= n;
}

/**
 * netlink_next() - cut the next message off what was received
 *
 * Return: false at the end, and at what is no message.
 */
bool netlink_next(struct netlink_bytes *rest, struct nlmsghdr *ret_head,
		  struct netlink_bytes *ret_body)
{
	if (rest->len < sizeof(*ret_head))
		return false;
	memcpy(ret_head, rest->at, sizeof(*ret_head));
	if (ret_head->nlmsg_len < sizeof(*ret_head) || ret_head->nlmsg_len > rest->len)
		return false;
	*ret_body = (struct netlink_bytes){ rest->at + sizeof(*ret_head),
					    ret_head->nlmsg_len - sizeof(*ret_head) };
	skip(rest, ret_head->nlmsg_len);
	return true;
}

/**
 * netlink_next_attr() - cut the next attribute off a message's body
 * @ret_type: without the flags that say how it is to be read
 *
 * Return: false at the end, and at what is no attribute.
 */
bool netlink_next_attr(struct netlink_bytes *rest, unsigned *ret_type,
		       struct netlink_bytes *ret_value)
{
	struct nlattr head;

	if (rest->len < sizeof(head))
		return false;
	memcpy(&head, rest->at, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > rest->len)
		return false;
	*ret_type = head.nla_type & NLA_TYPE_MASK;
	*ret_value = (struct netlink_bytes){ rest->at + sizeof(head), head.nla_len - sizeof(head) };
	skip(rest, head.nla_len);
	return true;
}

/* netlink_take() - cut a structure of fixed size off the front; false when there is less */
bool netlink_take(struct netlink_bytes *rest, void *ret, size_t size)
{
	if (rest->len < size)
		return false;
	memcpy(ret, rest->at, size);
	skip(rest, size);
	return true;
}

static void copy_words(struct netlink_bytes value, char *ret, size_t size)
{
	size_t n = value.len < size - 1 ? value.len : size - 1;

	memcpy(ret, value.at, n);
	ret[n] = '\0';
}

/**
 * netlink_answer() - what an NLMSG_ERROR message says
 * @ret_words: the kernel's own explanation, "" without one; always terminated
 *
 * Return: 0 or -errno.
 */
int netlink_answer(const struct nlmsghdr *head, struct netlink_bytes body, char *ret_words,
		   size_t size)
{
	struct netlink_bytes value;
	struct nlmsgerr said;
	unsigned type;

	ret_words[0] = '\0';
	if (!netlink_take(&body, &said, sizeof(said)) || said.error > 0 || said.error < -4095)
		return -EBADMSG;
	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
		return said.error;
	/* the request comes back with an error, unless NLM_F_CAPPED says that only its head does */
	if (!(head->nlmsg_flags & NLM_F_CAPPED) && said.msg.nlmsg_len > sizeof(said.msg))
		skip(&body, said.msg.nlmsg_len - sizeof(said.msg));
	while (netlink_next_attr(&body, &type, &value))
		if (type == NLMSGERR_ATTR_MSG)
			copy_words(value, ret_words, size);
	return said.error;
}

static void append(struct netlink_request *r, const void *at, size_t len)
{
	if (r->torn || ALIGNED(len) > sizeof(r->at) - r->len) {
		r->torn = true;
		return;
	}
	if (len)
		memcpy(r->at + r->len, at, len);
	memset(r->at + r->len + len, 0, ALIGNED(len) - len);
	r->len += ALIGNED(len);
}

/**
 * netlink_begin() - start a request
 * @flags: NLM_F_*, to which NLM_F_REQUEST is added, and NLM_F_ACK where it is no dump
 * @fixed: the structure that its type begins with
 */
void netlink_begin(struct netlink_request *r, unsigned type, unsigned flags, const void *fixed,
		   size_t size)
{
	bool dump = (flags & NLM_F_DUMP) == NLM_F_DUMP;
	const struct nlmsghdr head = {
		.nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST | (dump ? 0 : NLM_F_ACK)),
	};

	r->len = 0;
	r->torn = false;
	append(r, &head, sizeof(head));
	append(r, fixed, size);
}

/* netlink_put() - add an attribute; what does not fit tears the request */
void netlink_put(struct netlink_request *r, unsigned type, const void *value, size_t len)
{
	const struct nlattr head = { .nla_len = (uint16_t)(sizeof(head) + len),
				     .nla_type = (uint16_t)type };

	if (len > NETLINK_REQUEST_MAX) {
		r->torn = true;
		return;
	}
	append(r, &head, sizeof(head));
	append(r, value, len);
}

static int open_here(struct err *e)
{
	const struct timeval patience = { .tv_sec = 10 };
	const int on = 1;
	own_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return fail_sys(e, "make a netlink socket");
	/* Linux 4.12 explains its errors; before, their numbers have to do */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return fail_sys(e, "make a netlink socket");
	return give_fd(&fd);
}

/* A socket belongs to the network namespace that it was made in. */
static int open_there(int netns, struct err *e)
{
	own_fd int home = fd_open("/proc/self/ns/net", O_RDONLY);
	own_fd int fd = FD_NONE;

	if (home < 0)
		return fail_sys(e, "open '/proc/self/ns/net'");
	if (setns(netns, CLONE_NEWNET) < 0)
		return fail_sys(e, "enter the network namespace");
	fd = open_here(e);
	if (setns(home, CLONE_NEWNET) < 0)
		return fail_sys(e, "return to the network namespace");
	return fd < 0 ? -1 : give_fd(&fd);
}

/**
 * netlink_open() - a socket to the network part of the kernel (NETLINK_ROUTE)
 * @netns: the network namespace that it speaks of, or -1 for the caller's
 */
int netlink_open(struct netlink *n, int netns, struct err *e)
{
	*n = (struct netlink){ .fd = netns < 0 ? open_here(e) : open_there(netns, e) };
	return n->fd < 0 ? -1 : 0;
}

void netlink_close(struct netlink *n)
{
	fd_close(&n->fd);
}

static int send_request(struct netlink *n, struct netlink_request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr head;

	if (r->torn)
		return -EMSGSIZE;
	memcpy(&head, r->at, sizeof(head));
	head.nlmsg_len = (uint32_t)r->len;
	head.nlmsg_seq = ++n->seq;
	memcpy(r->at, &head, sizeof(head));
	if (sendto(n->fd, r->at, r->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* One datagram, from the kernel and nobody else. */
static ssize_t receive(struct netlink *n, unsigned char *at, size_t size)
{
	struct sockaddr_nl from = { .nl_pid = 0 };
	struct iovec part = { .iov_base = at, .iov_len = size };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1
	};

	for (;;) {
		ssize_t got = recvmsg(n->fd, &m, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (m.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		if (from.nl_pid == 0)
			return got;
	}
}

/* 1: this was the last message */
static int take_in(struct netlink *n, const struct nlmsghdr *head, struct netlink_bytes body,
		   netlink_visit *visit, void *ctx)
{
	int r;

	if (head->nlmsg_seq != n->seq || head->nlmsg_type == NLMSG_NOOP)
		return 0;
	if (head->nlmsg_type == NLMSG_DONE)
		return 1;
	if (head->nlmsg_type == NLMSG_ERROR) {
		r = netlink_answer(head, body, n->words, sizeof(n->words));
		return r < 0 ? r : 1;
	}
	/* what was listed changed meanwhile */
	if (head->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	return visit ? visit(ctx, head->nlmsg_type, body) : 0;
}

/**
 * netlink_try_call() - send a request and read its answer to the end
 * @visit: gets what the answer holds; may be NULL
 *
 * Return: 0 or -errno; -EINTR for a list that changed while it was read.
 */
int netlink_try_call(struct netlink *n, struct netlink_request *r, netlink_visit *visit, void *ctx)
{
	unsigned char at[32768];
	int end;

	n->words[0] = '\0';
	end = send_request(n, r);
	while (end == 0) {
		ssize_t got = receive(n, at, sizeof(at));
		struct netlink_bytes rest = { at, got < 0 ? 0 : (size_t)got }, body;
		struct nlmsghdr head;

		if (got <= 0)
			return got < 0 ? (int)got : -EPIPE;
		while (end == 0 && netlink_next(&rest, &head, &body))
			end = take_in(n, &head, body, visit, ctx);
	}
	return end < 0 ? end : 0;
}
