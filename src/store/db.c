/* db.c - SQLite, as the store uses it */
#include "store/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ms that a writer waits for another; what they do meanwhile is links and renames */
#define BUSY_MS 60000

#define VERSION "1"

static const struct statement {
	const char *text;
} statements[] = {
#define X(name, text) { text },
	DB_STATEMENTS(X)
#undef X
};

/* image.manifest, tag.manifest: digests as text. part: all blobs that an image is made of, its manifest
 * left out. pulled: under which digest of which repository an image came (it may be an index's).
 * layer: what is unpacked; chain_id is empty where layers do not depend on those below. lease: what
 * somebody is about to need. */
static const char schema[] =
	"CREATE TABLE blob(digest TEXT PRIMARY KEY, size INTEGER NOT NULL, media_type TEXT) "
	"WITHOUT ROWID;"
	"CREATE TABLE image(manifest TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT "
	"NULL,"
	" config TEXT NOT NULL, os TEXT, architecture TEXT, variant TEXT, created INTEGER, added "
	"INTEGER,"
	" artifact TEXT, author TEXT) WITHOUT ROWID;"
	"CREATE INDEX image_config ON image(config);"
	"CREATE TABLE part(manifest TEXT NOT NULL REFERENCES image ON DELETE CASCADE, child TEXT "
	"NOT NULL,"
	" PRIMARY KEY(manifest,child)) WITHOUT ROWID;"
	"CREATE INDEX part_child ON part(child);"
	"CREATE TABLE image_layer(manifest TEXT NOT NULL REFERENCES image ON DELETE CASCADE,"
	" position INTEGER NOT NULL, blob TEXT NOT NULL, diff_id TEXT NOT NULL, chain_id TEXT NOT "
	"NULL,"
	" PRIMARY KEY(manifest,position)) WITHOUT ROWID;"
	"CREATE INDEX image_layer_diff ON image_layer(diff_id,chain_id);"
	"CREATE TABLE tag(name TEXT PRIMARY KEY, manifest TEXT NOT NULL REFERENCES image ON DELETE "
	"CASCADE,"
	" updated INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX tag_manifest ON tag(manifest);"
	"CREATE TABLE pulled(repository TEXT NOT NULL, digest TEXT NOT NULL,"
	" manifest TEXT NOT NULL REFERENCES image ON DELETE CASCADE,"
	" PRIMARY KEY(repository,digest,manifest)) WITHOUT ROWID;"
	"CREATE INDEX pulled_manifest ON pulled(manifest);"
	"CREATE TABLE layer(name TEXT PRIMARY KEY, diff_id TEXT NOT NULL, chain_id TEXT NOT NULL,"
	" bytes INTEGER NOT NULL, entries INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX layer_diff ON layer(diff_id,chain_id);"
	"CREATE TABLE snapshot(id TEXT PRIMARY KEY, manifest TEXT NOT NULL REFERENCES image,"
	" driver TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX snapshot_manifest ON snapshot(manifest);"
	"CREATE TABLE lease(holder TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY(holder,name)) "
	"WITHOUT ROWID;"
	"PRAGMA user_version=" VERSION ";";

static int failed(struct db *db, struct err *e, const char *doing)
{
	int code = sqlite3_errcode(db->handle);

	/* what lies beside the database may not be made either */
	if (code == SQLITE_FULL || sqlite3_system_errno(db->handle) == ENOSPC)
		fail_errno(e, ENOSPC, "%s", doing);
	else if (code == SQLITE_BUSY)
		fail(e, ERR_LIMIT, "%s: another process has been writing to it for a minute",
		     doing);
	else
		fail(e, ERR_SYSTEM, "%s: %s", doing, sqlite3_errmsg(db->handle));
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return fail_hint(e, "`tare system check --repair` makes it anew from the blobs");
	return -1;
}

static int version_of(struct db *db, int *ret_version, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int r = sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &s, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(s);
	*ret_version = r == SQLITE_ROW ? sqlite3_column_int(s, 0) : -1;
	(void)sqlite3_finalize(s);
	return r == SQLITE_ROW ? 0 : failed(db, e, "read the store's database");
}

/* The tables, once: whoever comes second finds them under the write lock. */
static int make_tables(struct db *db, struct err *e)
{
	int version;

	if (sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return failed(db, e, "make the store's database");
	if (version_of(db, &version, e) < 0)
		return -1;
	if (version == 0 && sqlite3_exec(db->handle, schema, NULL, NULL, NULL) != SQLITE_OK)
		return failed(db, e, "make the store's database");
	if (sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return failed(db, e, "make the store's database");
	return 0;
}

static int prepare_tables(struct db *db, struct err *e)
{
	int version;

	if (version_of(db, &version, e) < 0)
		return -1;
	if (version == 0) {
		/* kept in the file; the other settings are each connection's */
		if (sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL) !=
		    SQLITE_OK)
			return failed(db, e, "make the store's database");
		return make_tables(db, e);
	}
	if (version > 1)
		return fail(e, ERR_UNSUPPORTED,
			    "open the store's database: it is of a later tare (version %d)",
			    version);
	return 0;
}

/* db_open() - open the database at @path, making it when there is none */
int db_open(struct db *db, const char *path, struct err *e)
{
	if (sqlite3_open_v2(path, &db->handle,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		failed(db, e, "open the store's database");
		db_close(db);
		return -1;
	}
	(void)sqlite3_busy_timeout(db->handle, BUSY_MS);
	(void)sqlite3_exec(db->handle, "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;", NULL,
			   NULL, NULL);
	if (prepare_tables(db, e) < 0) {
		db_close(db);
		return -1;
	}
	return 0;
}

void db_close(struct db *db)
{
	for (size_t i = 0; i < DB_COUNT; i++)
		(void)sqlite3_finalize(db->statements[i]);
	(void)sqlite3_close(db->handle);
	*db = (struct db){ 0 };
}

static int bind_one(sqlite3_stmt *s, int at, char type, va_list *args)
{
	const char *text;

	if (type == 'i')
		return sqlite3_bind_int64(s, at, va_arg(*args, int64_t));
	text = va_arg(*args, const char *);
	return text ? sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT)
		    : sqlite3_bind_null(s, at);
}

static int query(struct db *db, enum db_statement which, struct db_rows *ret_rows, struct err *e,
		 const char *types, va_list *args)
{
	sqlite3_stmt **s = &db->statements[which];

	if (!*s && sqlite3_prepare_v3(db->handle, statements[which].text, -1,
				      SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK)
		return failed(db, e, "read the store's database");
	for (int i = 0; types[i]; i++)
		if (bind_one(*s, i + 1, types[i], args) != SQLITE_OK)
			return failed(db, e, "read the store's database");
	*ret_rows = (struct db_rows){ db, *s };
	return 0;
}

/**
 * db_query() - begin a statement
 * @types: one letter for each value that follows: 's' const char * (NULL is allowed), 'i' int64_t
 *
 * The same statement can't run twice at a time.
 */
int db_query(struct db *db, enum db_statement which, struct db_rows *ret_rows, struct err *e,
	     const char *types, ...)
{
	va_list args;
	int r;

	va_start(args, types);
	r = query(db, which, ret_rows, e, types, &args);
	va_end(args);
	return r;
}

/* db_next() - 1: there is a row, 0: no more of them */
int db_next(struct db_rows *rows, struct err *e)
{
	int r = sqlite3_step(rows->statement);

	if (r == SQLITE_ROW)
		return 1;
	return r == SQLITE_DONE ? 0 : failed(rows->db, e, "use the store's database");
}

void db_rows_done(struct db_rows *rows)
{
	if (rows->statement) {
		(void)sqlite3_reset(rows->statement);
		(void)sqlite3_clear_bindings(rows->statement);
	}
	rows->statement = NULL;
}

/* db_text() - a column of the row, until the next one; an empty text for NULL */
const char *db_text(const struct db_rows *rows, int column)
{
	const unsigned char *text = sqlite3_column_text(rows->statement, column);

	return text ? (const char *)text : "";
}

int64_t db_number(const struct db_rows *rows, int column)
{
	return sqlite3_column_int64(rows->statement, column);
}

/* db_run() - a statement that has no rows; its values as db_query()'s */
int db_run(struct db *db, enum db_statement which, struct err *e, const char *types, ...)
{
	own_rows rows = { 0 };
	va_list args;
	int r;

	va_start(args, types);
	r = query(db, which, &rows, e, types, &args);
	va_end(args);
	return r < 0 ? -1 : db_next(&rows, e) < 0 ? -1 : 0;
}

/* db_get() - the first column of the only row for @key; 1: found, 0: there is none */
int db_get(struct db *db, enum db_statement which, struct err *e, const char *types,
	   const char *key, char *ret_text, size_t size)
{
	own_rows rows = { 0 };
	int r;

	if (db_query(db, which, &rows, e, types, key) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r > 0)
		snprintf(ret_text, size, "%s", db_text(&rows, 0));
	return r;
}

/**
 * db_begin() - take the write lock, waiting for others
 *
 * The database is consistent after a power cut, but what was committed last may be gone.
 */
int db_begin(struct db *db, struct db_transaction *ret_transaction, struct err *e)
{
	if (db_run(db, DB_BEGIN, e, "") < 0)
		return -1;
	*ret_transaction = (struct db_transaction){ .db = db };
	return 0;
}

/* db_begin_durable() - the same; once committed, this and all before it survive a power cut */
int db_begin_durable(struct db *db, struct db_transaction *ret_transaction, struct err *e)
{
	(void)sqlite3_exec(db->handle, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	if (db_begin(db, ret_transaction, e) < 0)
		return -1;
	ret_transaction->durable = true;
	return 0;
}

static void ended(struct db_transaction *t)
{
	if (t->durable)
		(void)sqlite3_exec(t->db->handle, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL);
	t->db = NULL;
}

int db_commit(struct db_transaction *t, struct err *e)
{
	if (db_run(t->db, DB_COMMIT, e, "") < 0)
		return -1;
	ended(t);
	return 0;
}

void db_rollback(struct db_transaction *t)
{
	struct err ignored = { 0 };

	if (!t->db)
		return;
	(void)db_run(t->db, DB_ROLLBACK, &ignored, "");
	ended(t);
}
