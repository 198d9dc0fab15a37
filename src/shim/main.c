/* main.c - tare-shim: started by the engine with three descriptors: two folders, and where to report
 *
 * It reads what it is asked, says how the start went, and then only writes: the log, and the state. The
 * lock on the container's folder is ours as long as we live, so that everybody sees that we do.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "os/sys.h"
#include "shim/shim.h"

/* What waits a while before it is started again, doubled each time (ns); Docker's. */
#define BACKOFF_FIRST INT64_C(100000000)
#define BACKOFF_MAX   INT64_C(60000000000)
/* Who ran so long begins with the first again. */
#define BACKOFF_RESET INT64_C(10000000000)

static int open_listener(struct shim *s, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = SHIM_SOCKET };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlink(SHIM_SOCKET);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 128) < 0) {
		fail_sys(e, "make the socket of the container's shim");
		fd_close(&fd);
		return -1;
	}
	s->polls[WATCH_LISTENER] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

static int open_signals(struct shim *s, struct err *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return fail_sys(e, "take the container's signals");
	s->polls[WATCH_SIGNALS] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

static int begin(struct shim *s, struct err *e)
{
	const int *const fds[] = { &s->folder, &s->run, &s->report };

	for (size_t i = 0; i < WATCH_CLIENTS; i++)
		s->polls[i] = (struct pollfd){ .fd = FD_NONE, .events = POLLIN };
	s->n_polls = WATCH_CLIENTS;
	s->streams[0].name = "stdout";
	s->streams[1].name = "stderr";
	for (size_t i = 0; i < COUNT(fds); i++)
		if (fcntl(*fds[i], F_SETFD, FD_CLOEXEC) < 0)
			return fail_sys(e, "begin: the engine starts this program");
	/* who is in no way a child of ours any more must not stop, or end, with us */
	(void)setsid();
	if (fchdir(s->run) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return fail_sys(e, "begin");
	(void)prctl(PR_SET_NAME, "tare-shim", 0, 0, 0);
	if (document_read(s->run, SHIM_FILE, &shim_doc_table, &s->a, &s->doc, e) < 0 ||
	    open_signals(s, e) < 0 || open_listener(s, e) < 0)
		return -1;
	return shim_log_open(&s->log, s->folder, s->doc.log_size, s->doc.log_files, e);
}

/* --- what is told --- */

static void note(struct shim *s, const char *status)
{
	char time[DATE_TEXT];
	struct err ignored = { 0 };
	struct container_state *t = &s->state;

	date_text(date_now_ns(), time);
	t->status = text_shown(status);
	t->pid = s->pid;
	t->shim = getpid();
	if (strcmp(status, "running") == 0)
		t->started = arena_dup(&s->a, time);
	else
		t->finished = arena_dup(&s->a, time);
	(void)document_write(s->folder, STATE_FILE, &container_state_table, t, false, &ignored);
}

static void report(struct shim *s, int status, const struct err *e)
{
	const struct shim_report r = { status, *e };

	if (s->report < 0)
		return;
	(void)!write(s->report, &r, sizeof(r));
	fd_close(&s->report);
}

/* --- starting again --- */

static bool is_stopping(const struct shim *s)
{
	return faccessat(s->run, SHIM_STOPPING, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool wants_again(const struct shim *s)
{
	const char *policy = s->doc.restart ? s->doc.restart : "";

	if (is_stopping(s))
		return false;
	if (strcmp(policy, "always") == 0 || strcmp(policy, "unless-stopped") == 0)
		return true;
	return strcmp(policy, "on-failure") == 0 && s->state.exit_code != 0 &&
	       (s->doc.retries == 0 || s->state.restarts < s->doc.retries);
}

/* In short naps, since somebody may stop it meanwhile. */
static void wait_before(const struct shim *s, int64_t ns)
{
	const int64_t end = clock_now_ns() + ns;

	while (clock_now_ns() < end && !is_stopping(s))
		clock_nap_ns(20000000);
}

/* One life of the container. Return: it could not be started. */
static int live(struct shim *s, struct err *e)
{
	int status;

	if (shim_start(s, &status, e) < 0) {
		/* the runtime may have been killed */
		shim_delete(s);
		s->state.exit_code = status;
		s->state.error = arena_dup(&s->a, e->text);
		s->pid = 0;
		note(s, "exited");
		report(s, status, e);
		return -1;
	}
	s->state.error = NULL;
	note(s, "running");
	report(s, 0, e);
	if (shim_watch(s, e) < 0)
		return -1;
	s->pid = 0;
	shim_drain(s);
	shim_delete(s);
	return 0;
}

static void live_on(struct shim *s, struct err *e)
{
	int64_t pause = BACKOFF_FIRST;

	while (live(s, e) == 0 && wants_again(s)) {
		if (date_now_ns() - s->time > BACKOFF_RESET)
			pause = BACKOFF_FIRST;
		note(s, "restarting");
		wait_before(s, pause);
		pause = pause * 2 > BACKOFF_MAX ? BACKOFF_MAX : pause * 2;
		if (is_stopping(s))
			break;
		s->state.restarts++;
	}
}

/* Its root is not needed any more; what was written stays. */
static void finish(struct shim *s)
{
	if (s->time && !s->state.error)
		note(s, "exited");
	shim_log_close(&s->log);
	(void)umount2("rootfs", MNT_DETACH | UMOUNT_NOFOLLOW);
	(void)unlink(SHIM_SOCKET);
	(void)unlink(SHIM_FILE);
	if (s->doc.remove)
		(void)execv(s->doc.remove[0], s->doc.remove);
}

int main(int argc, char **argv)
{
	static struct shim s = { .input = FD_NONE };
	struct err e = { 0 };

	if (argc != 4) {
		fprintf(stderr, "tare-shim: `tare` starts this program\n");
		return 125;
	}
	s.folder = atoi(argv[1]);
	s.run = atoi(argv[2]);
	s.report = atoi(argv[3]);
	if (begin(&s, &e) < 0)
		report(&s, 125, &e);
	else
		live_on(&s, &e);
	finish(&s);
	return e.cls ? 125 : 0;
}
