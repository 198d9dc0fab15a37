/* sticky_ask.c - a program asks the daemon to leave a process alone */
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/sticky.h"

static const char answer[] = "SUCCESS_STORE_PID";

static int exchange(int fd, pid_t pid, enum cg_sticky_wish wish)
{
	const int32_t words[2] = { pid, (int32_t)wish };
	char said[sizeof(answer)] = "";
	size_t got = 0;

	if (send(fd, words, sizeof(words), MSG_NOSIGNAL) != (ssize_t)sizeof(words))
		return -errno;
	while (got < sizeof(said)) {
		ssize_t n = read(fd, said + got, sizeof(said) - got);

		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -EACCES;
		got += (size_t)n;
	}
	return memcmp(said, answer, sizeof(answer)) == 0 ? 0 : -EBADMSG;
}

static int fail_ask(int why, struct err *e)
{
	fail_errno(e, why, "ask the daemon that applies rules to leave the process where it is");
	if (why == EACCES || why == EPERM)
		return fail_hint(e, "its socket is for root, and for whom cgrulesengd -u and -g "
				    "name; and processes are their users' own");
	return -1;
}

/**
 * cg_sticky_ask() - have a process left where it is put next, until it ends
 * @pid: 0: the caller
 *
 * Without a daemon there is nobody who would move it. Fails if there is one that does not agree.
 */
int cg_sticky_ask(pid_t pid, enum cg_sticky_wish wish, struct err *e)
{
	const struct sockaddr_un there = { .sun_family = AF_UNIX, .sun_path = CG_STICKY_SOCKET };
	const struct timeval patience = { .tv_sec = 30 };
	own_fd int fd = FD_NONE;
	int r;

	if (access(CG_STICKY_SOCKET, F_OK) < 0)
		return 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return fail_ask(errno, e);
	if (connect(fd, (const struct sockaddr *)&there, sizeof(there)) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? 0 : fail_ask(errno, e);
	r = exchange(fd, pid ? pid : getpid(), wish);
	return r < 0 ? fail_ask(-r, e) : 0;
}
