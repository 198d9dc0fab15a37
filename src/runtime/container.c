/* container.c - making, reading, locking and removing a container's folder */
#include "runtime/container.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/own.h"
#include "os/file.h"
#include "os/process.h"
#include "runtime/activation.h"
#include "runtime/checkpoint.h"
#include "runtime/freezer.h"
#include "runtime/launch.h"

#define STATE_MAX  ((size_t)4 << 20)
#define CONFIG_MAX ((size_t)16 << 20)
#define PEEK_MAX   4096

/* container_check_id() - letters, digits, '_', '+', '-' and '.', which may not come first */
int container_check_id(const char *id, struct err *e)
{
	const char *bad = id + strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789_+-.");

	if (!*id)
		return fail(e, ERR_INPUT, "invalid container ID: it is empty");
	if (strlen(id) > CONTAINER_ID_MAX)
		return fail(e, ERR_INPUT, "invalid container ID: it is longer than 255 bytes");
	if (*id == '.')
		bad = id;
	if (!*bad)
		return 0;
	fail(e, ERR_INPUT,
	     "invalid container ID format: invalid character '%c' in the container ID '%s'", *bad,
	     id);
	return fail_hint(e, "letters, digits, '_', '+', '-' and, not first, '.' are allowed");
}

static int fail_root(const char *verb, const char *path, struct err *e)
{
	fail_sys(e, "%s the state root '%s'", verb, path);
	return e->sysno != EACCES
		       ? -1
		       : fail_hint(e, "--root names another; without it XDG_RUNTIME_DIR says where "
				      "a user's is");
}

/* mkdir -p; the path is the caller's own, on the host */
static int make_dirs(const char *path, struct err *e)
{
	char head[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(head))
		return fail_errno(e, ENAMETOOLONG, "make the state root '%s'", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(head, path, i);
		head[i] = '\0';
		if (mkdir(head, 0711) < 0 && errno != EEXIST)
			return fail_root("make", path, e);
	}
	return 0;
}

/* container_open_root() - open the state root, making it when @make says so */
int container_open_root(const char *path, bool make, struct err *e)
{
	int fd = fd_open(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0 && errno == ENOENT && make) {
		if (make_dirs(path, e) < 0)
			return -1;
		fd = fd_open(path, O_RDONLY | O_DIRECTORY);
	}
	return fd < 0 ? fail_root("open", path, e) : fd;
}

static int take_lock(struct container *c, struct err *e)
{
	int r;

	do
		r = flock(c->dir, LOCK_EX);
	while (r < 0 && errno == EINTR);
	c->locked = r == 0;
	return r < 0 ? fail_sys(e, "lock the container") : 0;
}

static int fail_exists(const char *id, struct err *e)
{
	fail(e, ERR_CONFLICT, "container with given ID already exists: '%s'", id);
	return fail_hint(e, "'delete %s' removes it once it has stopped", id);
}

/* A delete may have been quicker than our lock. */
static bool has_name(const struct container *c)
{
	struct stat st;

	return fstat(c->dir, &st) < 0 || st.st_nlink != 0;
}

static int make_locked(struct container *c, const char *id, struct err *e)
{
	int root = c->root;

	if (mkdirat(root, id, 0711) < 0)
		return errno == EEXIST ? fail_exists(id, e)
				       : fail_sys(e, "make the container's folder '%s'", id);
	c->dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dir < 0) {
		fail_sys(e, "open the container's folder '%s'", id);
		(void)unlinkat(root, id, AT_REMOVEDIR);
		return -1;
	}
	c->state.id = arena_dup(&c->mem, id);
	if (!c->state.id)
		fail_errno(e, ENOMEM, "make the container's folder '%s'", id);
	else if (take_lock(c, e) == 0 && has_name(c))
		return 0;
	if (c->locked)
		return fail(e, ERR_CONFLICT, "container '%s' was deleted while it was made", id);
	/* nothing is in it yet */
	(void)unlinkat(root, id, AT_REMOVEDIR);
	return -1;
}

/**
 * container_make() - reserve an id: make its folder and lock it
 *
 * A folder that nobody has locked is what a crash left, or one that will be locked in a moment. The
 * root is locked for that moment, by any number of makers: see await_makers().
 *
 * Return: 0; -1 with ERR_CONFLICT when the id is taken.
 */
int container_make(struct container *c, int root, const char *id, struct err *e)
{
	int r;

	*c = (struct container){ .root = root, .dir = FD_NONE };
	if (container_check_id(id, e) < 0)
		return -1;
	(void)flock(root, LOCK_SH);
	r = make_locked(c, id, e);
	(void)flock(root, LOCK_UN);
	return r;
}

/* Whose state it says it is, it must be: by that name the folder is removed. @skip: a member that
 * is not wanted, or NULL. */
static int parse_state(struct container *c, const char *id, const char *text, size_t n,
		       const char *skip, struct err *e)
{
	if (bind_parse_but(&state_table, text, n, "status", skip, &c->mem, &c->state, e) < 0)
		return fail_in(e, "read the state of container '%s'", id);
	return strcmp(c->state.id, id) == 0
		       ? 0
		       : fail(e, ERR_INPUT, "read the state of container '%s': it is that of '%s'",
			      id, c->state.id);
}

/* The config is kept after the first status, and removed before it: with one, there was more. Whoever
 * makes the container may have written both since we looked. */
static int read_status(struct container *c, char **ret_text, struct err *e)
{
	int n = file_read(c->dir, "status", STATE_MAX, ret_text, e);

	if (n >= 0 || e->sysno != ENOENT || faccessat(c->dir, "config.json", F_OK, 0) < 0)
		return n;
	*e = (struct err){ 0 };
	n = file_read(c->dir, "status", STATE_MAX, ret_text, e);
	if (n >= 0 || e->sysno != ENOENT)
		return n;
	*e = (struct err){ 0 };
	return fail(e, ERR_INPUT, "there is a 'config.json', but no 'status'");
}

/* A crash between mkdir and the first write leaves a folder without a status. */
static int read_state(struct container *c, const char *id, struct err *e)
{
	own_mem char *text = NULL;
	int n = read_status(c, &text, e);

	if (n < 0 && e->sysno == ENOENT) {
		c->state = (struct state){ .id = arena_dup(&c->mem, id),
					   .oci_version = arena_dup(&c->mem, OCI_VERSION_MAX),
					   .bundle = arena_dup(&c->mem, "") };
		return 0;
	}
	if (n < 0)
		return fail_in(e, "read the state of container '%s'", id);
	/* nothing of an earlier reading stays */
	c->state = (struct state){ .id = c->state.id };
	return parse_state(c, id, text, (size_t)n, NULL, e);
}

static int open_folder(struct container *c, const char *id, struct err *e)
{
	if (container_check_id(id, e) < 0)
		return -1;
	c->dir = openat(c->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dir >= 0)
		return 0;
	if (errno == ENOENT)
		return fail(e, ERR_ABSENT, "container '%s' does not exist", id);
	return fail_sys(e, "open the container's folder '%s'", id);
}

/* container_open() - open the folder of a container that exists, and read its state */
int container_open(struct container *c, int root, const char *id, struct err *e)
{
	*c = (struct container){ .root = root, .dir = FD_NONE };
	return open_folder(c, id, e) < 0 ? -1 : read_state(c, id, e);
}

static int need_folder(struct container *c, struct err *e)
{
	return c->dir >= 0 ? 0 : open_folder(c, c->state.id, e);
}

/* The status in one read, or as much of it as there is: what is cut short does not parse. */
static ssize_t try_read_status(int root, const char *id, char text[static PEEK_MAX])
{
	char name[sizeof("/status") + CONTAINER_ID_MAX];
	own_fd int fd = FD_NONE;

	snprintf(name, sizeof(name), "%s/status", id);
	fd = openat(root, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -1 : read(fd, text, PEEK_MAX);
}

/**
 * container_peek() - container_open() for a look at a container's status, and no more
 *
 * Its folder is opened only if the status cannot be told without, or is longer than most. Its
 * cgroups, three quarters of the text, are not read.
 */
int container_peek(struct container *c, int root, const char *id, struct err *e)
{
	char text[PEEK_MAX];
	ssize_t n;

	*c = (struct container){ .root = root, .dir = FD_NONE };
	if (container_check_id(id, e) < 0)
		return -1;
	n = try_read_status(root, id, text);
	if (n > 0 && parse_state(c, id, text, (size_t)n, "cgroups", e) == 0)
		return 0;
	container_done(c);
	*e = (struct err){ 0 };
	return container_open(c, root, id, e);
}

/* The state as it is now that nobody else works on the container. */
static int read_locked(struct container *c, const char *id, struct err *e)
{
	if (take_lock(c, e) < 0)
		return -1;
	/* what waited for a delete holds a folder without a name */
	if (!has_name(c))
		return fail(e, ERR_ABSENT, "container '%s' does not exist", id);
	return read_state(c, id, e);
}

/* container_lock() - wait for whoever works on the container to finish, then read it again */
int container_lock(struct container *c, struct err *e)
{
	return c->locked ? 0 : read_locked(c, c->state.id, e);
}

/**
 * container_open_locked() - container_open(), once nobody else works on the container
 *
 * The state is read under the lock: what was true before may have been changed, or deleted, by
 * whoever held it.
 */
int container_open_locked(struct container *c, int root, const char *id, struct err *e)
{
	*c = (struct container){ .root = root, .dir = FD_NONE };
	return open_folder(c, id, e) < 0 ? -1 : read_locked(c, id, e);
}

/* container_save() - write the state; readers see the old one or the new one */
int container_save(struct container *c, struct err *e)
{
	own_mem char *text = bind_print(&state_table, &c->state, false, e);

	if (!text)
		return -1;
	if (file_replace(c->dir, "status", text, strlen(text), e) < 0)
		return fail_in(e, "record container '%s'", c->state.id);
	return 0;
}

/* container_load_config() - read the config that the container was made from */
int container_load_config(struct container *c, struct err *e)
{
	own_mem char *text = NULL;
	struct oci_config *config;
	int n;

	if (c->config)
		return 0;
	n = file_read(c->dir, "config.json", CONFIG_MAX, &text, e);
	if (n < 0)
		return fail_in(e, "read the saved config of container '%s'", c->state.id);
	config = arena_alloc(&c->mem, sizeof(*config));
	if (!config)
		return fail_errno(e, ENOMEM, "read the saved config");
	if (bind_parse(&oci_config_table, text, (size_t)n, "config.json", NULL, &c->mem, config,
		       e) < 0)
		return -1;
	if (config->process && oci_process_settle(config->process, &c->mem, e) < 0)
		return -1;
	c->config = config;
	return 0;
}

/* Is its executable called as tare-init's is? Any program's can be, also of a memory file. */
static int runs_namesake(const char *path)
{
	static const char ours[] = "/memfd:" LAUNCH_INIT_NAME;
	char exe[sizeof(ours)];
	ssize_t n = readlink(path, exe, sizeof(exe) - 1);

	if (n < 0)
		return -1;
	return n == (ssize_t)sizeof(exe) - 1 && memcmp(exe, ours, sizeof(exe) - 1) == 0;
}

/* Is the container's process tare-init still? -1 where we may not look. */
static int runs_init(const struct container *c)
{
	const struct state *s = &c->state;
	uint64_t dev, ino;
	char path[48];

	if (s->init_ino) {
		if (process_try_executable((pid_t)s->pid, &dev, &ino) < 0)
			return -1;
		return dev == s->init_dev && ino == s->init_ino;
	}
	/* nothing was recorded: restored, which never was tare-init, or made by an older runtime */
	snprintf(path, sizeof(path), "/proc/%lld/exe", (long long)s->pid);
	return s->started ? 0 : runs_namesake(path);
}

/* The same by its name, which costs nothing more: tare-init is called after its memory file, or,
 * before Linux 6.14, after the descriptor that it was executed by. -1 where that does not tell. */
static int named_init(const struct process_stat *st)
{
	if (strcmp(st->name, "memfd:" LAUNCH_INIT_NAME) == 0)
		return 1;
	return st->name[strspn(st->name, "0123456789")] ? 0 : -1;
}

/* A connection without a word tells whether somebody listens. */
static int ask_at_socket(const struct container *c, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	own_fd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (sock < 0)
		return fail_sys(e, "make a socket");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" START_SOCKET, c->dir);
	/* EAGAIN: so many ask that there is a queue; whoever has one has not gone on */
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) == 0 || errno == EAGAIN)
		return 1;
	return errno == ECONNREFUSED || errno == ENOENT ? 0
							: fail_sys(e, "ask at the start socket");
}

/* Does tare-init still wait for the start command, which removes the socket? -1: @e. To connect
 * would wake it, which is much for a list of a thousand. */
static int waits_for_start(struct container *c, const struct process_stat *st, struct err *e)
{
	char name[CONTAINER_ID_MAX + sizeof("/" START_SOCKET)];
	int is_init;

	snprintf(name, sizeof(name), "%s/" START_SOCKET, c->state.id);
	if (faccessat(c->root, name, F_OK, 0) < 0)
		return errno == ENOENT ? 0 : fail_sys(e, "look for the start socket");
	/* a program may take any name at any time, so a yes is no more than a reason to look */
	is_init = named_init(st) == 0 ? 0 : runs_init(c);
	if (is_init >= 0)
		return is_init;
	return need_folder(c, e) < 0 ? -1 : ask_at_socket(c, e);
}

/* Does another process work on the container? */
static bool is_busy(const struct container *c)
{
	bool busy = !c->locked && flock(c->dir, LOCK_SH | LOCK_NB) < 0;

	if (!busy && !c->locked)
		(void)flock(c->dir, LOCK_UN);
	return busy;
}

/* Has the container's process not become its program yet, as whoever starts it is still at it? */
static bool is_on_the_way(struct container *c, const struct process_stat *st)
{
	struct err ignored = { 0 };

	return named_init(st) != 0 && runs_init(c) == 1 && need_folder(c, &ignored) == 0 &&
	       is_busy(c);
}

/* Of a process that waits for nobody. */
static enum container_status status_of_running(struct container *c, const struct process_stat *st)
{
	if (!is_on_the_way(c, st))
		return STATUS_RUNNING;
	return faccessat(c->dir, START_SOCKET, F_OK, 0) == 0 ? STATUS_CREATED : STATUS_CREATING;
}

/* Wait until every folder that was made before now is locked, or left for good. */
static void await_makers(const struct container *c)
{
	(void)flock(c->root, LOCK_EX);
	(void)flock(c->root, LOCK_UN);
}

/* Its process is gone. A forerunner's child is there, and will be known in a moment; or is known,
 * if whoever made it has ended between our reading and our looking. */
static int look_for_child(struct container *c, enum container_status *ret_status, struct err *e)
{
	pid_t was = (pid_t)c->state.pid;

	*ret_status = STATUS_STOPPED;
	if (!c->state.forerunner || c->locked)
		return 0;
	if (need_folder(c, e) < 0)
		return -1;
	*ret_status = STATUS_CREATING;
	if (is_busy(c))
		return 0;
	*ret_status = STATUS_STOPPED;
	if (read_state(c, c->state.id, e) < 0)
		return -1;
	return c->state.pid == was ? 0 : container_status(c, ret_status, e);
}

static int look_at_process(struct container *c, enum container_status *ret_status, struct err *e)
{
	const struct state *s = &c->state;
	struct process_stat st;
	int alive = process_try_find((pid_t)s->pid, s->pid_start, &st);
	bool frozen = false;
	int waits;

	if (alive < 0)
		return fail_errno(e, -alive, "look at process %d of container '%s'", (int)s->pid,
				  s->id);
	if (!alive)
		return look_for_child(c, ret_status, e);
	if (freezer_is_frozen(c, st.state, &frozen, e) < 0)
		return -1;
	*ret_status = STATUS_PAUSED;
	if (frozen)
		return 0;
	waits = s->started ? 0 : waits_for_start(c, &st, e);
	*ret_status = waits ? STATUS_CREATED : status_of_running(c, &st);
	return waits < 0 ? fail_in(e, "see whether container '%s' was started", s->id) : 0;
}

/**
 * container_status() - what the container is doing now, as seen from the kernel
 * @c: its state is read again when it was made since
 */
int container_status(struct container *c, enum container_status *ret_status, struct err *e)
{
	bool busy;

	if (c->state.pid != 0)
		return look_at_process(c, ret_status, e);
	if (need_folder(c, e) < 0)
		return -1;
	busy = is_busy(c);
	if (!busy && !c->locked) {
		await_makers(c);
		busy = is_busy(c);
		/* who made it may have ended between our reading and our looking */
		if (!busy && read_state(c, c->state.id, e) < 0)
			return -1;
	}
	if (c->state.pid != 0)
		return look_at_process(c, ret_status, e);
	*ret_status = busy ? STATUS_CREATING : STATUS_STOPPED;
	return 0;
}

/* container_drop_nodes() - remove the folder of device nodes; a kill may have left any of them */
void container_drop_nodes(const struct container *c)
{
	own_dir DIR *dir = NULL;
	struct dirent *d;
	int fd = openat(c->dir, CONTAINER_NODES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (d->d_type != DT_DIR)
			(void)unlinkat(fd, d->d_name, 0);
	(void)unlinkat(c->dir, CONTAINER_NODES, AT_REMOVEDIR);
}

static void drop_folders(const struct container *c)
{
	container_drop_nodes(c);
	(void)unlinkat(c->dir, NOTIFY_FOLDER "/" NOTIFY_NAME, 0);
	(void)unlinkat(c->dir, NOTIFY_FOLDER, AT_REMOVEDIR);
	(void)unlinkat(c->dir, RESTORE_FOLDER, AT_REMOVEDIR);
}

/* container_forget() - remove the folder and what we put there; last the status, which says so much */
int container_forget(struct container *c, struct err *e)
{
	own_dir DIR *dir = NULL;
	size_t folders = 0;
	struct dirent *d;
	int fd = fcntl(c->dir, F_DUPFD_CLOEXEC, 0);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail_sys(e, "list the folder of container '%s'", c->state.id);
	rewinddir(dir);
	for (errno = 0; (d = readdir(dir)); errno = 0) {
		if (d->d_type == DT_DIR)
			folders += d->d_name[0] != '.';
		else if (strcmp(d->d_name, "status") != 0 && unlinkat(c->dir, d->d_name, 0) < 0 &&
			 errno != ENOENT)
			return fail_sys(e, "remove '%s' of container '%s'", d->d_name, c->state.id);
	}
	if (errno)
		return fail_sys(e, "list the folder of container '%s'", c->state.id);
	if (folders)
		drop_folders(c);
	if (unlinkat(c->dir, "status", 0) < 0 && errno != ENOENT)
		return fail_sys(e, "remove 'status' of container '%s'", c->state.id);
	if (unlinkat(c->root, c->state.id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail_sys(e, "remove the folder of container '%s'", c->state.id);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* container_list() - the ids of all folders in the root, sorted, NULL-terminated */
int container_list(int root, struct arena *a, char ***ret_ids, struct err *e)
{
	own_dir DIR *dir = NULL;
	size_t n = 0, room = 64;
	char **ids = arena_array(a, room, sizeof(*ids));
	struct dirent *d;
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir || !ids)
		return fail_sys(e, "list the state root");
	for (errno = 0; (d = readdir(dir)); errno = 0) {
		if (d->d_name[0] == '.' || d->d_type != DT_DIR)
			continue;
		if (n + 1 == room) {
			char **more = arena_array(a, room * 2, sizeof(*ids));

			if (!more)
				return fail_errno(e, ENOMEM, "list the state root");
			memcpy(more, ids, n * sizeof(*ids));
			ids = more;
			room *= 2;
		}
		ids[n] = arena_dup(a, d->d_name);
		if (!ids[n++])
			return fail_errno(e, ENOMEM, "list the state root");
	}
	if (errno)
		return fail_sys(e, "list the state root");
	qsort(ids, n, sizeof(*ids), by_name);
	ids[n] = NULL;
	*ret_ids = ids;
	return 0;
}

/**
 * container_state_text() - the specification's state document
 *
 * Return: text that the caller frees, or NULL.
 */
char *container_state_text(const struct container *c, enum container_status status, bool pretty,
			   struct err *e)
{
	const struct state *s = &c->state;
	struct oci_state doc = {
		.oci_version = s->oci_version,
		.id = s->id,
		.status = (char *)word_name(status_words, status),
		.pid = status == STATUS_STOPPED ? 0 : s->pid,
		.bundle = s->bundle,
		.rootfs = s->rootfs,
		.created = s->created,
		.owner = s->owner,
		.annotations = s->annotations,
		.systemd_scope = s->systemd_unit,
	};

	return bind_print(&oci_state_table, &doc, pretty, e);
}

void container_done(struct container *c)
{
	fd_close(&c->dir);
	arena_done(&c->mem);
}
