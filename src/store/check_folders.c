/* check_folders.c - the store's folders, the layout's own files, and the database itself */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/json.h"
#include "os/file.h"
#include "store/check.h"

/* Every folder, before those in it. */
static const char *const folders[] = {
	"",
	"store",
	"store/blobs",
	"store/blobs/sha256",
	"store/blobs/sha512",
	"ingest",
	"layers",
	"snapshots",
	"leases",
	"containers",
	"names",
};

static const char *path_of(const struct check *c, const char *name, char buf[4200])
{
	snprintf(buf, 4200, "%s%s%s", c->root, *name ? "/" : "", name);
	return buf;
}

/* Something else has its place: it goes aside, for whoever wants to know what it was. */
static int put_aside(const char *path, struct err *e)
{
	char aside[4300];

	snprintf(aside, sizeof(aside), "%s.broken-%lld", path, (long long)time(NULL));
	return rename(path, aside) < 0 ? fail_sys(e, "rename '%s'", path) : 0;
}

static int make_folder(const char *path, struct err *e)
{
	return mkdir(path, 0700) < 0 ? fail_sys(e, "make the folder '%s'", path) : 0;
}

static int check_folder(struct check *c, const char *name, struct err *e)
{
	char path[4200];
	struct stat st;

	path_of(c, name, path);
	if (lstat(path, &st) < 0) {
		if (errno != ENOENT)
			return fail_sys(e, "look at '%s'", path);
		if (c->repair && make_folder(path, e) < 0)
			return -1;
		c->no_further = !c->repair;
		return check_found(c, "folder-missing", path, "there is no such folder",
				   c->repair ? "made" : NULL, e);
	}
	if (!S_ISDIR(st.st_mode)) {
		if (c->repair && (put_aside(path, e) < 0 || make_folder(path, e) < 0))
			return -1;
		c->no_further = !c->repair;
		return check_found(c, "folder-replaced", path, "it is no folder",
				   c->repair ? "put aside, and a folder made" : NULL, e);
	}
	if ((st.st_mode & 077) == 0 && st.st_uid == geteuid())
		return 0;
	if (c->repair && (chmod(path, 0700) < 0 || lchown(path, geteuid(), getegid()) < 0))
		return fail_sys(e, "change the mode of '%s'", path);
	return check_found(c, "folder-open", path, "others than its owner may look into it",
			   c->repair ? "closed" : NULL, e);
}

/* check_folders() - all of them; without repair, what is missing ends the check */
int check_folders(struct check *c, struct err *e)
{
	struct stat st;

	if (lstat(c->root, &st) < 0 && errno == ENOENT && !c->repair)
		return fail(e, ERR_ABSENT, "there is no store");
	/* what others may write to can be closed; what is another's is not taken from him */
	if (lstat(c->root, &st) == 0 && store_refuse_owner(&st, e) < 0)
		return fail_in(e, "open the store '%s'", c->root);
	for (size_t i = 0; i < COUNT(folders); i++)
		if (check_folder(c, folders[i], e) < 0)
			return -1;
	return 0;
}

/* What SQLite itself says of it; a text only if something is wrong. */
static int ask_database(struct check *c, char *ret_why, size_t size, struct err *e)
{
	own_rows rows = { 0 };
	int r;

	*ret_why = '\0';
	if (db_query(&c->store.db, DB_CHECK, &rows, e, "") < 0)
		return -1;
	r = db_next(&rows, e);
	if (r > 0 && strcmp(db_text(&rows, 0), "ok") != 0)
		snprintf(ret_why, size, "%s", db_text(&rows, 0));
	return r < 0 ? -1 : 0;
}

static int try_database(struct check *c, char *ret_why, size_t size)
{
	struct err why = { 0 };
	char path[4200];

	*ret_why = '\0';
	if (db_open(&c->store.db, path_of(c, "tare.db", path), &why) < 0 ||
	    ask_database(c, ret_why, size, &why) < 0)
		snprintf(ret_why, size, "%s", why.text);
	if (c->store.db.handle)
		db_close(&c->store.db);
	return *ret_why ? -1 : why.cls == ERR_UNSUPPORTED ? -1 : 0;
}

/* The database of a store that has blobs: a new one is filled again from them. */
static int replace_database(struct check *c, struct err *e)
{
	static const char *const files[] = { "tare.db", "tare.db-wal", "tare.db-shm" };
	char path[4200];

	for (size_t i = 0; i < COUNT(files); i++) {
		struct stat st;

		if (lstat(path_of(c, files[i], path), &st) == 0 && put_aside(path, e) < 0)
			return -1;
	}
	return 0;
}

static int check_file(struct check *c, const char *name, struct stat *ret, const char *kind,
		      struct err *e)
{
	char path[4200];

	if (lstat(path_of(c, name, path), ret) < 0)
		return errno == ENOENT ? 0 : fail_sys(e, "look at '%s'", path);
	if (S_ISREG(ret->st_mode))
		return 1;
	if (c->repair && put_aside(path, e) < 0)
		return -1;
	return check_found(c, kind, path, "it is no regular file", c->repair ? "put aside" : NULL,
			   e);
}

/* check_database() - it opens, is of this version, and SQLite finds nothing wrong with it */
int check_database(struct check *c, struct err *e)
{
	char why[1024], path[4200];
	struct stat st;
	int r = check_file(c, "tare.db", &st, "database-replaced", e);

	path_of(c, "tare.db", path);
	if (r < 0)
		return -1;
	/* an empty file is what a power cut makes of a new one */
	if (r > 0 && st.st_size == 0)
		r = 0;
	if (r == 0) {
		c->no_further = !c->repair;
		c->rebuilt = true;
	}
	if (r == 0 && (lstat(path, &st) < 0 || st.st_size == 0) &&
	    check_found(c, "database-missing", path, "there is no database",
			c->repair ? "made anew, from the blobs" : NULL, e) < 0)
		return -1;
	if (r > 0 && try_database(c, why, sizeof(why)) < 0) {
		if (c->repair && replace_database(c, e) < 0)
			return -1;
		c->no_further = !c->repair;
		c->rebuilt = true;
		if (check_found(c, "database-damaged", path, why,
				c->repair ? "made anew, from the blobs" : NULL, e) < 0)
			return -1;
	}
	/* from here on it is an ordinary store */
	return c->no_further ? 0 : store_open(&c->store, c->root, e);
}

static bool is_json(struct check *c, const char *text, size_t len)
{
	struct err ignored = { 0 };

	return json_parse(text, len, "index.json", NULL, c->a, &ignored) != NULL;
}

/* check_index() - what other programs read says the same as the database */
int check_index(struct check *c, struct err *e)
{
	own_mem char *before = NULL, *after = NULL;
	struct err ignored = { 0 };
	int len = file_read(c->store.layout, "index.json", (size_t)64 << 20, &before, &ignored),
	    now;
	const char *kind = len < 0                           ? "index-missing"
			   : is_json(c, before, (size_t)len) ? "index-stale"
							     : "index-damaged";
	own_transaction t = { 0 };

	if (db_begin(&c->store.db, &t, e) < 0)
		return -1;
	/* written in any case: it is the only way to know what it should be, and right either way */
	if (c->repair || len < 0) {
		if (c->repair && store_write_index(&c->store, e) < 0)
			return -1;
		now = file_read(c->store.layout, "index.json", (size_t)64 << 20, &after, &ignored);
		if (len >= 0 && now == len && memcmp(before, after, (size_t)len) == 0)
			return 0;
		return check_found(c, kind, "index.json", "it does not say what the database says",
				   c->repair ? "written anew" : NULL, e);
	}
	{
		own_str struct str want = { 0 };

		if (store_index_text(&c->store, &want, e) < 0)
			return -1;
		if (want.len == (size_t)len && memcmp(want.at, before, want.len) == 0)
			return 0;
	}
	return check_found(c, kind, "index.json", "it does not say what the database says", NULL,
			   e);
}
