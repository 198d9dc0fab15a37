/* snapshots.h - what the store knows of snapshots: records, and the document in each one's folder
 *
 *     snapshots/ID             one; it has this name only while there is a record of it
 *     snapshots/ID/snapshot.json  what it is, should the database be lost
 *     snapshots/.new-ID        being made; .gone-ID: being removed
 *
 * Whoever makes or removes one holds a lock on its folder, and whoever uses it may hold a shared one;
 * the kernel drops both with their holder. So a folder whose name begins with a dot and that nobody has
 * locked is what a killed process has left, and its record, if there is one, goes with it.
 */
#ifndef STORE_SNAPSHOTS_H
#define STORE_SNAPSHOTS_H

#include "base/bind.h"
#include "store/store.h"

#define SNAPSHOT_ID   129 /* bytes of a name, with its end */
#define SNAPSHOT_FILE "snapshot.json"
#define SNAPSHOT_NEW  ".new-"
#define SNAPSHOT_GONE ".gone-"

/**
 * struct snapshot_doc - what a snapshot is
 * @image:   digest of its manifest
 * @driver:  that made it
 * @size:    bytes that may be written to it; 0: any number
 * @fast:    it is mounted `volatile`
 * @view:    it is the image itself, mounted read-only somewhere: nothing is in its folder
 * @created: ns since 1970
 * @mounts:  of a view whose mounts are a layer's own tree: which of these are its (image/view_mounts.c)
 */
struct snapshot_doc {
	char *image, *driver, **mounts;
	uint64_t size;
	bool fast, view;
	int64_t created;
};

extern const struct bind_table snapshot_doc_table;

/* struct snapshot_record - a record */
struct snapshot_record {
	char *id, *image, *driver;
	int64_t created;
};
struct snapshot_records {
	struct snapshot_record *at;
	size_t n;
};

bool snapshot_id_is_valid(const char *id);
int store_snapshot_find(struct store *s, const char *id, struct err *e);
int store_snapshots(struct store *s, struct arena *a, struct snapshot_records *ret_all,
		    struct err *e);
int snapshot_doc_write(int folder, const struct snapshot_doc *doc, bool durable, struct err *e);
int snapshot_doc_read(int folder, struct arena *a, struct snapshot_doc *ret_doc, struct err *e);
int store_snapshots_clear(struct store *s, struct err *e);
int store_snapshot_clear(struct store *s, const char *name, struct err *e);

#endif
