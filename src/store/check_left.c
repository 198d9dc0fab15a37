/* check_left.c - unpacked layers, and what interrupted work has left */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "os/tree.h"
#include "store/check.h"

/* A layer whose folder is gone: it is unpacked again when its image is next pulled, or by a repair of
 * images; the record must not say that it is there. */
static int check_layer(struct check *c, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(c->store.layers, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (c->repair && db_run(&c->store.db, DB_LAYER_DROP, e, "s", name) < 0)
		return -1;
	return check_found(c, "layer-missing", name, "it is recorded, and not there",
			   c->repair ? "forgotten; it is unpacked again when it is needed" : NULL,
			   e);
}

static int recorded(struct check *c, const char *name, struct err *e)
{
	own_rows rows = { 0 };

	return db_query(&c->store.db, DB_LAYER_FIND, &rows, e, "s", name) < 0 ? -1
									      : db_next(&rows, e);
}

/* check_is_locked() - does somebody work on it now? */
bool check_is_locked(int at, const char *name)
{
	own_fd int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int remove_left(struct check *c, int at, const char *name, const char *kind, const char *why,
		       struct err *e)
{
	if (c->repair && tree_remove(at, name, e) < 0)
		return -1;
	return check_found(c, kind, name, why, c->repair ? "removed" : NULL, e);
}

static int check_layer_folder(struct check *c, const char *name,
			      unsigned char type __attribute__((unused)), struct err *e)
{
	int r;

	/* the driver overlay's empty folders */
	if (strcmp(name, ".empty") == 0 || strcmp(name, ".empty2") == 0 ||
	    check_is_locked(c->store.layers, name))
		return 0;
	/* and those that stand for a layer's root */
	if (text_starts(name, STORE_LAYER_ROOT) &&
	    (r = recorded(c, name + strlen(STORE_LAYER_ROOT), e)) != 0)
		return r < 0 ? -1 : 0;
	if (strncmp(name, "tmp-", 4) == 0)
		return remove_left(c, c->store.layers, name, "layer-left",
				   "an interrupted pull has left it", e);
	r = recorded(c, name, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	return remove_left(c, c->store.layers, name, "layer-unrecorded",
			   "the database does not know it", e);
}

/* check_entries() - call @look with all that is in a folder */
int check_entries(struct check *c, int folder,
		  int (*look)(struct check *c, const char *name, unsigned char type, struct err *e),
		  struct err *e)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return fail_sys(e, "list a folder of the store");
	for (struct dirent *d; (d = readdir(dir));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		    look(c, d->d_name, d->d_type, e) < 0)
			return -1;
	return 0;
}

/* check_layers() - in a transaction: who places one holds the lock until it is recorded */
int check_layers(struct check *c, struct err *e)
{
	own_transaction t = { 0 };

	if (db_begin(&c->store.db, &t, e) < 0 || check_each(c, DB_LAYER_ALL, check_layer, e) < 0 ||
	    check_entries(c, c->store.layers, check_layer_folder, e) < 0)
		return -1;
	return db_commit(&t, e);
}

/* Parts of blobs wait for whoever goes on with them; only what can't be one is wrong. */
static int check_part(struct check *c, const char *name, unsigned char type, struct err *e)
{
	char text[DIGEST_TEXT + 300];
	const char *dash = strchr(name, '-');
	struct digest d;

	if (check_is_locked(c->store.ingest, name))
		return 0;
	snprintf(text, sizeof(text), "%.*s:%s", dash ? (int)(dash - name) : 0, name,
		 dash ? dash + 1 : "");
	if (type == DT_REG && digest_try_parse(text, &d)) {
		if (store_blob_find(&c->store, &d, e) <= 0)
			return 0;
		return remove_left(c, c->store.ingest, name, "part-late", "the whole blob is there",
				   e);
	}
	return remove_left(c, c->store.ingest, name, "ingest-left", "interrupted work has left it",
			   e);
}

static int check_lease(struct check *c, const char *name,
		       unsigned char type __attribute__((unused)), struct err *e)
{
	if (check_is_locked(c->store.leases, name))
		return 0;
	if (c->repair && (db_run(&c->store.db, DB_LEASE_DROP, e, "s", name) < 0 ||
			  tree_remove(c->store.leases, name, e) < 0))
		return -1;
	return check_found(c, "lease-dead", name, "its holder has ended",
			   c->repair ? "removed" : NULL, e);
}

/* check_left() - what nobody works on any more */
int check_left(struct check *c, struct err *e)
{
	if (check_entries(c, c->store.ingest, check_part, e) < 0)
		return -1;
	return check_entries(c, c->store.leases, check_lease, e);
}
