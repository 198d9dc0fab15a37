/* child.c - fork, exec, and the exit status as docker gives it: 126, 127, 128 + signal */
#include "host/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"

/**
 * child_fork() - fork, with a pipe by which the child says why it failed
 * @ret_child: in the parent
 * @ret_why:   in the child: for child_failed(); in the parent untouched
 *
 * Return: 0 in the child, 1 in the parent, or -1.
 */
int child_fork(struct child *ret_child, int *ret_why, struct err *e)
{
	int why[2];
	pid_t pid;

	if (pipe2(why, O_CLOEXEC) < 0)
		return fail_sys(e, "make a pipe");
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid < 0) {
		fail_sys(e, "fork");
		(void)close(why[0]);
		(void)close(why[1]);
		return -1;
	}
	(void)close(why[pid == 0 ? 0 : 1]);
	if (pid == 0)
		*ret_why = why[1];
	else
		*ret_child = (struct child){ pid, why[0] };
	return pid != 0;
}

/* child_failed() - end the child, and have the parent's child_wait() fail with @e */
void child_failed(int why, const struct err *e)
{
	(void)!write(why, e, sizeof(*e));
	_exit(err_exit_status(e));
}

/* An error of the child's, whole or not at all: 1 when there is one. */
static int read_why(int fd, struct err *e)
{
	struct err theirs;
	ssize_t n;

	do
		n = read(fd, &theirs, sizeof(theirs));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(theirs))
		return 0;
	/* it has been where others' files are */
	err_sanitise(&theirs);
	*e = theirs;
	return 1;
}

/* Ends when it ends. A shell's user stops us together with the child, unless it has its own session. */
static int wait_through(pid_t pid, bool alone, int *ret_status)
{
	for (;;) {
		pid_t got = waitpid(pid, ret_status, alone ? 0 : WUNTRACED);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got < 0 || !WIFSTOPPED(*ret_status)) {
			if (got > 0)
				return 0;
			continue;
		}
		(void)kill(getpid(), SIGSTOP);
		(void)kill(pid, SIGCONT);
	}
}

static int wait_for(struct child *c, bool alone, int failed, int *ret_status, struct err *e)
{
	int status, r = wait_through(c->pid, alone, &status);

	if (failed)
		return -1;
	if (r < 0)
		return fail_sys(e, "wait for process %d", (int)c->pid);
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

/* The first half of waiting: 1 when the child said why it failed. */
static int listen_to(struct child *c, struct err *e)
{
	int failed = read_why(c->why, e);

	fd_close(&c->why);
	return failed;
}

/**
 * child_wait() - wait until the child has ended
 * @ret_status: as docker gives it: the program's own, or 128 + the signal that killed it
 *
 * Interrupts from the terminal are the program's: we go on waiting.
 *
 * Return: 0; -1 when the program was not started, with the child's own error.
 */
int child_wait(struct child *c, int *ret_status, struct err *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, was_int, was_quit;
	int r;

	(void)sigaction(SIGINT, &ignore, &was_int);
	(void)sigaction(SIGQUIT, &ignore, &was_quit);
	r = wait_for(c, false, listen_to(c, e), ret_status, e);
	(void)sigaction(SIGINT, &was_int, NULL);
	(void)sigaction(SIGQUIT, &was_quit, NULL);
	return r;
}

/* child_hold_signals() - before the fork, so that none ends us and leaves the child behind */
void child_hold_signals(sigset_t *ret_before)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, ret_before);
}

static volatile pid_t stood_for;

static void pass_on(int sig)
{
	int was = errno;

	(void)kill(stood_for, sig);
	errno = was;
}

/**
 * child_stand_for() - child_wait() for a child in a session of its own, for good
 * @before: of child_hold_signals(); the child puts it back, too
 *
 * Signals that reach us go on to it, but for those that tell of ourselves. When it stops, it stops
 * alone: nobody would wake us.
 */
int child_stand_for(struct child *c, const sigset_t *before, int *ret_status, struct err *e)
{
	static const int passed[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
				      SIGUSR2, SIGALRM, SIGCONT, SIGTSTP };
	struct sigaction pass = { .sa_handler = pass_on };
	siginfo_t end;
	int r, failed;

	stood_for = c->pid;
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		(void)sigaction(passed[i], &pass, NULL);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
	failed = listen_to(c, e);
	/* it has its number until it is waited for, but nobody passes on anything then */
	do
		r = waitid(P_PID, (id_t)c->pid, &end, WEXITED | WNOWAIT);
	while (r < 0 && errno == EINTR);
	pass.sa_handler = SIG_IGN;
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		(void)sigaction(passed[i], &pass, NULL);
	return wait_for(c, true, failed, ret_status, e);
}

/* child_not_tried() - 126 and 127 say what is wrong with the program: other errors have 125. -1 */
int child_not_tried(struct err *e)
{
	if (e->cls == ERR_ABSENT || e->cls == ERR_DENIED)
		e->cls = ERR_SYSTEM;
	return -1;
}

/**
 * child_exec() - become the program; the search path is that of the environment it gets
 * @envp: NULL: ours
 *
 * Return: -1, ERR_ABSENT (127) when there is none, ERR_DENIED (126) when it cannot be executed.
 */
int child_exec(char *const argv[], char *const envp[], struct err *e)
{
	if (envp)
		environ = (char **)(uintptr_t)envp;
	(void)execvp(argv[0], argv);
	if (errno == ENOENT)
		return fail(e, ERR_ABSENT, "run '%s': there is no such program", argv[0]);
	return fail(e, ERR_DENIED, "run '%s': %s", argv[0], strerror(errno));
}
