/* msg.c - SOCK_SEQPACKET with SCM_RIGHTS */
#include "os/msg.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/own.h"

/* msg_pair() - two connected, close-on-exec ends that keep packet boundaries */
int msg_pair(int ret_fds[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return fail_sys(e, "make a socket pair");
	return 0;
}

/* msg_try_send() - send one packet, with a copy of @fd unless that is negative; 0 or -errno */
int msg_try_send(int sock, const void *packet, size_t len, int fd)
{
	struct iovec iov = { .iov_base = (void *)packet, .iov_len = len };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

#define SHORTAGE_TRIES 100 /* with 10 ms between them */

/**
 * msg_shortage_passes() - wait a moment, if that is all that @error calls for
 * @tries: 0 at first; counts the moments, of which there are as many as make a second
 *
 * A container that was said to be created must not end because the host is short of memory, or of
 * descriptors, just then.
 */
bool msg_shortage_passes(int error, int *tries)
{
	if ((error != ENOMEM && error != ENOBUFS && error != ENFILE && error != EMFILE) ||
	    ++*tries > SHORTAGE_TRIES)
		return false;
	(void)poll(NULL, 0, 10);
	return true;
}

/**
 * msg_try_recv() - wait for one packet, through a shortage if there is one
 * @ret_fd: receives the descriptor that came with it, close-on-exec, or FD_NONE
 *
 * Return: the packet's length, 0 when the other side is gone, or -errno.
 */
ssize_t msg_try_recv(int sock, void *packet, size_t size, int *ret_fd)
{
	struct iovec iov = { .iov_base = packet, .iov_len = size };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int tries = 0;
	ssize_t n;

	*ret_fd = FD_NONE;
	/* ECONNRESET is said once, when the other side ended with packets of ours unread; its own
	 * last words may still be in the queue */
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 &&
	       (errno == EINTR || errno == ECONNRESET || msg_shortage_passes(errno, &tries)));
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		fd_close(ret_fd);
		return -EMSGSIZE;
	}
	return n;
}
