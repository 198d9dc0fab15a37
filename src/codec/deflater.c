/* deflater.c - the engine's end of tare-deflate; what it says is its exit status, an errno */
#include "codec/deflater.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "os/spawn.h"

static pid_t start(enum deflate_format format, int input, int output, struct err *e)
{
	char path[PATH_MAX], in[16], out[16];
	char name[] = "tare-deflate", gzip[] = "gzip", zstd[] = "zstd";
	char *const argv[] = { name, format == DEFLATE_GZIP ? gzip : zstd, in, out, NULL };
	const int keep[] = { input, output };

	if (spawn_find_beside("tare-deflate", path, sizeof(path), e) < 0)
		return -1;
	snprintf(in, sizeof(in), "%d", input);
	snprintf(out, sizeof(out), "%d", output);
	return spawn_start(&(struct spawn){ .path = path, .argv = argv, .keep = keep, .n_keep = 2 },
			   e);
}

static int make_pipe(int *ret_read, int *ret_write, struct err *e)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail_sys(e, "make a pipe");
	/* as much as a block of the compressor's, so that both work side by side */
	(void)fcntl(pair[0], F_SETPIPE_SZ, 1 << 20);
	*ret_read = pair[0];
	*ret_write = pair[1];
	return 0;
}

/**
 * deflater_start() - start the process
 * @d:      DEFLATER_NONE
 * @format: gzip or zstd
 * @input:  what it reads, to the end; FD_NONE: a pipe, whose other end is @d->input
 * @output: what it writes to; FD_NONE: likewise. Both are borrowed
 */
int deflater_start(struct deflater *d, enum deflate_format format, int input, int output,
		   struct err *e)
{
	own_fd int theirs_in = FD_NONE, theirs_out = FD_NONE, ours_in = FD_NONE, ours_out = FD_NONE;

	if (input < 0 && make_pipe(&theirs_in, &ours_in, e) < 0)
		return -1;
	if (output < 0 && make_pipe(&ours_out, &theirs_out, e) < 0)
		return -1;
	d->pid = start(format, input < 0 ? theirs_in : input, output < 0 ? theirs_out : output, e);
	if (d->pid < 0) {
		d->pid = 0;
		return -1;
	}
	d->input = give_fd(&ours_in);
	d->output = give_fd(&ours_out);
	return 0;
}

/* deflater_end() - there is no more input: wait until all is written */
int deflater_end(struct deflater *d, struct err *e)
{
	int status = 0;

	fd_close(&d->input);
	while (waitpid(d->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail_sys(e, "wait for tare-deflate");
	d->pid = 0;
	fd_close(&d->output);
	if (WIFSIGNALED(status))
		return fail(e, ERR_SYSTEM, "compress: signal %d ended tare-deflate",
			    WTERMSIG(status));
	return WEXITSTATUS(status) ? fail_errno(e, WEXITSTATUS(status), "compress") : 0;
}

/* deflater_cancel() - end the process, if there is one */
void deflater_cancel(struct deflater *d)
{
	if (d->pid > 0) {
		(void)kill(d->pid, SIGKILL);
		while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	d->pid = 0;
	fd_close(&d->input);
	fd_close(&d->output);
}
