/* relay.c - processes that copy between files and pipes, one for each stream that is a file */
#include "tare/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/text.h"

#define DRAIN_NS INT64_C(10000000000) /* what goes on writing in the background is not waited for */

/* struct relay_state - shared by all; of outputs: something was taken out and is not yet written */
struct relay_state {
	atomic_int busy[3], ended[3];
};

/* --- the copying process --------------------------------------------------------------------- */

static bool write_all(int fd, const char *at, size_t len)
{
	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Says that it is busy before it takes something out, so that at no moment bytes are nowhere. */
static void copy(int from, int to, atomic_int *busy)
{
	char buf[65536];
	struct pollfd p = { .fd = from, .events = POLLIN };

	for (;;) {
		ssize_t n;

		if (poll(&p, 1, -1) < 0)
			continue;
		atomic_store(busy, 1);
		n = read(from, buf, sizeof(buf));
		if (n == 0 || (n < 0 && errno != EINTR))
			return;
		if (n > 0 && !write_all(to, buf, (size_t)n)) {
			log_error("write the output: %s", strerror(errno));
			return;
		}
		atomic_store(busy, 0);
	}
}

static void be_relay(struct relays *r, int fd, int from, int to)
{
	static const int terminals[] = { SIGINT, SIGQUIT, SIGTSTP, SIGHUP };

	/* those are for the program, the end of which is ours, too */
	for (size_t i = 0; i < COUNT(terminals); i++)
		(void)signal(terminals[i], SIG_IGN);
	for (int i = 0; i < 3; i++) {
		if (r->theirs[i] != from && r->theirs[i] != to)
			fd_close(&r->theirs[i]);
		if (r->ours[i] != from && r->ours[i] != to)
			fd_close(&r->ours[i]);
	}
	copy(from, to, &r->state->busy[fd]);
	atomic_store(&r->state->ended[fd], 1);
	_exit(0);
}

/* --- the streams ----------------------------------------------------------------------------- */

static bool is_file(int fd, struct stat *st)
{
	return fstat(fd, st) == 0 && (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode));
}

static int begin_one(struct relays *r, int fd, struct err *e)
{
	bool input = fd == STDIN_FILENO;
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return fail_sys(e, "make a pipe");
	r->theirs[fd] = p[input ? 0 : 1];
	r->ours[fd] = p[input ? 1 : 0];
	pid = fork();
	if (pid < 0)
		return fail_sys(e, "fork");
	if (pid == 0) {
		/* its own end of the program's side would keep it from seeing the end */
		fd_close(&r->theirs[fd]);
		be_relay(r, fd, input ? fd : p[0], input ? p[1] : fd);
	}
	if (input)
		fd_close(&r->ours[fd]);
	return 0;
}

/* The same file twice is one pipe, or the order of what is written would be lost. */
static int begin_error(struct relays *r, const struct stat *out, const struct stat *error,
		       struct err *e)
{
	if (r->theirs[STDOUT_FILENO] < 0 || out->st_dev != error->st_dev ||
	    out->st_ino != error->st_ino)
		return begin_one(r, STDERR_FILENO, e);
	r->theirs[STDERR_FILENO] = fcntl(r->theirs[STDOUT_FILENO], F_DUPFD_CLOEXEC, 3);
	return r->theirs[STDERR_FILENO] < 0 ? fail_sys(e, "make a pipe") : 0;
}

/**
 * relays_begin() - begin to copy for each stream that is a file
 * @r: release it with relays_done(), also after a failure
 */
int relays_begin(struct relays *r, struct err *e)
{
	struct stat st[3];
	bool file[3];

	for (int fd = 0; fd < 3; fd++) {
		r->theirs[fd] = r->ours[fd] = FD_NONE;
		file[fd] = is_file(fd, &st[fd]);
	}
	r->state = NULL;
	if (!file[0] && !file[1] && !file[2])
		return 0;
	r->state = mmap(NULL, sizeof(*r->state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (r->state == MAP_FAILED) {
		r->state = NULL;
		return fail_sys(e, "copy the streams");
	}
	if ((file[0] && begin_one(r, STDIN_FILENO, e) < 0) ||
	    (file[1] && begin_one(r, STDOUT_FILENO, e) < 0))
		return -1;
	return file[2] ? begin_error(r, &st[1], &st[2], e) : 0;
}

/* relays_take() - by the process that becomes the program: the pipes in place of the files */
int relays_take(const struct relays *r, struct err *e)
{
	for (int fd = 0; fd < 3; fd++)
		if (r->theirs[fd] >= 0 && dup2(r->theirs[fd], fd) < 0)
			return fail_sys(e, "take the streams");
	return 0;
}

/* relays_let_go() - by its parent, as soon as it has forked: the program alone has its ends */
void relays_let_go(struct relays *r)
{
	for (int fd = 0; fd < 3; fd++)
		fd_close(&r->theirs[fd]);
}

static bool is_through(const struct relays *r, int fd)
{
	int left = 0;

	if (r->ours[fd] < 0 || atomic_load(&r->state->ended[fd]))
		return true;
	/* in this order: what is in the pipe no more is being written, or was */
	return ioctl(r->ours[fd], FIONREAD, &left) < 0 ||
	       (left == 0 && !atomic_load(&r->state->busy[fd]));
}

/* relays_finish() - when the program has ended: wait until all that it has written is in the files */
void relays_finish(struct relays *r)
{
	int64_t end = clock_now_ns() + DRAIN_NS;

	for (int fd = 1; r->state && fd < 3; fd++)
		while (!is_through(r, fd) && clock_now_ns() < end)
			clock_nap_ns(100000);
}

void relays_done(struct relays *r)
{
	for (int fd = 0; fd < 3; fd++) {
		fd_close(&r->theirs[fd]);
		fd_close(&r->ours[fd]);
	}
	if (r->state)
		(void)munmap(r->state, sizeof(*r->state));
	r->state = NULL;
}
