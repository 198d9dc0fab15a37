/* helper.c - see helper.h
 *
 * Half of what a pull takes that finds everything here is tare-fetch's start. So tare, which knows by
 * its first word that there will be questions, starts it before it becomes tare-engine, and leaves
 * word in the environment: "SOCKET PID". The engine, the same process, believes no more of that than
 * the kernel confirms; and tells nobody else.
 */
#include "remote/helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/own.h"
#include "base/text.h"
#include "os/msg.h"
#include "os/spawn.h"

#define WORD "TARE_FETCH_STARTED"

/* What it might print would be a stranger's words on our terminal; a sanitizer's are our own. */
static int open_streams(void)
{
#ifdef __SANITIZE_ADDRESS__
	return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
#else
	return fd_open("/dev/null", O_WRONLY);
#endif
}

static pid_t start(int sock, struct err *e)
{
	char path[4096], number[16];
	char *argv[] = { path, number, NULL };
	own_fd int streams = open_streams();
	struct spawn s = { .path = path,
			   .argv = argv,
			   .elsewhere = true,
			   .out = streams,
			   .err = streams,
			   .keep = &sock,
			   .n_keep = 1 };

	if (spawn_find_beside(HELPER, path, sizeof(path), e) < 0)
		return -1;
	if (streams < 0)
		return fail_sys(e, "open '/dev/null'");
	snprintf(number, sizeof(number), "%d", sock);
	return spawn_start(&s, e);
}

/* helper_start() - start it; who has it closes the socket, and ends and waits for the process */
int helper_start(struct helper *ret_helper, struct err *e)
{
	own_fd int ours = FD_NONE, theirs = FD_NONE;
	int ends[2];

	if (msg_pair(ends, e) < 0)
		return -1;
	ours = ends[0];
	theirs = ends[1];
	ret_helper->pid = start(theirs, e);
	if (ret_helper->pid < 0)
		return -1;
	ret_helper->sock = give_fd(&ours);
	return 0;
}

/**
 * helper_start_early() - start it for the program that we are about to become
 *
 * Should anything fail, that program starts it itself, and says what is wrong. If it never asks for
 * it, the socket ends with it, and tare-fetch with the socket.
 */
void helper_start_early(void)
{
	struct helper h = { .sock = FD_NONE };
	struct err ignored = { 0 };
	char word[32];

	if (helper_start(&h, &ignored) < 0)
		return;
	snprintf(word, sizeof(word), "%d %d", h.sock, (int)h.pid);
	if (setenv(WORD, word, 1) < 0 || fcntl(h.sock, F_SETFD, 0) < 0)
		fd_close(&h.sock);
}

/* A pair's end that we may use, and a child of ours that runs. */
static bool is_true(int sock, pid_t pid)
{
	siginfo_t info = { 0 };
	socklen_t len = sizeof(int);
	int type;

	return getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET &&
	       waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

/* helper_inherit() - the one that was started before we became what we are, if so; asked once */
bool helper_inherit(struct helper *ret_helper)
{
	const char *word = getenv(WORD);
	int sock, pid, end = 0;
	bool ok = word && sscanf(word, "%9d %9d%n", &sock, &pid, &end) == 2 && !word[end] &&
		  sock > STDERR_FILENO && pid > 0 && is_true(sock, pid);

	(void)unsetenv(WORD);
	if (!ok || fcntl(sock, F_SETFD, FD_CLOEXEC) < 0)
		return false;
	*ret_helper = (struct helper){ .sock = sock, .pid = pid };
	return true;
}
