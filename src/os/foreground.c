/* foreground.c - forward signals, copy the terminal, wait for the end */
#include "os/foreground.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"

/* struct flow - one direction of the terminal: what was read and not yet written */
struct flow {
	int from, to;
	char buf[4096];
	size_t at, len;
	bool ended;
};

/* foreground_begin() - hold back signals; call it before the container's process exists */
int foreground_begin(struct foreground *f, struct err *e)
{
	sigset_t all;

	*f = (struct foreground){ .signals = FD_NONE, .extra = FD_NONE };
	sigfillset(&all);
	/* faults of our own must kill us, not wait in a queue */
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	sigdelset(&all, SIGTRAP);
	sigdelset(&all, SIGSYS);
	if (sigprocmask(SIG_SETMASK, &all, &f->before) < 0)
		return fail_sys(e, "block signals");
	f->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return f->signals < 0 ? fail_sys(e, "make a signal descriptor") : 0;
}

static void make_raw(struct foreground *f)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &f->modes) < 0)
		return;
	raw = f->modes;
	cfmakeraw(&raw);
	f->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void copy_size(int console)
{
	struct winsize w;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
		(void)ioctl(console, TIOCSWINSZ, &w);
}

/* Reap whatever has ended. True when the container's process is among it. */
static bool reap(pid_t pid, int *status)
{
	bool found = false;
	int st;
	pid_t got;

	while ((got = waitpid(-1, &st, WNOHANG)) > 0)
		if (got == pid) {
			*status = st;
			found = true;
		}
	return found;
}

/* One signal. True when the container's process has ended. */
static bool take_signal(const struct foreground *f, pid_t pid, int console, int *status)
{
	struct signalfd_siginfo info;

	while (read(f->signals, &info, sizeof(info)) == sizeof(info)) {
		int sig = (int)info.ssi_signo;

		if (sig == SIGCHLD) {
			if (reap(pid, status))
				return true;
		} else if (sig == SIGWINCH && console >= 0) {
			copy_size(console);
		} else if (sig != SIGURG) { /* Go programs around us are full of SIGURG */
			(void)kill(pid, sig);
		}
	}
	return false;
}

static void flow_read(struct flow *w)
{
	ssize_t n = read(w->from, w->buf, sizeof(w->buf));

	if (n > 0) {
		w->at = 0;
		w->len = (size_t)n;
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		w->ended = true; /* EIO: the last process left the terminal */
	}
}

static void flow_write(struct flow *w)
{
	ssize_t n = write(w->to, w->buf + w->at, w->len - w->at);

	if (n > 0)
		w->at += (size_t)n;
	else if (n < 0 && errno != EINTR && errno != EAGAIN)
		w->ended = true;
	if (w->at == w->len)
		w->at = w->len = 0;
}

static struct pollfd flow_poll(const struct flow *w)
{
	if (w->ended)
		return (struct pollfd){ .fd = -1 };
	if (w->len)
		return (struct pollfd){ .fd = w->to, .events = POLLOUT };
	return (struct pollfd){ .fd = w->from, .events = POLLIN };
}

static void flow_step(struct flow *w, short revents)
{
	if (!revents || w->ended)
		return;
	if (w->len)
		flow_write(w);
	else
		flow_read(w);
}

/* After the end: what the program still wrote is in the pty's buffer. */
static void drain(struct flow *out)
{
	(void)fcntl(out->from, F_SETFL, O_NONBLOCK);
	for (int idle = 0; !out->ended && !idle;) {
		if (out->len)
			flow_write(out);
		else
			flow_read(out);
		idle = !out->len;
	}
}

static int status_of(int st)
{
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

/**
 * foreground_wait() - until the container's process has ended
 * @console:    the pty's master, or -1 without a terminal
 * @ret_status: exit status as a shell has it: 128 + n for signal n
 */
int foreground_wait(struct foreground *f, pid_t pid, int console, int *ret_status, struct err *e)
{
	struct flow in = { .from = STDIN_FILENO, .to = console, .ended = console < 0 };
	struct flow out = { .from = console, .to = STDOUT_FILENO, .ended = console < 0 };
	int status = 0;

	if (console >= 0) {
		make_raw(f);
		copy_size(console);
	}
	while (!reap(pid, &status)) {
		struct pollfd p[4] = { { .fd = f->signals, .events = POLLIN },
				       flow_poll(&in),
				       flow_poll(&out),
				       { .fd = f->extra, .events = POLLIN } };

		if (poll(p, COUNT(p), -1) < 0 && errno != EINTR)
			return fail_sys(e, "wait for the container");
		if (p[0].revents && take_signal(f, pid, console, &status))
			break;
		flow_step(&in, p[1].revents);
		flow_step(&out, p[2].revents);
		if (p[3].revents && f->readable(f->extra, pid))
			f->extra = FD_NONE;
	}
	if (console >= 0)
		drain(&out);
	*ret_status = status_of(status);
	return 0;
}

/* foreground_end() - put the caller's terminal and signals back */
void foreground_end(struct foreground *f)
{
	if (f->raw)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &f->modes);
	fd_close(&f->signals);
	(void)sigprocmask(SIG_SETMASK, &f->before, NULL);
}
