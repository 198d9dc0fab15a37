/* life.c - a kept container starts, gets signals, ends: by its shim */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/signals.h"
#include "base/units.h"
#include "engine/kept.h"
#include "engine/setup.h"
#include "os/spawn.h"

#define SHIM         "tare-shim"
#define STOP_TIMEOUT 10 /* seconds, Docker's */
#define KILLS        20
#define KILL_WAIT_MS 1500
/* Bounded, unlike Docker's: its users fill their disks by it. */
#define LOG_SIZE     ((uint64_t)32 << 20)
#define LOG_FILES    2

/* --- start --- */

static int log_option(const struct pairs *options, const char *key, const char **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < options->n; i++)
		if (strcmp(options->at[i].key, key) == 0)
			*ret = options->at[i].value;
	return *ret != NULL;
}

static int set_log(const struct host_config *h, struct shim_doc *d, struct err *e)
{
	const char *type = h->log && h->log->type ? h->log->type : "";
	const char *value;
	uint64_t files = 0;
	int64_t size = 0;

	if (strcmp(type, "none") == 0)
		return 0;
	d->log_size = LOG_SIZE;
	d->log_files = LOG_FILES;
	if (!h->log)
		return 0;
	if (log_option(&h->log->config, "max-size", &value)) {
		if (size_parse(value, &size, e) < 0)
			return fail_in(e, "--log-opt max-size");
		d->log_size = size <= 0 ? (uint64_t)INT64_MAX : (uint64_t)size;
	}
	if (log_option(&h->log->config, "max-file", &value)) {
		if (text_u64(value, 1000, &files) < 0 || files == 0)
			return fail(e, ERR_INPUT,
				    "--log-opt max-file '%.20s': it is from 1 to 1000", value);
		d->log_files = (uint32_t)files;
	}
	return 0;
}

static int write_shim(const struct container *c, struct setup *u, struct err *e)
{
	const struct host_config *h = &u->wish.host;
	char tare[4096];
	char *remove[] = { tare,         (char *)"--root",  c->s->path,
			   (char *)"rm", (char *)"--force", text_shown(c->id),
			   NULL };
	struct shim_doc d = {
		.id = text_shown(c->id),
		.runtime = u->runtime,
		.tty = u->wish.config.tty,
		.open_stdin = u->wish.config.open_stdin,
		.restart = h->restart ? h->restart->name : NULL,
		.retries = h->restart ? (uint32_t)h->restart->maximum_retry_count : 0,
	};

	if (set_log(h, &d, e) < 0)
		return -1;
	if (h->auto_remove) {
		if (spawn_find_beside("tare", tare, sizeof(tare), e) < 0)
			return -1;
		d.remove = remove;
	}
	return document_write(c->run, SHIM_FILE, &shim_doc_table, &d, false, e);
}

/* The shim has both folders, and the lock of one, from now on. */
static int run_shim(const struct container *c, struct shim_report *ret, struct err *e)
{
	char path[4096], words[3][16];
	own_fd int read_end = FD_NONE, write_end = FD_NONE, null = fd_open("/dev/null", O_RDWR);
	int ends[2];
	ssize_t n;

	if (spawn_find_beside(SHIM, path, sizeof(path), e) < 0)
		return -1;
	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return fail_sys(e, "start the container's shim");
	read_end = ends[0];
	write_end = ends[1];
	{
		const int keep[] = { c->folder, c->run, write_end };
		char *argv[] = { (char *)SHIM, words[0], words[1], words[2], NULL };
		const struct spawn s = { .path = path,
					 .argv = argv,
					 .envp = environ,
					 .out = null,
					 .err = null,
					 .keep = keep,
					 .n_keep = COUNT(keep) };

		for (size_t i = 0; i < COUNT(keep); i++)
			snprintf(words[i], sizeof(words[i]), "%d", keep[i]);
		if (spawn_start(&s, e) < 0)
			return -1;
	}
	fd_close(&write_end);
	do
		n = read(read_end, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*ret)
		       ? 0
		       : fail(e, ERR_SYSTEM, "start the container: its shim ended without a word");
}

static int prepare(struct container *c, struct setup *u, struct err *e)
{
	const bool brief = u->wish.host.auto_remove;
	own_fd int root = FD_NONE;

	if (container_renew_run(c, e) < 0)
		return -1;
	root = container_mount(c, &u->image, brief ? CONTAINER_BRIEF : CONTAINER_KEPT, &u->a, e);
	return root < 0 || setup_write(u, c, root, e) < 0 ? -1 : write_shim(c, u, e);
}

static void unmount(const struct container *c)
{
	char root[CONTAINER_PATH + 8];

	snprintf(root, sizeof(root), "%s/rootfs", c->path);
	(void)umount2(root, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/**
 * kept_start() - start a container that is ours
 * @c: locked; its shim keeps the lock when the caller has closed it
 * @ret: how it went; its error is the runtime's, and no failure of this function
 */
int kept_start(struct container *c, struct shim_report *ret, struct err *e)
{
	struct setup u = { 0 };
	struct container_record record;
	own_arena struct arena a = { 0 };
	struct digest image;
	struct wish w;
	int r = document_read(c->folder, RECORD_FILE, &container_record_table, &a, &record, e);

	if (r < 0 || digest_parse(record.manifest, &image, e) < 0)
		return fail_in(e, "start the container %.12s", c->id);
	w = (struct wish){ *record.config, *record.host };
	r = setup_prepare(&u, c->s, &image, &w, e);
	if (r == 0) {
		r = prepare(c, &u, e);
		if (r == 0)
			r = run_shim(c, ret, e);
		if (r < 0)
			unmount(c);
	}
	setup_done(&u);
	return r < 0 ? fail_in(e, "start the container '%s'", record.name) : 0;
}

/* --- end --- */

/* Its folder is locked by somebody. */
static bool is_locked(const struct kept *k)
{
	own_fd int fd =
		openat(k->s->containers, k->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
}

/* It has no shim: the run holds the lock as long as it lives. */
static int wait_for_run(const struct kept *k, int64_t end, bool for_ever)
{
	while (is_locked(k)) {
		if (!for_ever && clock_now_ns() > end)
			return 0;
		clock_nap_ns(2000000);
	}
	return 1;
}

/**
 * kept_wait() - until its shim has ended, or its run
 * @timeout_ms: -1: for ever
 *
 * Return: 1: it has; 0: time is up; -1.
 */
int kept_wait(const struct kept *k, int64_t timeout_ms, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	own_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const int64_t end = clock_now_ns() + timeout_ms * 1000000;
	struct pollfd p = { .fd = fd, .events = 0 };

	if (k->foreground)
		return wait_for_run(k, end, timeout_ms < 0);
	if (fd < 0)
		return fail_sys(e, "wait for the container %.12s", k->id);
	snprintf(at.sun_path, sizeof(at.sun_path), CONTAINERS_RUN "/%s/" SHIM_SOCKET, k->id);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return errno == ECONNREFUSED || errno == ENOENT || errno == ECONNRESET
			       ? 1
			       : fail_sys(e, "wait for the container %.12s", k->id);
	for (;;) {
		int64_t left = (end - clock_now_ns() + 999999) / 1000000;
		int r = poll(&p, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);

		if (r > 0)
			return 1;
		if (r < 0 && errno != EINTR)
			return fail_sys(e, "wait for the container %.12s", k->id);
		if (r == 0)
			return 0;
	}
}

/* kept_signal() - to its first process */
int kept_signal(const struct kept *k, int signal, struct err *e)
{
	char runtime[4096], number[16];
	char *argv[] = { runtime, (char *)"kill", text_shown(k->id), number, NULL };
	own_fd int null = fd_open("/dev/null", O_WRONLY);
	const struct spawn s = {
		.path = runtime, .argv = argv, .envp = environ, .out = null, .err = null
	};
	int status;

	snprintf(number, sizeof(number), "%d", signal);
	if (setup_find_runtime(k->record.host->runtime, runtime, sizeof(runtime), e) < 0 ||
	    spawn_wait(&s, &status, e) < 0)
		return -1;
	return status == 0 ? 0
			   : fail(e, ERR_CONFLICT,
				  "send a signal to the container '%s': it is not running",
				  k->record.name);
}

/* From now on it is not started again. */
static int mark_stopping(const struct kept *k, struct err *e)
{
	char path[CONTAINER_PATH + sizeof("/" SHIM_STOPPING)];
	own_fd int fd = FD_NONE;

	snprintf(path, sizeof(path), CONTAINERS_RUN "/%s/" SHIM_STOPPING, k->id);
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* without its folder it has ended, and was removed */
	return fd >= 0 || errno == ENOENT ? 0
					  : fail_sys(e, "stop the container '%s'", k->record.name);
}

/* kept_kill() - and wait for its end; a signal that gets lost is sent again */
int kept_kill(const struct kept *k, struct err *e)
{
	int r = 0;

	if (mark_stopping(k, e) < 0)
		return -1;
	for (unsigned i = 0; r == 0 && i < KILLS; i++) {
		struct err gone = { 0 };

		/* what waits to be started again has no process, and sees the mark */
		(void)kept_signal(k, SIGKILL, &gone);
		r = kept_wait(k, KILL_WAIT_MS, e);
	}
	return r != 0 ? (r < 0 ? -1 : 0)
		      : fail(e, ERR_SYSTEM, "the container '%s' does not end, though it was killed",
			     k->record.name);
}

/**
 * kept_stop() - its signal; after a while it is killed
 * @timeout_s: -1: what the container says, or ten seconds
 */
int kept_stop(const struct kept *k, int64_t timeout_s, struct err *e)
{
	const struct image_run *c = k->record.config;
	int signal = SIGTERM, r;
	struct err gone = { 0 };

	if (c->stop_signal && *c->stop_signal && signal_parse(c->stop_signal, &signal, e) < 0)
		return -1;
	if (timeout_s < 0)
		timeout_s = c->stop_timeout.set ? c->stop_timeout.v : STOP_TIMEOUT;
	if (mark_stopping(k, e) < 0)
		return -1;
	(void)kept_signal(k, signal, &gone);
	r = kept_wait(k, timeout_s < 0 ? -1 : timeout_s * 1000, e);
	return r != 0 ? (r < 0 ? -1 : 0) : kept_kill(k, e);
}
