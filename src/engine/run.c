/* run.c - see run.h
 *
 * Nothing stands between the program and our standard streams: the runtime inherits them, and we wait.
 * So such a container costs no more than the runtime does, and is gone with us: what is left of one after
 * a kill, the next run removes.
 */
#include "engine/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/clear.h"
#include "engine/config.h"
#include "engine/container.h"
#include "engine/etc.h"
#include "engine/mounts.h"
#include "engine/verdict.h"
#include "os/file.h"
#include "os/spawn.h"
#include "store/images.h"

#define RUNTIME "tare-runtime"

/**
 * struct running - one container
 * @wish: as it was asked for, with what the image says
 * @size: bytes that may be written to its root; 0: any number
 */
struct running {
	struct store *s;
	const struct run_request *q;
	struct arena a;
	struct stored_image image;
	struct wish wish;
	struct mounts_asked mounts;
	int64_t size;
	struct container container;
	char runtime[4096];
};

/* --- the runtime --- */

/**
 * run_find_runtime() - the OCI runtime's program
 * @other: a path, or a name to look for in PATH; NULL, empty: ours, which lies beside us
 */
int run_find_runtime(const char *other, char *ret_path, size_t size, struct err *e)
{
	if (!other || !*other)
		return spawn_find_beside(RUNTIME, ret_path, size, e);
	snprintf(ret_path, size, "%s", other);
	return strchr(other, '/') ? 0 : spawn_find(other, ret_path, size, e);
}

/* What a terminal sends goes to all in the foreground, to the runtime as well; the rest is ours to pass
 * on. Return: the runtime's wait status. */
static int stand_in(pid_t pid, const sigset_t *signals)
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

static int run_runtime(struct running *r, int *ret_status, struct err *e)
{
	struct container *own = &r->container;
	char log[sizeof(own->path) + 16];
	char *argv[] = { r->runtime,
			 (char *)"--log",
			 log,
			 (char *)"--log-format",
			 (char *)"json",
			 (char *)"run",
			 (char *)"--bundle",
			 own->path,
			 own->id,
			 NULL };
	const struct image_run *c = &r->wish.config;
	const struct spawn s = {
		.path = r->runtime,
		.argv = argv,
		.envp = environ,
		.our_input = c->open_stdin || c->tty,
	};
	sigset_t ours, before;
	int status = 0;
	pid_t pid;

	snprintf(log, sizeof(log), "%s/" VERDICT_LOG, own->path);
	(void)sigfillset(&ours);
	for (size_t i = 0; i < 3; i++)
		(void)sigdelset(&ours, (int[]){ SIGTSTP, SIGTTIN, SIGTTOU }[i]);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	pid = spawn_start(&s, e);
	if (pid > 0)
		status = stand_in(pid, &ours);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -1;
	if (WIFEXITED(status)) {
		*ret_status = verdict(own->run, WEXITSTATUS(status));
		return 0;
	}
	/* it could not clean up itself */
	container_delete(r->runtime, own->id);
	return fail(e, ERR_SYSTEM, "run the container %.12s: its runtime was killed by signal %d",
		    own->id, WTERMSIG(status));
}

/* --- its folder --- */

static int write_config(struct running *r, int root, struct err *e)
{
	const struct container *own = &r->container;
	char hostname[CONFIG_HOSTNAME];
	const struct config_place at = {
		.id = own->id,
		.hostname = config_hostname(&r->wish, own->id, hostname),
		.folder = own->path,
		.root = root,
	};
	struct oci_config config;
	own_str struct str text = { 0 };

	if (config_make(&r->wish, &r->mounts, &at, &r->a, &config, e) < 0 ||
	    etc_write(&r->wish, at.hostname, own->run, e) < 0)
		return -1;
	bind_write(&oci_config_table, &config, &text);
	if (text.torn)
		return fail_errno(e, ENOMEM, "write the container's config");
	return file_replace(own->run, "config.json", text.at, text.len, e);
}

/* Docker refuses one that is there: somebody may rely on it. */
static int write_id(const struct running *r, struct err *e)
{
	const char *file = r->wish.host.id_file, *id = r->container.id;
	own_fd int fd = FD_NONE;

	if (!file)
		return 0;
	fd = openat(AT_FDCWD, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST) {
		fail_sys(e, "write the container's id to '%s'", file);
		return fail_hint(e, "another container's may be in it; remove it first");
	}
	if (fd < 0 || write(fd, id, strlen(id)) != (ssize_t)strlen(id))
		return fail_sys(e, "write the container's id to '%s'", file);
	return 0;
}

/* What can be known to fail is known before anything is made. */
static int prepare(struct running *r, struct err *e)
{
	const struct stored_image *image = &r->image;

	if (run_find_runtime(r->q->wish->host.runtime, r->runtime, sizeof(r->runtime), e) < 0 ||
	    wish_check(r->q->wish, e) < 0 || wish_size(&r->q->wish->host, &r->size, e) < 0 ||
	    store_image_load(r->s, &r->q->image, &r->a, &r->image, e) < 0)
		return -1;
	r->wish = *r->q->wish;
	if (wish_merge(&r->wish.config, image->config.config, &r->a, e) < 0 ||
	    mounts_read(&r->wish.host, &r->a, &r->mounts, e) < 0)
		return -1;
	return mounts_make_sources(&r->mounts, e);
}

static int run(struct running *r, int *ret_status, struct err *e)
{
	struct container *own = &r->container;
	own_fd int root = FD_NONE;

	if (container_make(own, r->s, &r->q->image, r->q->name, e) < 0)
		return -1;
	root = container_mount(own, &r->image, (uint64_t)r->size, &r->a, e);
	if (root < 0 || write_config(r, root, e) < 0 || write_id(r, e) < 0)
		return -1;
	fd_close(&root);
	return run_runtime(r, ret_status, e);
}

/**
 * run_foreground() - run a container, wait for its end, and remove it
 * @ret_status: its program's exit status, 128 + N if signal N ended it
 *
 * Return: 0, or -1: it was not run.
 */
int run_foreground(struct store *s, const struct run_request *q, int *ret_status, struct err *e)
{
	struct running r = { .s = s, .q = q, .container = CONTAINER_NONE };
	struct err other = { 0 };
	int result = -1;

	if (prepare(&r, e) == 0 && containers_clear(s, r.runtime, e) == 0) {
		result = run(&r, ret_status, e);
		if (container_remove(&r.container, &other) < 0)
			log_warn("%s", other.text);
	}
	container_close(&r.container);
	arena_done(&r.a);
	return result;
}
