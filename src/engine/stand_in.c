/* stand_in.c - see stand_in.h */
#include "engine/stand_in.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/spawn.h"

/* What a terminal sends goes to all in the foreground, to the program as well; the rest is ours to pass
 * on. Return: the program's wait status. */
static int wait_for(pid_t pid, const sigset_t *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(signals, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			if (info.si_code != SI_KERNEL)
				(void)kill(pid, info.si_signo);
			continue;
		}
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
	}
}

/**
 * stand_in() - run a program to its end
 * @our_input: it reads our standard input; otherwise /dev/null
 * @ret_status: receives its wait status
 */
int stand_in(const char *path, char *const *argv, bool our_input, int *ret_status, struct err *e)
{
	const struct spawn s = {
		.path = path, .argv = argv, .envp = environ, .our_input = our_input
	};
	sigset_t ours, before;
	pid_t pid;

	(void)sigfillset(&ours);
	for (size_t i = 0; i < 3; i++)
		(void)sigdelset(&ours, (int[]){ SIGTSTP, SIGTTIN, SIGTTOU }[i]);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	pid = spawn_start(&s, e);
	if (pid > 0)
		*ret_status = wait_for(pid, &ours);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -1 : 0;
}
