/* start.c - the last stretch: wait for `start`, run hooks, shed privileges, become the program */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "init/hooks.h"
#include "os/msg.h"
#include "os/sys.h"

int init_run_container_hooks(struct init *in, struct err *e)
{
	return hooks_run("createContainer", &in->plan.create_container, in->plan.state_created, e);
}

int init_run_start_hooks(struct init *in, struct err *e)
{
	return hooks_run("startContainer", &in->plan.start_container, in->plan.state_start, e);
}

/* Does this connection say "start"? A command that only looks closes it without a word. */
static bool says_start(int sock)
{
	struct msg m = { 0 };
	int fd;
	ssize_t n = msg_try_recv(sock, &m, sizeof(m), &fd);

	fd_close(&fd);
	return n >= (ssize_t)MSG_SHORT && m.kind == MSG_START;
}

/* From here on the start command is the other side. */
int init_wait_start(struct init *in, struct err *e)
{
	int listener = (int)in->plan.start_fd;

	for (;;) {
		own_fd int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0)
			return fail_sys(e, "accept the start command");
		if (!says_start(sock))
			continue;
		(void)close(in->recipe.peer);
		in->recipe.peer = give_fd(&sock);
		(void)close(listener);
		return 0;
	}
}
