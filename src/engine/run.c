/* run.c - see run.h
 *
 * Nothing stands between the program and our standard streams: the runtime inherits them, and we wait.
 * So such a container costs no more than the runtime does, and is gone with us.
 *
 *     ROOT/containers/NAME/    locked as long as we live; what has no holder is the remains of a kill,
 *         rootfs/              and the next run removes it
 *         config.json          for the runtime
 *         hostname, hosts, resolv.conf
 *     ROOT/snapshots/run-NAME  what it writes
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
#include "engine/config.h"
#include "engine/etc.h"
#include "engine/mounts.h"
#include "engine/verdict.h"
#include "image/snapshots.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/mount.h"
#include "os/random.h"
#include "os/spawn.h"
#include "os/tree.h"
#include "store/images.h"

#define CONTAINERS "containers"
#define SNAPSHOT   "run-"
#define RUNTIME    "tare-runtime"

/**
 * struct running - one container
 * @all, @folder: descriptors of ROOT/containers and of its own folder in it
 * @path: of its own folder
 * @wish: as it was asked for, with what the image says
 * @size: bytes that may be written to its root; 0: any number
 */
struct running {
	struct store *s;
	const struct run_request *q;
	struct arena a;
	struct wish wish;
	struct mounts_asked mounts;
	int64_t size;
	int all, folder;
	char name[RUN_NAME_MAX + 1], path[sizeof(((struct store *)0)->path) + RUN_NAME_MAX + 16];
	char runtime[4096];
	struct snapshot snapshot;
};

/* --- the runtime --- */

static int find_runtime(struct running *r, struct err *e)
{
	const char *other = r->q->wish->host.runtime;

	if (other && *other) {
		snprintf(r->runtime, sizeof(r->runtime), "%s", other);
		return strchr(other, '/') ? 0
					  : spawn_find(other, r->runtime, sizeof(r->runtime), e);
	}
	return spawn_find_beside(RUNTIME, r->runtime, sizeof(r->runtime), e);
}

/* Whatever of it is there, running or not; none is no error. */
static void delete_container(struct running *r)
{
	char *argv[] = { r->runtime, (char *)"delete", (char *)"--force", r->name, NULL };
	own_fd int null = fd_open("/dev/null", O_WRONLY);
	const struct spawn s = { .path = r->runtime,
				 .argv = argv,
				 .envp = environ,
				 .out = null,
				 .err = null,
				 .timeout = 30 };
	struct err ignored = { 0 };
	int status;

	(void)spawn_wait(&s, &status, &ignored);
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
	char log[sizeof(r->path) + 16];
	char *argv[] = { r->runtime,
			 (char *)"--log",
			 log,
			 (char *)"--log-format",
			 (char *)"json",
			 (char *)"run",
			 (char *)"--bundle",
			 r->path,
			 r->name,
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

	snprintf(log, sizeof(log), "%s/" VERDICT_LOG, r->path);
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
		*ret_status = verdict(r->folder, WEXITSTATUS(status));
		return 0;
	}
	/* it could not clean up itself */
	delete_container(r);
	return fail(e, ERR_SYSTEM, "run the container '%s': its runtime was killed by signal %d",
		    r->name, WTERMSIG(status));
}

/* --- its folder --- */

/* A name is a folder's, a cgroup's and a snapshot's; Docker wants two letters of it. */
static bool is_name(const char *name)
{
	const size_t len = strlen(name);

	return len >= 2 && len <= RUN_NAME_MAX && snapshot_id_is_valid(name);
}

static int choose_name(struct running *r, struct err *e)
{
	if (r->q->name && !is_name(r->q->name)) {
		fail(e, ERR_INPUT, "call a container '%.100s'", r->q->name);
		return fail_hint(e,
				 "letters, digits, '_', '.' and '-', a letter or digit first; 2 to "
				 "64 of them");
	}
	if (r->q->name) {
		snprintf(r->name, sizeof(r->name), "%s", r->q->name);
		return 0;
	}
	return random_hex(r->name, RUN_NAME_MAX / 2, e);
}

static int open_all(struct running *r, struct err *e)
{
	if (mkdirat(r->s->root, CONTAINERS, 0700) < 0 && errno != EEXIST)
		return fail_sys(e, "make the folder '" CONTAINERS "'");
	r->all = openat(r->s->root, CONTAINERS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return r->all < 0 ? fail_sys(e, "open the folder '" CONTAINERS "'") : 0;
}

static void set_path(struct running *r)
{
	snprintf(r->path, sizeof(r->path), "%s/" CONTAINERS "/%s", r->s->path, r->name);
}

static int make_folder(struct running *r, struct err *e)
{
	r->folder = lock_make(r->all, r->name, e);
	if (r->folder < 0 && e->sysno == EEXIST) {
		fail(e, ERR_CONFLICT, "call a container '%s': there is one of that name", r->name);
		return fail_hint(e, "it runs; another name does it");
	}
	return r->folder < 0 ? -1 : 0;
}

static int make_snapshot(struct running *r, struct err *e)
{
	char name[SNAPSHOT_ID];
	const struct snapshot_options o = {
		.name = name,
		.size = (uint64_t)r->size,
		.fast = snapshot_driver_find(r->s->driver)->fast,
	};

	snprintf(name, sizeof(name), SNAPSHOT "%s", r->name);
	return snapshot_create(r->s, &r->q->image, &o, name, e) < 0 ||
			       snapshot_open(&r->snapshot, r->s, name, e) < 0
		       ? -1
		       : 0;
}

/* Return: descriptor of the root, mounted on rootfs/, or -1. */
static int mount_root(struct running *r, struct err *e)
{
	own_fd int fd = FD_NONE, at = FD_NONE;

	if (mkdirat(r->folder, "rootfs", 0755) < 0)
		return fail_sys(e, "make the folder 'rootfs'");
	at = openat(r->folder, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	fd = at < 0 ? fail_sys(e, "open the folder 'rootfs'")
		    : snapshot_mount(&r->snapshot, false, FD_NONE, e);
	if (fd < 0 || mount_attach(fd, at, e) < 0)
		return -1;
	return give_fd(&fd);
}

static int write_config(struct running *r, int root, struct err *e)
{
	char hostname[CONFIG_HOSTNAME];
	const struct config_place at = {
		.id = r->name,
		.hostname = config_hostname(&r->wish, r->name, hostname),
		.folder = r->path,
		.root = root,
	};
	struct oci_config config;
	own_str struct str text = { 0 };

	if (config_make(&r->wish, &r->mounts, &at, &r->a, &config, e) < 0 ||
	    etc_write(&r->wish, at.hostname, r->folder, e) < 0)
		return -1;
	bind_write(&oci_config_table, &config, &text);
	if (text.torn)
		return fail_errno(e, ENOMEM, "write the container's config");
	return file_replace(r->folder, "config.json", text.at, text.len, e);
}

/* --- end --- */

/* The file system first: nothing is removed through a mount. */
static int remove_all(struct running *r, struct err *e)
{
	char root[sizeof(r->path) + 8];

	snprintf(root, sizeof(root), "%s/rootfs", r->path);
	if (umount2(root, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return fail_sys(e, "unmount '%s'", root);
	if (r->snapshot.folder >= 0 && snapshot_remove(&r->snapshot, e) < 0)
		return -1;
	return tree_remove(r->all, r->name, e);
}

/* What a killed run has left, its container too. */
static void clear_one(struct running *r, const char *name)
{
	struct running left = *r;
	struct err why = { 0 };
	char snapshot[SNAPSHOT_ID];

	snprintf(left.name, sizeof(left.name), "%.64s", name);
	set_path(&left);
	left.snapshot = (struct snapshot)SNAPSHOT_NONE;
	left.folder = lock_try_left(r->all, name);
	if (left.folder < 0)
		return;
	delete_container(&left);
	snprintf(snapshot, sizeof(snapshot), SNAPSHOT "%s", left.name);
	if (snapshot_open(&left.snapshot, r->s, snapshot, &why) < 0 && why.cls == ERR_ABSENT)
		why = (struct err){ 0 };
	if (why.cls || remove_all(&left, &why) < 0)
		log_warn("what a killed run has left can't be removed: %s", why.text);
	snapshot_close(&left.snapshot);
	fd_close(&left.folder);
}

static int clear_left(struct running *r, struct err *e)
{
	own_dir DIR *dir = NULL;
	const struct dirent *d;
	int fd = openat(r->all, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail_sys(e, "read the folder '" CONTAINERS "'");
	while ((d = readdir(dir)))
		if (*d->d_name != '.')
			clear_one(r, d->d_name);
	return 0;
}

/* Docker refuses one that is there: somebody may rely on it. */
static int write_id(const struct running *r, struct err *e)
{
	const char *file = r->wish.host.id_file;
	own_fd int fd = FD_NONE;

	if (!file)
		return 0;
	fd = openat(AT_FDCWD, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST) {
		fail_sys(e, "write the container's id to '%s'", file);
		return fail_hint(e, "another container's may be in it; remove it first");
	}
	if (fd < 0 || write(fd, r->name, strlen(r->name)) != (ssize_t)strlen(r->name))
		return fail_sys(e, "write the container's id to '%s'", file);
	return 0;
}

/* What can be known to fail is known before anything is made. */
static int prepare(struct running *r, struct err *e)
{
	struct stored_image image;

	if (find_runtime(r, e) < 0 || wish_check(r->q->wish, e) < 0 ||
	    wish_size(&r->q->wish->host, &r->size, e) < 0 ||
	    store_image_load(r->s, &r->q->image, &r->a, &image, e) < 0)
		return -1;
	r->wish = *r->q->wish;
	if (wish_merge(&r->wish.config, image.config.config, &r->a, e) < 0 ||
	    mounts_read(&r->wish.host, &r->a, &r->mounts, e) < 0)
		return -1;
	return mounts_make_sources(&r->mounts, e);
}

static int run(struct running *r, int *ret_status, struct err *e)
{
	own_fd int root = FD_NONE;

	if (make_snapshot(r, e) < 0)
		return -1;
	root = mount_root(r, e);
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
	struct running r = {
		.s = s, .q = q, .all = FD_NONE, .folder = FD_NONE, .snapshot = SNAPSHOT_NONE
	};
	struct err other = { 0 };
	int result = -1;

	if (prepare(&r, e) == 0 && open_all(&r, e) == 0 && clear_left(&r, e) == 0 &&
	    choose_name(&r, e) == 0 && make_folder(&r, e) == 0) {
		set_path(&r);
		result = run(&r, ret_status, e);
		if (remove_all(&r, &other) < 0)
			log_warn("the container '%s' can't be removed: %s", r.name, other.text);
	}
	snapshot_close(&r.snapshot);
	fd_close(&r.folder);
	fd_close(&r.all);
	arena_done(&r.a);
	return result;
}
