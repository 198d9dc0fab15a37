/* console.c - sends a pty's master over a unix socket, as runc does
 *
 * One message: the slave's name as data, the master's descriptor beside it.
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

#ifndef TIOCGPTN
#define TIOCGPTN 0x80045430
#endif

/**
 * console_send() - connect to @socket_path (a stream socket) and send @master there
 */
int console_send(const char *socket_path, int master, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	own_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned number = 0;
	char name[32];
	int n, r;

	if (sock < 0)
		return fail_sys(e, "make a socket");
	if (strlen(socket_path) >= sizeof(addr.sun_path))
		return fail_errno(e, ENAMETOOLONG, "connect to the console socket '%s'", socket_path);
	memcpy(addr.sun_path, socket_path, strlen(socket_path));
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail_sys(e, "connect to the console socket '%s'", socket_path);
	(void)ioctl(master, TIOCGPTN, &number);
	n = snprintf(name, sizeof(name), "/dev/pts/%u", number);
	r = msg_try_send(sock, name, (size_t)n, master);
	return r < 0 ? fail_errno(e, -r, "send the terminal to '%s'", socket_path) : 0;
}
