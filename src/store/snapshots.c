/* snapshots.c - records of snapshots, and what killed processes have left of them */
#include "store/snapshots.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/log.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/quota.h"
#include "os/tree.h"

// clang-format off
static const struct bind_row doc_rows[] = {
	ROW_STRING("image",   REQUIRED, struct snapshot_doc, image),
	ROW_STRING("driver",  REQUIRED, struct snapshot_doc, driver),
	ROW_U64("size",       OPTIONAL, struct snapshot_doc, size),
	ROW_BOOL("volatile",  OPTIONAL, struct snapshot_doc, fast),
	ROW_BOOL("view",      OPTIONAL, struct snapshot_doc, view),
	ROW_I64("created",    REQUIRED, struct snapshot_doc, created),
	ROW_STRINGS("mounts", OPTIONAL, struct snapshot_doc, mounts),
};
const struct bind_table snapshot_doc_table = BIND_TABLE(doc_rows, struct snapshot_doc, false);
// clang-format on

/* snapshot_id_is_valid() - may a snapshot be called so? A folder's name, that begins with no dot */
bool snapshot_id_is_valid(const char *id)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(id);

	return len > 0 && len < SNAPSHOT_ID && strchr(letters, *id) &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       len;
}

/* store_snapshot_find() - 1: there is a record, 0: there is none */
int store_snapshot_find(struct store *s, const char *id, struct err *e)
{
	own_rows rows = { 0 };

	return db_query(&s->db, DB_SNAPSHOT_FIND, &rows, e, "s", id) < 0 ? -1 : db_next(&rows, e);
}

/**
 * store_snapshots() - all records, by name
 * @a: owns what is returned
 */
int store_snapshots(struct store *s, struct arena *a, struct snapshot_records *ret, struct err *e)
{
	struct snapshot_records all = { 0 };
	own_rows rows = { 0 };
	int r;

	if (db_query(&s->db, DB_SNAPSHOT_ALL, &rows, e, "") < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		struct snapshot_record *one;

		all.at = arena_more(a, all.at, all.n, sizeof(*all.at));
		if (!all.at)
			return fail_errno(e, ENOMEM, "list the snapshots");
		one = &all.at[all.n++];
		*one = (struct snapshot_record){ arena_dup(a, db_text(&rows, 0)),
						 arena_dup(a, db_text(&rows, 1)),
						 arena_dup(a, db_text(&rows, 2)),
						 db_number(&rows, 3) };
		if (!one->id || !one->image || !one->driver)
			return fail_errno(e, ENOMEM, "list the snapshots");
	}
	*ret = all;
	return r;
}

/* snapshot_doc_write() - @durable: it is on the disk when this returns */
int snapshot_doc_write(int folder, const struct snapshot_doc *doc, bool durable, struct err *e)
{
	own_mem char *text = bind_print(&snapshot_doc_table, doc, false, e);

	if (!text)
		return -1;
	return durable ? file_replace_durable(folder, SNAPSHOT_FILE, text, strlen(text), e)
		       : file_replace(folder, SNAPSHOT_FILE, text, strlen(text), e);
}

int snapshot_doc_read(int folder, struct arena *a, struct snapshot_doc *ret, struct err *e)
{
	own_mem char *text = NULL;
	int len = file_read(folder, SNAPSHOT_FILE, (size_t)64 << 10, &text, e);

	*ret = (struct snapshot_doc){ 0 };
	return len < 0 ? -1
		       : bind_parse(&snapshot_doc_table, text, (size_t)len, SNAPSHOT_FILE, NULL, a,
				    ret, e);
}

/* The record of a snapshot that never got its name, or that had lost it when it was to be removed. The
 * record goes first, on the disk, too: without its folder it would be one of nothing. */
static int drop_record(struct store *s, const char *id, struct err *e)
{
	own_transaction t = { 0 };
	struct stat st;

	if (db_begin_durable(&s->db, &t, e) < 0)
		return -1;
	if (fstatat(s->snapshots, id, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    db_run(&s->db, DB_SNAPSHOT_DROP, e, "s", id) < 0)
		return -1;
	return db_commit(&t, e);
}

/**
 * store_snapshot_clear() - remove what is left of a snapshot under a name that begins with a dot
 *
 * Return: 1: it is gone; 0: somebody works on it; -1.
 */
int store_snapshot_clear(struct store *s, const char *name, struct err *e)
{
	own_fd int fd = lock_try_left(s->snapshots, name);
	const char *dash = strchr(name, '-');
	struct err ignored = { 0 };
	uint32_t project = 0;

	if (fd == -ENOENT)
		return 1;
	if (fd == -EWOULDBLOCK)
		return 0;
	if (fd < 0)
		return fail_errno(e, -fd, "open the folder '%s'", name);
	if (dash && snapshot_id_is_valid(dash + 1) && drop_record(s, dash + 1, e) < 0)
		return -1;
	(void)quota_try_project(fd, &project);
	if (tree_remove(s->snapshots, name, e) < 0)
		return -1;
	/* the file system forgets a project that has nothing and no bound; others' are theirs */
	if (quota_is_ours(project))
		(void)quota_limit(s->snapshots, project, 0, &ignored);
	return 1;
}

/**
 * store_snapshots_clear() - remove what killed processes have left
 *
 * What can't be removed is told, and in nobody's way.
 */
int store_snapshots_clear(struct store *s, struct err *e)
{
	int copy = openat(s->snapshots, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return fail_sys(e, "list the folder 'snapshots'");
	for (struct dirent *d; (d = readdir(dir));) {
		struct err why = { 0 };

		if (d->d_name[0] == '.' && strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0 && store_snapshot_clear(s, d->d_name, &why) < 0)
			log_warn("remove what is left of a snapshot: %s", why.text);
	}
	return 0;
}
