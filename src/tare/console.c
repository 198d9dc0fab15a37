/* console.c - a session and a terminal for what runs in a container, and the copying of its bytes */
#include "tare/console.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/own.h"
#include "os/foreground.h"
#include "tare/relay.h"

/* The first tty of the standard streams, or -1. */
static int find_tty(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd))
			return fd;
	return -1;
}

/* struct console - a new terminal of ours; FD_NONE without one */
struct console {
	int master, slave;
};

static int open_console(struct console *c, struct err *e)
{
	int unlock = 0;

	*c = (struct console){ FD_NONE, FD_NONE };
	if (find_tty() < 0)
		return 0;
	c->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (c->master < 0 || ioctl(c->master, TIOCSPTLCK, &unlock) < 0)
		return fail_sys(e, "make a terminal");
	c->slave = ioctl(c->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return c->slave < 0 ? fail_sys(e, "make a terminal") : 0;
}

static void close_console(struct console *c)
{
	fd_close(&c->master);
	fd_close(&c->slave);
}

/* In the child: whatever of its streams is a terminal becomes the new one. The session is without a
 * terminal: that one is for the program's (struct ns_enter.session). */
static int take_console(const struct console *c, struct err *e)
{
	bool tty[3];

	if (setsid() < 0)
		return fail_sys(e, "make a session");
	if (c->slave < 0)
		return 0;
	for (int fd = 0; fd < 3; fd++)
		tty[fd] = isatty(fd);
	for (int fd = 0; fd < 3; fd++)
		if (tty[fd] && dup2(c->slave, fd) < 0)
			return fail_sys(e, "take the terminal");
	return 0;
}

/* What the child has left to say goes where its program's words would have gone. */
static int be_child(const struct ns_enter *n, const struct console *console,
		    const struct relays *relays, struct foreground *front, int *ret_status,
		    struct err *e)
{
	struct ns_enter own = *n;

	own.session = true;
	if (take_console(console, e) < 0 || relays_take(relays, e) < 0)
		return -1;
	foreground_end(front);
	return ns_enter(&own, ret_status, e);
}

/* The copy of what the terminal shows goes to our terminal, also where our output is a file: that
 * one the program has itself. */
static int be_parent(pid_t pid, struct console *console, struct foreground *front, int *ret_status,
		     struct err *e)
{
	int tty = find_tty();

	fd_close(&console->slave);
	if (tty > 0 && !isatty(STDIN_FILENO)) {
		/* nothing to read: the program has its input from elsewhere */
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (null < 0 || dup2(null, STDIN_FILENO) < 0)
			return fail_sys(e, "open '/dev/null'");
		(void)close(null);
	}
	if (tty >= 0 && !isatty(STDOUT_FILENO) && dup2(tty, STDOUT_FILENO) < 0)
		return fail_sys(e, "use the terminal");
	return foreground_wait(front, pid, console->master, ret_status, e);
}

/**
 * console_enter() - ns_enter() for a program that may be hostile to our terminal
 *
 * The child that is made returns, too, when it could not become the program, with its error.
 */
int console_enter(const struct ns_enter *n, int *ret_status, struct err *e)
{
	struct console console;
	struct foreground front;
	own_relays struct relays relays;
	pid_t pid;
	int r;

	if (relays_begin(&relays, e) < 0)
		return -1;
	if (open_console(&console, e) < 0 || foreground_begin(&front, e) < 0) {
		close_console(&console);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		return be_child(n, &console, &relays, &front, ret_status, e);
	relays_let_go(&relays);
	r = pid < 0 ? fail_sys(e, "fork") : be_parent(pid, &console, &front, ret_status, e);
	relays_finish(&relays);
	foreground_end(&front);
	close_console(&console);
	return r;
}
