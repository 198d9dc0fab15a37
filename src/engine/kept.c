/* kept.c - see kept.h: made, found, read, removed; engine/life.c starts and stops them */
#include "engine/kept.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "engine/clear.h"
#include "engine/config.h"
#include "engine/names.h"
#include "engine/setup.h"
#include "os/file.h"
#include "os/lock.h"

/* Docker's exit status of what ended without anybody who saw it. */
#define UNSEEN 255

/* --- made --- */

/* kept_write_record() - into @folder; @durable: on the disk, and so are its names */
int kept_write_record(const struct setup *u, const struct run_request *q, const struct container *c,
		      int folder, bool durable, struct err *e)
{
	struct wish w = u->wish;
	char created[DATE_TEXT], image[DIGEST_TEXT], manifest[DIGEST_TEXT];
	own_arena struct arena a = { 0 };
	struct container_record r = {
		.id = text_shown(c->id),
		.name = text_shown(c->name),
		.created = text_shown(date_text(date_now_ns(), created)),
		.image = text_shown(digest_text(&u->image.id, image)),
		.manifest = text_shown(digest_text(&q->image, manifest)),
		.image_name = text_shown(q->image_name),
		.config = &w.config,
		.host = &w.host,
	};
	char **words = config_words(&w.config, &a, e);

	if (!words)
		return -1;
	r.path = words[0];
	r.args = words + 1;
	if (document_write(folder, RECORD_FILE, &container_record_table, &r, durable, e) < 0)
		return -1;
	if (durable && (fsync(c->s->containers) < 0 || fsync(c->s->names) < 0))
		return fail_sys(e, "flush the container's names to the disk");
	return 0;
}

static int make(struct setup *u, const struct run_request *q, struct container *c, struct err *e)
{
	char name[CONTAINER_NAME];

	if (container_make(c, u->s, &q->image, q->name, e) < 0)
		return -1;
	if (!q->name && name_choose(u->s, c, name, e) < 0)
		return -1;
	return container_fill(c, &u->image, (uint64_t)u->size, &u->a, e) < 0 ||
			       setup_write_id(u, c, e) < 0 ||
			       kept_write_record(u, q, c, c->folder, !u->wish.host.auto_remove, e) <
				       0
		       ? -1
		       : 0;
}

/**
 * kept_create() - make a container that stays
 * @c: CONTAINER_NONE; it is locked when this returns, and the caller closes it in any case
 */
int kept_create(struct store *s, const struct run_request *q, struct container *c, struct err *e)
{
	struct setup u = { 0 };
	struct err other = { 0 };
	int r = setup_prepare(&u, s, &q->image, q->wish, e);

	if (r == 0 && containers_clear(s, u.runtime, e) == 0) {
		r = make(&u, q, c, e);
		if (r < 0)
			(void)container_remove(c, &other);
	}
	setup_done(&u);
	return r;
}

/* --- found --- */

static int fail_absent(const char *word, struct err *e)
{
	fail(e, ERR_ABSENT, "no such container: %.140s", word);
	e->sysno = ENOENT;
	return fail_hint(e, "`tare container ls --all` lists them");
}

static bool is_there(const struct store *s, const char *id)
{
	return faccessat(s->containers, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_hex(const char *word)
{
	return *word && strlen(word) < CONTAINER_ID &&
	       strspn(word, "0123456789abcdef") == strlen(word);
}

/* The only one whose id begins so. */
static int find_prefix(struct store *s, const char *word, char ret_id[CONTAINER_ID], struct err *e)
{
	own_dir DIR *dir = NULL;
	const struct dirent *d;
	size_t n = 0;
	int copy = openat(s->containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return fail_sys(e, "list the folder 'containers'");
	while ((d = readdir(dir)))
		if (text_starts(d->d_name, word)) {
			snprintf(ret_id, CONTAINER_ID, "%.64s", d->d_name);
			n++;
		}
	if (n > 1) {
		fail(e, ERR_INPUT, "find the container '%s': several ids begin so", word);
		return fail_hint(e, "give more digits of it");
	}
	return n == 1 ? 0 : fail_absent(word, e);
}

/* kept_find() - by its name, its id, or what only its id begins with */
int kept_find(struct store *s, const char *word, char ret_id[CONTAINER_ID], struct err *e)
{
	ssize_t n;

	if (store_name_is_valid(word)) {
		n = readlinkat(s->names, word, ret_id, CONTAINER_ID - 1);
		ret_id[n > 0 ? n : 0] = '\0';
		if (n > 0 && is_there(s, ret_id))
			return 0;
	}
	return is_hex(word) ? find_prefix(s, word, ret_id, e) : fail_absent(word, e);
}

/* --- read --- */

static bool is_alive(const char *status)
{
	return strcmp(status, "running") == 0 || strcmp(status, "restarting") == 0;
}

static int read_state(int folder, struct kept *k, struct err *e)
{
	static const struct container_state created = { .status = (char *)"created" };
	struct err why = { 0 };

	if (document_read(folder, STATE_FILE, &container_state_table, &k->a, &k->state, &why) < 0) {
		if (why.sysno != ENOENT) {
			*e = why;
			return -1;
		}
		k->state = created;
	}
	return 0;
}

/* Nobody holds it, and it is said to run: nobody has seen its end. */
static void settle(struct kept *k)
{
	if (k->running || !is_alive(k->state.status))
		return;
	k->state.status = text_shown("exited");
	k->state.exit_code = UNSEEN;
	k->state.pid = k->state.shim = 0;
	k->state.error = text_shown("its shim was killed, or the machine was restarted");
}

static int read_record(int folder, struct kept *k, struct err *e)
{
	char path[CONTAINER_PATH];
	own_fd int run = FD_NONE;

	if (document_read(folder, RECORD_FILE, &container_record_table, &k->a, &k->record, e) == 0)
		return 0;
	if (e->sysno != ENOENT)
		return -1;
	*e = (struct err){ 0 };
	snprintf(path, sizeof(path), CONTAINERS_RUN "/%s", k->id);
	run = fd_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	k->foreground = true;
	return run < 0 ? fail_sys(e, "it is being made, or removed")
		       : document_read(run, RECORD_FILE, &container_record_table, &k->a, &k->record,
				       e);
}

/* What its run and the runtime say of it. */
static void read_foreground(struct kept *k, bool locked)
{
	char path[CONTAINER_PATH + sizeof("/" SHIM_PID)], text[32];
	int n;

	snprintf(path, sizeof(path), CONTAINERS_RUN "/%s/" SHIM_PID, k->id);
	n = file_try_read(AT_FDCWD, path, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	k->state.pid = strtol(text, NULL, 10);
	k->running = locked && k->state.pid > 0;
	k->state.status = text_shown(k->running ? "running" : "created");
	k->state.started = k->record.created;
}

/**
 * kept_read() - a container as it is now
 * @k: zeroed; the caller ends it with kept_done() in any case
 */
int kept_read(struct store *s, const char *id, struct kept *k, struct err *e)
{
	own_fd int folder =
		openat(s->containers, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool locked;

	k->s = s;
	snprintf(k->id, sizeof(k->id), "%s", id);
	if (folder < 0)
		return errno == ENOENT ? fail_absent(id, e)
				       : fail_sys(e, "open the container %.12s", id);
	/* before the state, which its holder writes before he goes */
	locked = flock(folder, LOCK_SH | LOCK_NB) < 0;
	if (!locked)
		(void)flock(folder, LOCK_UN);
	if (read_record(folder, k, e) < 0)
		return fail_in(e, "read the container %.12s", id);
	if (k->foreground) {
		read_foreground(k, locked);
		return 0;
	}
	if (read_state(folder, k, e) < 0)
		return fail_in(e, "read the container %.12s", id);
	k->running = locked && is_alive(k->state.status);
	settle(k);
	return 0;
}

void kept_done(struct kept *k)
{
	arena_done(&k->a);
	*k = (struct kept){ 0 };
}

/* --- changed --- */

/* Its shim has not come to its end, where it removes what it was asked. */
static bool is_left(const struct container *c, const struct kept *k)
{
	return is_alive(k->state.status) ||
	       (c->run >= 0 && faccessat(c->run, SHIM_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

/* What its shim has left: it was killed. */
static int recover(struct container *c, struct err *e)
{
	char runtime[4096], root[CONTAINER_PATH + 8];
	struct kept k = { 0 };
	int r = 0;

	if (read_state(c->folder, &k, e) == 0 && is_left(c, &k)) {
		r = setup_find_runtime(NULL, runtime, sizeof(runtime), e);
		if (r == 0)
			container_delete(runtime, c->id);
		snprintf(root, sizeof(root), "%s/rootfs", c->path);
		(void)umount2(root, MNT_DETACH | UMOUNT_NOFOLLOW);
		settle(&k);
		r = r < 0 ? -1
			  : document_write(c->folder, STATE_FILE, &container_state_table, &k.state,
					   true, e);
	}
	kept_done(&k);
	return e->cls ? -1 : r;
}

/* Has somebody started it meanwhile? Its shim holds the lock as long as it lives. */
static int refuse_running(struct store *s, const char *id, struct err *e)
{
	struct kept k = { 0 };
	int r = kept_read(s, id, &k, e);

	if (r == 0 && k.running)
		r = fail(e, ERR_CONFLICT, "take the container '%s': it is running", k.record.name);
	kept_done(&k);
	return r;
}

/**
 * kept_lock() - take a container that does not run, to change it
 * @c: the caller closes it in any case
 *
 * Whoever works on it is waited for, some seconds.
 */
int kept_lock(struct container *c, struct store *s, const char *id, struct err *e)
{
	const int64_t end = clock_now_ns() + INT64_C(10000000000);
	int r;

	while ((r = container_take(c, s, id, e)) == 0) {
		if (refuse_running(s, id, e) < 0)
			return -1;
		if (clock_now_ns() > end)
			return fail(e, ERR_CONFLICT,
				    "take the container %.12s: somebody else has worked on it for "
				    "ten seconds",
				    id);
		clock_nap_ns(2000000);
	}
	return r < 0 ? -1 : recover(c, e);
}

/* Its run removes it, unless that was killed. */
static int remove_foreground(struct store *s, const struct kept *k, struct err *e)
{
	char runtime[4096];

	if ((k->running && kept_kill(k, e) < 0) ||
	    setup_find_runtime(k->record.host->runtime, runtime, sizeof(runtime), e) < 0)
		return -1;
	return container_clear(s, runtime, k->id, e);
}

/**
 * kept_remove() - a container, with all that it wrote and printed
 * @force: it is killed if it runs
 */
int kept_remove(struct store *s, const char *id, bool force, struct err *e)
{
	struct container c = CONTAINER_NONE;
	struct kept k = { 0 };
	int r = kept_read(s, id, &k, e);

	if (r == 0 && k.foreground && (force || !k.running)) {
		r = remove_foreground(s, &k, e);
		kept_done(&k);
		return r;
	}
	if (r == 0 && k.running && !force) {
		fail(e, ERR_CONFLICT, "remove the container '%s': it is running", k.record.name);
		r = fail_hint(e, "stop it first, or use --force");
	}
	if (r == 0 && k.running)
		r = kept_kill(&k, e);
	kept_done(&k);
	if (r == 0)
		r = kept_lock(&c, s, id, e) < 0 ? -1 : container_remove(&c, e);
	container_close(&c);
	return r;
}
