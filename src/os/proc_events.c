/* proc_events.c - the process events connector, over netlink */
#include "os/proc_events.h"

#include <arpa/inet.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"

#define GROUP    CN_IDX_PROC
#define PATIENCE 5000 /* ms; the kernel answers at once, if at all */
#define MESSAGE  512

/* The kernel's words for our wish; linux/cn_proc.h has them since Linux 6.6 under other names. */
enum wish { WISH_LISTEN = 1, WISH_IGNORE = 2 };

/* What each event begins with; then come up to six numbers of 32 bits. */
struct event_head {
	uint32_t what, cpu;
	uint64_t at;
};

/* Where things stand in a message, for the filter. */
enum {
	AT_WHAT = sizeof(struct nlmsghdr) + sizeof(struct cn_msg),
	AT_DATA = AT_WHAT + sizeof(struct event_head),
	AT_CHILD = AT_DATA + 8,
	AT_CHILD_PROCESS = AT_DATA + 12,
};

/* Ends of processes and births of threads would wake us for nothing: the kernel drops them. */
static int filter(int fd)
{
	/* the filter reads numbers as the network has them */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_WHAT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_BEGUN), 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_PROGRAM), 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_USER), 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_TEAM), 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_BORN), 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_CHILD),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_CHILD_PROCESS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { .len = COUNT(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int send_wish(int fd, enum wish wish)
{
	const struct nlmsghdr head = { .nlmsg_len = AT_WHAT + sizeof(uint32_t),
				       .nlmsg_type = NLMSG_DONE };
	const struct cn_msg to = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(uint32_t) };
	const uint32_t word = wish;
	unsigned char at[AT_WHAT + sizeof(word)];

	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), &to, sizeof(to));
	memcpy(at + AT_WHAT, &word, sizeof(word));
	return send(fd, at, sizeof(at), 0) == (ssize_t)sizeof(at) ? 0 : -1;
}

static int read_numbers(struct netlink_bytes *rest, uint32_t *ret, size_t n)
{
	return netlink_take(rest, ret, n * sizeof(*ret)) ? 0 : -EBADMSG;
}

/**
 * proc_event_parse() - one message of the connector
 *
 * Return: 1; 0: it is about nothing of ours, or a thread; -EBADMSG.
 */
int proc_event_parse(struct netlink_bytes text, struct proc_event_news *ret_news)
{
	struct netlink_bytes rest;
	struct nlmsghdr head;
	struct cn_msg from;
	struct event_head ev;
	uint32_t n[4] = { 0 };

	if (!netlink_next(&text, &head, &rest) || !netlink_take(&rest, &from, sizeof(from)) ||
	    !netlink_take(&rest, &ev, sizeof(ev)))
		return -EBADMSG;
	if (from.id.idx != CN_IDX_PROC || from.id.val != CN_VAL_PROC)
		return 0;
	*ret_news = (struct proc_event_news){ .what = (enum proc_event_what)ev.what, .at = ev.at };
	switch (ev.what) {
	case PROC_EVENT_BEGUN:
		if (read_numbers(&rest, n, 1) < 0)
			return -EBADMSG;
		ret_news->error = (int)n[0];
		return 1;
	case PROC_EVENT_BORN:
		if (read_numbers(&rest, n, 4) < 0)
			return -EBADMSG;
		ret_news->parent = (pid_t)n[1];
		ret_news->pid = (pid_t)n[3];
		return n[2] == n[3];
	case PROC_EVENT_PROGRAM:
	case PROC_EVENT_USER:
	case PROC_EVENT_TEAM:
		if (read_numbers(&rest, n, 2) < 0)
			return -EBADMSG;
		ret_news->pid = (pid_t)n[1];
		return n[0] == n[1];
	}
	return 0;
}

/* struct batch - room for what one call receives */
struct batch {
	struct mmsghdr heads[PROC_EVENTS_AT_ONCE];
	struct iovec parts[PROC_EVENTS_AT_ONCE];
	struct sockaddr_nl from[PROC_EVENTS_AT_ONCE];
	unsigned char at[PROC_EVENTS_AT_ONCE][MESSAGE];
};

static int receive(int fd, struct batch *b)
{
	memset(b->heads, 0, sizeof(b->heads));
	for (size_t i = 0; i < PROC_EVENTS_AT_ONCE; i++) {
		b->parts[i] = (struct iovec){ b->at[i], MESSAGE };
		b->heads[i].msg_hdr.msg_iov = &b->parts[i];
		b->heads[i].msg_hdr.msg_iovlen = 1;
		b->heads[i].msg_hdr.msg_name = &b->from[i];
		b->heads[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
	}
	return recvmmsg(fd, b->heads, PROC_EVENTS_AT_ONCE, MSG_DONTWAIT, NULL);
}

/**
 * proc_events_try_read() - what has happened; never waits
 * @ret_news: room for PROC_EVENTS_AT_ONCE
 *
 * Return: 1: there may be more; 0: that was all; or -errno. -ENOBUFS: the kernel has dropped some.
 */
int proc_events_try_read(int fd, struct proc_event_news *ret_news, size_t *ret_n)
{
	struct batch b;
	int got = receive(fd, &b);

	*ret_n = 0;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < got; i++) {
		struct netlink_bytes text = { b.at[i], b.heads[i].msg_len };

		/* only the kernel has this number */
		if (b.from[i].nl_pid == 0 && proc_event_parse(text, &ret_news[*ret_n]) > 0)
			++*ret_n;
	}
	return got == PROC_EVENTS_AT_ONCE;
}

static int fail_silent(struct err *e)
{
	fail(e, ERR_UNSUPPORTED, "listen to the kernel's process events: it says nothing");
	return fail_hint(e, "it has to have CONFIG_PROC_EVENTS, and speaks only to the first pid, "
			    "user and network namespaces, not into containers");
}

/* Until the kernel says that we are heard. */
static int wait_begun(int fd, struct err *e)
{
	struct proc_event_news news[PROC_EVENTS_AT_ONCE];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n;

	while (poll(&p, 1, PATIENCE) > 0) {
		int r = proc_events_try_read(fd, news, &n);

		if (r < 0 && r != -ENOBUFS)
			return fail_errno(e, -r, "listen to the kernel's process events");
		for (size_t i = 0; i < n; i++)
			if (news[i].what == PROC_EVENT_BEGUN && !news[i].error)
				return 0;
			else if (news[i].what == PROC_EVENT_BEGUN)
				return fail_errno(e, news[i].error,
						  "listen to the kernel's process events");
	}
	return fail_silent(e);
}

static int fail_open(struct err *e)
{
	int why = errno;

	fail_errno(e, why, "listen to the kernel's process events");
	if (why == EPERM)
		return fail_hint(e, "this takes root: CAP_NET_ADMIN of the host");
	if (why == EPROTONOSUPPORT)
		return fail_hint(e, "this kernel has no CONFIG_CONNECTOR");
	return -1;
}

/**
 * proc_events_open() - hear of each process's birth, program, user and group
 * @buffer: bytes that the kernel keeps for us while we are busy
 *
 * Return: a descriptor that can be polled; close it by proc_events_close().
 */
int proc_events_open(size_t buffer, struct err *e)
{
	const struct sockaddr_nl here = { .nl_family = AF_NETLINK, .nl_groups = GROUP };
	const int bytes = buffer > INT32_MAX ? INT32_MAX : (int)buffer;
	own_fd int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);

	if (fd < 0 || filter(fd) < 0 ||
	    (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 &&
	     setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0) ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	    send_wish(fd, WISH_LISTEN) < 0)
		return fail_open(e);
	return wait_begun(fd, e) < 0 ? -1 : give_fd(&fd);
}

/* proc_events_close() - without a word the kernel would go on speaking, to nobody */
void proc_events_close(int *fd)
{
	if (*fd >= 0)
		(void)send_wish(*fd, WISH_IGNORE);
	fd_close(fd);
}
