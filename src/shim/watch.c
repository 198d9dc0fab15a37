/* watch.c - from the container's start to its end: what it prints, who waits, when it ends */
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "shim/shim.h"

/* Return: false: there is nothing more, now or ever. */
static bool take_output(struct shim *s, size_t which)
{
	static char buf[65536];
	struct pollfd *p = &s->polls[which];
	ssize_t n = read(p->fd, buf, sizeof(buf));

	if (n > 0) {
		shim_log_add(&s->log, &s->streams[which - WATCH_OUT], buf, (size_t)n);
		return true;
	}
	/* a terminal whose last holder is gone says EIO */
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		fd_close(&p->fd);
	return false;
}

static void forget_client(struct shim *s, size_t which)
{
	fd_close(&s->polls[which].fd);
	s->polls[which] = s->polls[--s->n_polls];
}

/* They have nothing to say yet: who connects waits for our end. */
static void take_client(struct shim *s)
{
	int fd = accept4(s->polls[WATCH_LISTENER].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	/* the oldest has waited long, and sees by the end of its connection that it has to ask again */
	if (s->n_polls == COUNT(s->polls))
		forget_client(s, WATCH_CLIENTS);
	s->polls[s->n_polls++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

/* All that ended. Return: the container's first process did: @ret_status is its exit status. */
static bool reap(struct shim *s, int64_t *ret_status)
{
	struct signalfd_siginfo info;
	bool ended = false;
	int status;
	pid_t pid;

	(void)!read(s->polls[WATCH_SIGNALS].fd, &info, sizeof(info));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == s->pid) {
			ended = true;
			*ret_status =
				WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
	return ended;
}

/* shim_drain() - what was printed until the end */
void shim_drain(struct shim *s)
{
	for (size_t i = WATCH_OUT; i <= WATCH_ERR; i++) {
		while (s->polls[i].fd >= 0 && take_output(s, i))
			;
		fd_close(&s->polls[i].fd);
		shim_log_end(&s->log, &s->streams[i - WATCH_OUT]);
	}
	fd_close(&s->input);
}

/* shim_watch() - until the container ends; its exit status is in @s->state */
int shim_watch(struct shim *s, struct err *e)
{
	for (;;) {
		if (poll(s->polls, (nfds_t)s->n_polls, -1) < 0 && errno != EINTR)
			return fail_sys(e, "wait for the container");
		for (size_t i = WATCH_OUT; i <= WATCH_ERR; i++)
			if (s->polls[i].fd >= 0 && s->polls[i].revents)
				(void)take_output(s, i);
		for (size_t i = s->n_polls; i-- > WATCH_CLIENTS;)
			if (s->polls[i].revents)
				forget_client(s, i);
		if (s->polls[WATCH_LISTENER].revents)
			take_client(s);
		if (s->polls[WATCH_SIGNALS].revents && reap(s, &s->state.exit_code))
			return 0;
	}
}
