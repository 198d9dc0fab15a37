/* console.c - sends a pty's master or a pidfd over a unix socket, as runc does
 *
 * One message: a name as data (of the pty's slave), the descriptor beside it.
 */
#include "runtime/console.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/own.h"
#include "os/msg.h"
#include "os/sys.h"

#ifndef TIOCGPTN
#define TIOCGPTN 0x80045430
#endif

static int send_to(const char *what, const char *path, const char *name, int fd, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	own_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (sock < 0)
		return fail_sys(e, "make a socket");
	if (strlen(path) >= sizeof(addr.sun_path))
		return fail_errno(e, ENAMETOOLONG, "connect to the %s socket '%s'", what, path);
	memcpy(addr.sun_path, path, strlen(path));
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail_sys(e, "connect to the %s socket '%s'", what, path);
	r = msg_try_send(sock, name, strlen(name), fd);
	return r < 0 ? fail_errno(e, -r, "send the %s to '%s'", what, path) : 0;
}

/**
 * console_send() - connect to @socket_path (a stream socket) and send @master there
 */
int console_send(const char *socket_path, int master, struct err *e)
{
	unsigned number = 0;
	char name[32];

	(void)ioctl(master, TIOCGPTN, &number);
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	return send_to("console", socket_path, name, master, e);
}

/**
 * pidfd_send() - connect to @socket_path and send a pidfd of @pid there
 * @pid: a child of ours that was not waited for, so that the number is still its own
 */
int pidfd_send(const char *socket_path, pid_t pid, struct err *e)
{
	own_fd int fd = sys_pidfd_open(pid, 0);

	if (fd < 0)
		return fail_sys(e, "open process %d", (int)pid);
	return send_to("pidfd", socket_path, "pidfd", fd, e);
}
