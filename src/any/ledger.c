/* ledger.c - the files of /run/tare/changed, one for each container that was changed */
#include "any/ledger.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/own.h"
#include "os/file.h"
#include "os/process.h"

#define LEDGER_DIR      "/run/tare/changed"
#define LEDGER_FILE_MAX ((size_t)1 << 20)
#define LEDGER_ROWS_MAX 1024 /* places or changes of one container */

// clang-format off
static const struct bind_row place_rows[] = {
	ROW_STRING("hierarchy", REQUIRED, struct ledger_place, hierarchy),
	ROW_STRING("path",      REQUIRED, struct ledger_place, path),
	ROW_STRING("from",      REQUIRED, struct ledger_place, from),
};
static const struct bind_table place_table = BIND_TABLE(place_rows, struct ledger_place, false);

static const struct bind_row change_rows[] = {
	ROW_U32("set",          REQUIRED, struct ledger_change, set),
	ROW_STRING("hierarchy", REQUIRED, struct ledger_change, hierarchy),
	ROW_STRING("path",      REQUIRED, struct ledger_change, path),
	ROW_STRING("file",      REQUIRED, struct ledger_change, file),
	ROW_STRING("text",      REQUIRED, struct ledger_change, text),
};
static const struct bind_table change_table = BIND_TABLE(change_rows, struct ledger_change, false);

static const struct bind_row entry_rows[] = {
	ROW_STRING("engine",    REQUIRED, struct ledger_entry, engine),
	ROW_STRING("id",        REQUIRED, struct ledger_entry, id),
	ROW_I64("pid",          REQUIRED, struct ledger_entry, pid),
	ROW_U64("pidStart",     REQUIRED, struct ledger_entry, pid_start),
	ROW_U64("pidNamespace", OPTIONAL, struct ledger_entry, pid_namespace),
	ROW_OBJECTS("places",   OPTIONAL, struct ledger_entry, places, place_table),
	ROW_OBJECTS("changes",  OPTIONAL, struct ledger_entry, changes, change_table),
};
static const struct bind_table entry_table = BIND_TABLE(entry_rows, struct ledger_entry, false);
// clang-format on

/**
 * ledger_open() - the ledger's folder, locked until the descriptor is closed
 *
 * Return: a descriptor that the caller closes.
 */
int ledger_open(struct err *e)
{
	own_fd int fd = FD_NONE;

	if ((mkdir("/run/tare", 0755) < 0 && errno != EEXIST) ||
	    (mkdir(LEDGER_DIR, 0700) < 0 && errno != EEXIST))
		return fail_sys(e, "make '%s'", LEDGER_DIR);
	fd = open(LEDGER_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return fail_sys(e, "open '%s'", LEDGER_DIR);
	return give_fd(&fd);
}

static void file_name(int64_t pid, uint64_t start, char *ret_name, size_t size)
{
	snprintf(ret_name, size, "%lld-%llu.json", (long long)pid, (unsigned long long)start);
}

static int read_file(int ledger, const char *name, struct ledger_entry *entry, struct err *e)
{
	own_mem char *text = NULL;

	if (file_read(ledger, name, LEDGER_FILE_MAX, &text, e) < 0)
		return -1;
	return bind_parse(&entry_table, text, strlen(text), name, NULL, &entry->mem, entry, e);
}

static uint64_t own_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

/**
 * ledger_read() - what was changed on a container
 * @ret_entry: empty but for the container's names if nothing was; release it with ledger_done(),
 *             also after a failure
 */
int ledger_read(int ledger, const struct container_found *c, struct ledger_entry *ret_entry,
		struct err *e)
{
	char name[64];

	*ret_entry = (struct ledger_entry){ 0 };
	file_name(c->pid, c->pid_start, name, sizeof(name));
	if (faccessat(ledger, name, F_OK, 0) == 0)
		return read_file(ledger, name, ret_entry, e);
	ret_entry->engine = arena_dup(&ret_entry->mem, word_name(engine_words, c->engine.v));
	ret_entry->id = arena_dup(&ret_entry->mem, c->id);
	ret_entry->pid = c->pid;
	ret_entry->pid_start = c->pid_start;
	ret_entry->pid_namespace = own_pid_namespace();
	if (!ret_entry->engine || !ret_entry->id)
		return fail_errno(e, ENOMEM, "note what is changed");
	return 0;
}

/* ledger_write() - put an entry in place of the old one; one that has nothing to say is removed */
int ledger_write(int ledger, const struct ledger_entry *entry, struct err *e)
{
	own_mem char *text = NULL;
	char name[64];

	file_name(entry->pid, entry->pid_start, name, sizeof(name));
	if (!entry->places.n && !entry->changes.n) {
		if (unlinkat(ledger, name, 0) < 0 && errno != ENOENT)
			return fail_sys(e, "remove '%s/%s'", LEDGER_DIR, name);
		return 0;
	}
	text = bind_print(&entry_table, entry, false, e);
	if (!text || file_replace(ledger, name, text, strlen(text), e) < 0)
		return fail_in(e, "note what is changed");
	return 0;
}

/* One more at the end of a list whose elements have @size bytes. */
static void *grow(struct ledger_entry *entry, struct list_any *list, size_t size, struct err *e)
{
	void *at = NULL;

	if (list->n < LEDGER_ROWS_MAX)
		at = arena_array(&entry->mem, list->n + 1, size);
	if (!at) {
		(void)fail(e, ERR_LIMIT, "note what is changed: it is too much");
		return NULL;
	}
	if (list->n)
		memcpy(at, list->at, list->n * size);
	list->at = at;
	return (char *)at + size * list->n++;
}

/* ledger_add_place() - note a cgroup that is made for the container; strings are copied */
int ledger_add_place(struct ledger_entry *entry, const struct ledger_place *place, struct err *e)
{
	struct ledger_place *p = grow(entry, (struct list_any *)&entry->places, sizeof(*place), e);

	if (!p)
		return -1;
	p->hierarchy = arena_dup(&entry->mem, place->hierarchy);
	p->path = arena_dup(&entry->mem, place->path);
	p->from = arena_dup(&entry->mem, place->from);
	if (!p->hierarchy || !p->path || !p->from)
		return fail_errno(e, ENOMEM, "note what is changed");
	return 0;
}

/* ledger_add_change() - note what a control file holds before it is written; strings are copied */
int ledger_add_change(struct ledger_entry *entry, const struct ledger_change *change, struct err *e)
{
	struct ledger_change *c =
		grow(entry, (struct list_any *)&entry->changes, sizeof(*change), e);

	if (!c)
		return -1;
	c->set = change->set;
	c->hierarchy = arena_dup(&entry->mem, change->hierarchy);
	c->path = arena_dup(&entry->mem, change->path);
	c->file = arena_dup(&entry->mem, change->file);
	c->text = arena_dup(&entry->mem, change->text);
	if (!c->hierarchy || !c->path || !c->file || !c->text)
		return fail_errno(e, ENOMEM, "note what is changed");
	return 0;
}

void ledger_done(struct ledger_entry *entry)
{
	arena_done(&entry->mem);
	*entry = (struct ledger_entry){ 0 };
}

/* Whether no cgroup that was made for it is left. */
static bool remove_places(const struct ledger_entry *entry, const struct cgroup_world *w)
{
	struct err ignored = { 0 };
	bool gone = true;

	for (size_t i = 0; i < entry->places.n; i++) {
		own_cgroup struct cgroup cg = { 0 };
		const struct ledger_place *p = &entry->places.at[i];

		if (cgroup_recall_one(&cg, w, p->hierarchy, p->path, &ignored) == 0 && cg.n == 1 &&
		    rmdir(cg.at[0].dir) < 0 && errno != ENOENT)
			gone = false;
	}
	return gone;
}

static void sweep_file(int ledger, const struct cgroup_world *w, const char *name)
{
	own_ledger_entry struct ledger_entry entry = { 0 };
	struct err ignored = { 0 };

	/* to a tare in another pid namespace all of them seem to have ended */
	if (read_file(ledger, name, &entry, &ignored) < 0 ||
	    (entry.pid_namespace && entry.pid_namespace != own_pid_namespace()) ||
	    process_alive((pid_t)entry.pid, entry.pid_start))
		return;
	if (remove_places(&entry, w))
		(void)unlinkat(ledger, name, 0);
}

/* Has the process ended that a file is named after? */
static bool is_stale(const char *name)
{
	unsigned long long start;
	int pid, len = 0;

	return sscanf(name, "%d-%llu.json%n", &pid, &start, &len) == 2 && len && !name[len] &&
	       process_try_alive(pid, start) == 0;
}

static bool any_stale(int ledger)
{
	own_fd int fd = openat(ledger, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir)
		return false;
	fd = FD_NONE;
	while ((d = readdir(dir)))
		if (is_stale(d->d_name))
			return true;
	return false;
}

/**
 * ledger_tidy() - ledger_sweep() by somebody who looks, and changes nothing
 *
 * One system call where nothing was ever changed. It waits for nobody: who holds the ledger sweeps it.
 */
void ledger_tidy(void)
{
	own_fd int ledger = open(LEDGER_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_cgroup_world struct cgroup_world w = { 0 };
	struct err ignored = { 0 };

	if (ledger < 0 || !any_stale(ledger) || flock(ledger, LOCK_EX | LOCK_NB) < 0 ||
	    cgroup_world_open(&w, &ignored) < 0)
		return;
	(void)ledger_sweep(ledger, &w, &ignored);
}

/* ledger_sweep() - remove the entries, and the cgroups that were made, of containers that have ended */
int ledger_sweep(int ledger, const struct cgroup_world *w, struct err *e)
{
	own_fd int fd = openat(ledger, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return fail_sys(e, "read '%s'", LEDGER_DIR);
	fd = FD_NONE;
	while ((d = readdir(dir)))
		if (text_ends(d->d_name, ".json"))
			sweep_file(ledger, w, d->d_name);
	return 0;
}
