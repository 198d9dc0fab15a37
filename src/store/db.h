/* db.h - the store's database: SQLite, one table of statements, transactions that end with their scope
 *
 * The database is the truth, folders are its shadow. A writer holds SQLite's one write lock from
 * db_begin() on, and touches the folders only while it does: so what is linked, renamed or unlinked
 * there happens in the same order for all processes.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

// clang-format off
/* Every statement: its name, and its text. */
#define DB_STATEMENTS(X) \
	X(BEGIN,         "BEGIN IMMEDIATE") \
	X(COMMIT,        "COMMIT") \
	X(ROLLBACK,      "ROLLBACK") \
	X(BLOB_ADD,      "INSERT OR REPLACE INTO blob(digest,size,media_type) VALUES(?,?,?)") \
	X(BLOB_FIND,     "SELECT size, media_type FROM blob WHERE digest=?") \
	X(BLOB_DROP,     "DELETE FROM blob WHERE digest=?") \
	X(BLOB_ALL,      "SELECT digest, size FROM blob ORDER BY digest") \
	X(BLOB_UNUSED,   "SELECT digest FROM blob WHERE digest NOT IN" \
			 " (SELECT child FROM part UNION SELECT manifest FROM image" \
			 "  UNION SELECT digest FROM pulled UNION SELECT name FROM lease)") \
	X(PART_ADD,      "INSERT OR IGNORE INTO part(manifest,child) VALUES(?,?)") \
	X(PART_MANIFESTS, "SELECT p.child FROM part p JOIN blob b ON b.digest=p.child" \
			 " WHERE p.manifest=? AND b.media_type=? ORDER BY p.child") \
	X(IMAGE_ADD,     "INSERT INTO image(manifest,media_type,size,config,os,architecture,variant,created,added," \
			 "artifact,author) VALUES(?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(manifest) DO NOTHING") \
	X(IMAGE_LAYER_ADD, "INSERT OR IGNORE INTO image_layer(manifest,position,blob,diff_id,chain_id) VALUES(?,?,?,?,?)") \
	X(IMAGE_DROP,    "DELETE FROM image WHERE manifest=?") \
	X(IMAGE_LAYERS,  "SELECT blob, diff_id, chain_id FROM image_layer WHERE manifest=? ORDER BY position") \
	X(IMAGE_ALL,     "SELECT manifest, media_type, size, config, os, architecture, variant, created, added," \
			 " artifact," \
			 " (SELECT coalesce(sum(l.bytes),0) FROM image_layer i JOIN layer l ON l.diff_id=i.diff_id AND (l.chain_id='' OR l.chain_id=i.chain_id) WHERE i.manifest=image.manifest)," \
			 " (SELECT coalesce(sum(b.size),0) FROM part p JOIN blob b ON b.digest=p.child WHERE p.manifest=image.manifest)" \
			 " FROM image ORDER BY created DESC, manifest") \
	X(IMAGE_BY_HEX,  "SELECT manifest FROM image WHERE config GLOB ?1 OR manifest GLOB ?1 ORDER BY manifest") \
	X(TAG_SET,       "INSERT INTO tag(name,manifest,updated) VALUES(?,?,?)" \
			 " ON CONFLICT(name) DO UPDATE SET manifest=excluded.manifest, updated=excluded.updated") \
	X(TAG_FIND,      "SELECT manifest FROM tag WHERE name=?") \
	X(TAG_DROP,      "DELETE FROM tag WHERE name=?") \
	X(TAG_ALL,       "SELECT name, manifest FROM tag ORDER BY name") \
	X(TAG_INDEX,     "SELECT t.name, i.manifest, i.media_type, i.size, i.os, i.architecture, i.variant" \
			 " FROM tag t JOIN image i ON i.manifest=t.manifest ORDER BY t.name") \
	X(PULLED_ADD,    "INSERT OR IGNORE INTO pulled(repository,digest,manifest) VALUES(?,?,?)") \
	X(PULLED_FIND,   "SELECT manifest FROM pulled WHERE repository=? AND digest=?") \
	X(PULLED_ALL,    "SELECT repository, digest, manifest FROM pulled ORDER BY repository, digest") \
	X(PULLED_DROP,   "DELETE FROM pulled WHERE repository=? AND digest=?") \
	X(LAYER_ADD,     "INSERT OR REPLACE INTO layer(name,diff_id,chain_id,bytes,entries) VALUES(?,?,?,?,?)") \
	X(LAYER_FIND,    "SELECT bytes, entries FROM layer WHERE name=?") \
	X(LAYER_DROP,    "DELETE FROM layer WHERE name=?") \
	X(LAYER_ALL,     "SELECT name, diff_id, chain_id, bytes FROM layer ORDER BY name") \
	X(LAYER_UNUSED,  "SELECT name FROM layer WHERE NOT EXISTS" \
			 " (SELECT 1 FROM image_layer i WHERE i.diff_id=layer.diff_id AND (layer.chain_id='' OR i.chain_id=layer.chain_id))" \
			 " AND name NOT IN (SELECT name FROM lease)") \
	X(SNAPSHOT_ADD,  "INSERT INTO snapshot(id,manifest,driver,created) VALUES(?,?,?,?)") \
	X(SNAPSHOT_FIND, "SELECT manifest, driver, created FROM snapshot WHERE id=?") \
	X(SNAPSHOT_DROP, "DELETE FROM snapshot WHERE id=?") \
	X(SNAPSHOT_ALL,  "SELECT id, manifest, driver, created FROM snapshot ORDER BY id") \
	X(SNAPSHOT_ON,   "SELECT s.id FROM layer l JOIN image_layer i ON i.diff_id=l.diff_id" \
			 " AND (l.chain_id='' OR l.chain_id=i.chain_id)" \
			 " JOIN snapshot s ON s.manifest=i.manifest WHERE l.name=? ORDER BY s.id") \
	X(SNAPSHOT_OF,   "SELECT id FROM snapshot WHERE manifest=? LIMIT 1") \
	X(LEASE_ADD,     "INSERT OR IGNORE INTO lease(holder,name) VALUES(?,?)") \
	X(LEASE_DROP,    "DELETE FROM lease WHERE holder=?") \
	X(LEASE_HOLDERS, "SELECT DISTINCT holder FROM lease") \
	X(IMAGE_RECORD,  "SELECT media_type, size, config, os, architecture FROM image WHERE manifest=?") \
	X(IMAGE_NAMES,   "SELECT manifest FROM image ORDER BY manifest") \
	X(BLOB_MANIFESTS, "SELECT digest FROM blob WHERE size<=4194304 ORDER BY digest") \
	X(CHECK_KEYS,    "PRAGMA foreign_key_check") \
	X(CHECK,         "PRAGMA integrity_check(20)")
// clang-format on

enum db_statement {
#define X(name, text) DB_##name,
	DB_STATEMENTS(X)
#undef X
		DB_COUNT
};

/* struct db - an open database; zero: none */
struct db {
	struct sqlite3 *handle;
	struct sqlite3_stmt *statements[DB_COUNT];
};

/* struct db_rows - one run of a statement; ends with its scope */
struct db_rows {
	struct db *db;
	struct sqlite3_stmt *statement;
};

#define own_rows __attribute__((cleanup(db_rows_done))) struct db_rows

int db_open(struct db *db, const char *path, struct err *e);
void db_close(struct db *db);
int db_query(struct db *db, enum db_statement which, struct db_rows *ret_rows, struct err *e,
	     const char *types, ...);
int db_next(struct db_rows *rows, struct err *e);
void db_rows_done(struct db_rows *rows);
const char *db_text(const struct db_rows *rows, int column);
int64_t db_number(const struct db_rows *rows, int column);
int db_run(struct db *db, enum db_statement which, struct err *e, const char *types, ...);
int db_get(struct db *db, enum db_statement which, struct err *e, const char *types,
	   const char *key, char *ret_text, size_t size);

/* struct db_transaction - rolled back at the end of its scope unless committed */
struct db_transaction {
	struct db *db;
	bool durable;
};

#define own_transaction __attribute__((cleanup(db_rollback))) struct db_transaction

int db_begin(struct db *db, struct db_transaction *ret_transaction, struct err *e);
int db_begin_durable(struct db *db, struct db_transaction *ret_transaction, struct err *e);
int db_commit(struct db_transaction *t, struct err *e);
void db_rollback(struct db_transaction *t);

#endif
