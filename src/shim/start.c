/* start.c - the container is made and started by the OCI runtime, which leaves it to us */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/date.h"
#include "base/own.h"
#include "os/file.h"
#include "os/msg.h"
#include "os/process.h"
#include "os/spawn.h"
#include "shim/shim.h"
#include "shim/verdict.h"

#define CONSOLE_SOCKET "console.sock"
#define PIPE_SIZE      (1 << 20)

/* struct ends - the program's ends of its streams, ours where there is none */
struct ends {
	int in, out, err, console;
};

static int make_pipe(int *ret_read, int *ret_write, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return fail_sys(e, "make a pipe for the container");
	*ret_read = fds[0];
	*ret_write = fds[1];
	return 0;
}

/* Who prints much shall not wait for us at every page; what nobody fills costs nothing. */
static int nonblocking(int fd, struct err *e)
{
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
	return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? fail_sys(e, "read what the container prints")
						  : 0;
}

static int make_pipes(struct shim *s, struct ends *t, struct err *e)
{
	int *out = &s->polls[WATCH_OUT].fd, *err = &s->polls[WATCH_ERR].fd;

	if (make_pipe(out, &t->out, e) < 0 || make_pipe(err, &t->err, e) < 0 ||
	    nonblocking(*out, e) < 0 || nonblocking(*err, e) < 0)
		return -1;
	if (s->doc.open_stdin)
		return make_pipe(&t->in, &s->input, e);
	t->in = fd_open("/dev/null", O_RDONLY);
	return t->in < 0 ? fail_sys(e, "open '/dev/null'") : 0;
}

/* The runtime sends us the terminal here. */
static int open_console(struct ends *t, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = CONSOLE_SOCKET };

	(void)unlink(CONSOLE_SOCKET);
	t->console = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->console < 0 || bind(t->console, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(t->console, 1) < 0)
		return fail_sys(e, "make a socket for the container's terminal");
	return 0;
}

static int take_console(struct shim *s, struct ends *t, struct err *e)
{
	own_fd int from = accept4(t->console, NULL, NULL, SOCK_CLOEXEC);
	char name[64];
	int master = FD_NONE;

	if (from < 0 || msg_try_recv(from, name, sizeof(name), &master) < 0 || master < 0)
		return fail_sys(e, "take the container's terminal");
	s->polls[WATCH_OUT].fd = master;
	return nonblocking(master, e);
}

static void close_ends(struct ends *t)
{
	fd_close(&t->in);
	fd_close(&t->out);
	fd_close(&t->err);
	fd_close(&t->console);
}

/* The last of what the runtime said, in its own words. */
static int fail_start(struct shim *s, struct err *e)
{
	char text[4096];
	int n = file_try_read(s->run, VERDICT_LOG, text, sizeof(text) - 1);
	char *line, *end;

	text[n > 0 ? n : 0] = '\0';
	line = strstr(text, "\"level\":\"error\"");
	line = line ? strstr(line, "\"msg\":\"") : NULL;
	if (!line)
		return fail(e, ERR_SYSTEM,
			    "start the container: the runtime failed without a word");
	line += strlen("\"msg\":\"");
	for (end = line; *end && *end != '"'; end++)
		if (*end == '\\' && end[1])
			memmove(end, end + 1, strlen(end));
	*end = '\0';
	return fail(e, ERR_SYSTEM, "%s", line);
}

static int run_runtime(struct shim *s, const struct ends *t, int *ret_status, struct err *e)
{
	char *argv[] = { s->doc.runtime,
			 (char *)"--log",
			 (char *)VERDICT_LOG,
			 (char *)"--log-format",
			 (char *)"json",
			 (char *)"run",
			 (char *)"--detach",
			 (char *)"--pid-file",
			 (char *)SHIM_PID,
			 (char *)"--bundle",
			 (char *)".",
			 s->doc.tty ? (char *)"--console-socket" : s->doc.id,
			 s->doc.tty ? (char *)CONSOLE_SOCKET : NULL,
			 s->doc.id,
			 NULL };
	const struct spawn run = { .path = s->doc.runtime,
				   .argv = argv,
				   .envp = environ,
				   .our_input = true,
				   .out = s->doc.tty ? 0 : t->out,
				   .err = s->doc.tty ? 0 : t->err };
	int status;

	/* its standard input is ours for that long */
	if (dup2(t->in >= 0 ? t->in : STDOUT_FILENO, STDIN_FILENO) < 0)
		return fail_sys(e, "give the container its standard input");
	if (spawn_wait(&run, &status, e) < 0)
		return -1;
	(void)dup2(STDOUT_FILENO, STDIN_FILENO);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	*ret_status = WIFEXITED(status) ? verdict(s->run, VERDICT_LOG, WEXITSTATUS(status)) : 125;
	return fail_start(s, e);
}

static int read_pid(struct shim *s, struct err *e)
{
	char text[32];
	int n = file_try_read(s->run, SHIM_PID, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	s->pid = (pid_t)strtol(text, NULL, 10);
	return s->pid > 0 ? 0 : fail(e, ERR_SYSTEM, "start the container: no pid is known");
}

/* shim_delete() - the runtime forgets the container, whose processes end */
void shim_delete(struct shim *s)
{
	char *argv[] = { s->doc.runtime, (char *)"delete", (char *)"--force", s->doc.id, NULL };
	const struct spawn run = { .path = s->doc.runtime, .argv = argv, .envp = environ };
	struct err ignored = { 0 };
	int status;

	(void)spawn_wait(&run, &status, &ignored);
}

/**
 * shim_start() - start the container, its streams ours
 * @ret_status: where it could not be: what a command is to end with (125, 126, 127)
 *
 * Where it fails there may be a part of the container: shim_delete().
 */
int shim_start(struct shim *s, int *ret_status, struct err *e)
{
	struct ends t = { FD_NONE, FD_NONE, FD_NONE, FD_NONE };
	int r;

	*ret_status = 125;
	(void)unlink(VERDICT_LOG);
	r = s->doc.tty ? open_console(&t, e) : make_pipes(s, &t, e);
	if (r == 0)
		r = run_runtime(s, &t, ret_status, e);
	if (r == 0 && (read_pid(s, e) < 0 || (s->doc.tty && take_console(s, &t, e) < 0)))
		r = -1;
	close_ends(&t);
	s->time = date_now_ns();
	return r;
}
