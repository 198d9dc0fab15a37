/* check_snapshots.c - snapshots: what is written to them is somebody's, and is removed by nobody here
 *
 * Only what a killed process has left half made, or half removed, goes. A folder without a record
 * gets one again: a lost database would take all containers with it otherwise.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/btrfs.h"
#include "os/quota.h"
#include "store/check.h"
#include "store/snapshots.h"

static bool is_folder(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Somebody may be making or removing it: before its folder has its name, or after. */
static bool is_being_made(struct check *c, const char *id)
{
	char name[SNAPSHOT_ID + 8];

	snprintf(name, sizeof(name), SNAPSHOT_NEW "%s", id);
	if (check_is_locked(c->store.snapshots, name))
		return true;
	snprintf(name, sizeof(name), SNAPSHOT_GONE "%s", id);
	return check_is_locked(c->store.snapshots, name);
}

/* What the record and the folder say of a snapshot whose document is gone. */
static int describe_again(struct check *c, const char *id, int folder, struct snapshot_doc *doc,
			  struct err *e)
{
	own_rows record = { 0 };
	struct quota_usage has = { 0 };
	struct err ignored = { 0 };
	uint32_t project = 0;

	if (db_query(&c->store.db, DB_SNAPSHOT_FIND, &record, e, "s", id) < 0 ||
	    db_next(&record, e) < 0)
		return -1;
	*doc = (struct snapshot_doc){ .image = arena_dup(c->a, db_text(&record, 0)),
				      .driver = arena_dup(c->a, db_text(&record, 1)),
				      .created = db_number(&record, 2),
				      .view = !is_folder(folder, "upper") &&
					      !is_folder(folder, "root") };
	if (quota_try_project(folder, &project) == 0 && quota_is_ours(project) &&
	    quota_usage(folder, project, &has, &ignored) == 0)
		doc->size = has.limit;
	return doc->image && doc->driver ? 0 : fail_errno(e, ENOMEM, "check the snapshots");
}

static int check_document(struct check *c, const char *id, struct err *e)
{
	own_fd int fd =
		openat(c->store.snapshots, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct err bad = { 0 };
	struct snapshot_doc doc, is;

	if (fd < 0)
		return fail_sys(e, "open the snapshot '%s'", id);
	if (describe_again(c, id, fd, &doc, e) < 0)
		return -1;
	if (snapshot_doc_read(fd, c->a, &is, &bad) == 0 && strcmp(is.image, doc.image) == 0 &&
	    strcmp(is.driver, doc.driver) == 0)
		return 0;
	if (c->repair && snapshot_doc_write(fd, &doc, true, e) < 0)
		return -1;
	return check_found(c, "snapshot-document", id,
			   *bad.text ? bad.text : "its record says something else",
			   c->repair ? "written anew" : NULL, e);
}

static int check_record(struct check *c, const char *id, struct err *e)
{
	own_rows image = { 0 };
	char digest[DIGEST_TEXT];
	int r;

	if (is_being_made(c, id))
		return 0;
	if (!is_folder(c->store.snapshots, id)) {
		if (c->repair && db_run(&c->store.db, DB_SNAPSHOT_DROP, e, "s", id) < 0)
			return -1;
		return check_found(c, "snapshot-missing", id, "it is recorded, and not there",
				   c->repair ? "forgotten" : NULL, e);
	}
	r = db_get(&c->store.db, DB_SNAPSHOT_FIND, e, "s", id, digest, sizeof(digest));
	if (r <= 0 || db_query(&c->store.db, DB_IMAGE_RECORD, &image, e, "s", digest) < 0)
		return r < 0 ? -1 : 0;
	r = db_next(&image, e);
	if (r != 0)
		return r < 0 ? -1 : check_document(c, id, e);
	/* its layers may come back; what was written to it would not */
	return check_found(c, "snapshot-imageless", id,
			   "its image is gone: pull that again, or remove the snapshot", NULL, e);
}

/* 1: recorded; 0: it can't be, and why is in @why */
static int record_again(struct check *c, const char *id, struct snapshot_doc *doc, char *why,
			size_t size, struct err *e)
{
	own_fd int fd =
		openat(c->store.snapshots, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_rows image = { 0 };
	struct err bad = { 0 };
	int r;

	if (fd < 0 || snapshot_doc_read(fd, c->a, doc, &bad) < 0) {
		snprintf(why, size, "it is no snapshot: %s", fd < 0 ? "no folder" : bad.text);
		return 0;
	}
	if (db_query(&c->store.db, DB_IMAGE_RECORD, &image, e, "s", doc->image) < 0)
		return -1;
	r = db_next(&image, e);
	if (r <= 0) {
		snprintf(why, size, "the database does not know it, and its image %.19s is gone",
			 doc->image);
		return r;
	}
	db_rows_done(&image);
	if (c->repair && db_run(&c->store.db, DB_SNAPSHOT_ADD, e, "sssi", id, doc->image,
				doc->driver, doc->created) < 0)
		return -1;
	return 1;
}

static int check_folder(struct check *c, const char *name,
			unsigned char type __attribute__((unused)), struct err *e)
{
	struct snapshot_doc doc;
	char why[1200];
	bool removed;
	int r;

	if (*name == '.' || check_is_locked(c->store.snapshots, name))
		return 0;
	r = store_snapshot_find(&c->store, name, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	r = record_again(c, name, &doc, why, sizeof(why), e);
	if (r < 0)
		return -1;
	if (r > 0)
		return check_found(c, "snapshot-unrecorded", name, "the database does not know it",
				   c->repair ? "recorded" : NULL, e);
	/* an empty one can't be missed */
	removed = c->repair && unlinkat(c->store.snapshots, name, AT_REMOVEDIR) == 0;
	return check_found(c, "snapshot-foreign", name, why, removed ? "removed" : NULL, e);
}

static int check_left_folder(struct check *c, const char *name,
			     unsigned char type __attribute__((unused)), struct err *e)
{
	if (*name != '.' || check_is_locked(c->store.snapshots, name))
		return 0;
	return check_found(c, "snapshot-left", name, "interrupted work has left it",
			   c->repair ? "removed" : NULL, e);
}

static int look(struct check *c, struct err *e)
{
	own_transaction t = { 0 };

	if (db_begin(&c->store.db, &t, e) < 0 ||
	    check_each(c, DB_SNAPSHOT_ALL, check_record, e) < 0 ||
	    check_entries(c, c->store.snapshots, check_folder, e) < 0)
		return -1;
	return db_commit(&t, e);
}

/* check_snapshots() - folders and records say the same */
int check_snapshots(struct check *c, struct err *e)
{
	if (check_entries(c, c->store.snapshots, check_left_folder, e) < 0)
		return -1;
	/* first: with what is left goes its record, whose folder would be missed */
	if (c->repair && store_snapshots_clear(&c->store, e) < 0)
		return -1;
	return look(c, e);
}

/* check_driver() - the store says which driver made it */
int check_driver(struct check *c, struct err *e)
{
	static const struct word known[] = {
		{ "overlay", 0 }, { "btrfs", 0 }, { "copy", 0 }, { NULL, 0 }
	};
	const char *name;
	bool user;

	if (word_find(known, c->store.driver))
		return 0;
	/* without layers it is chosen when it is needed */
	if (store_guess_driver(&c->store, &name, e) < 0 || (!name && !*c->store.driver))
		return e->cls == ERR_NONE ? 0 : -1;
	/* in a user namespace nobody has trusted.* */
	user = fsetxattr(c->store.layers, "trusted.tare", "", 0, 0) < 0 && errno == EPERM;
	if (c->repair && name && store_set_driver(&c->store, name, user, e) < 0)
		return -1;
	if (c->repair && !name && unlinkat(c->store.root, "driver", 0) < 0 && errno != ENOENT)
		return fail_sys(e, "remove the file 'driver'");
	c->driverless = !c->repair;
	return check_found(c, "driver-unknown", "driver",
			   "no snapshot driver that there is is named in it",
			   c->repair ? "written anew, as the layers are" : NULL, e);
}
