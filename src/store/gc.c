/* gc.c - what nobody needs any more
 *
 * What an image, a snapshot or somebody's lease names is needed; the rest is not. Files go in the
 * same transaction as their records, so that whoever looks sees both or neither; after a power cut
 * between them there may be a record without a file, which counts as none.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/own.h"
#include "base/text.h"
#include "store/images.h"
#include "store/scratch.h"

static int list_unused(struct store *s, struct collected *c, enum db_statement which,
		       struct list_any *list, struct err *e)
{
	own_rows rows = { 0 };
	char **all = list->at;
	int r;

	if (db_query(&s->db, which, &rows, e, "") < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		all = arena_more(&c->a, all, list->n, sizeof(*all));
		if (!all || !(all[list->n] = arena_dup(&c->a, db_text(&rows, 0))))
			return fail_errno(e, ENOMEM, "list what is unused");
		list->at = all;
		list->n++;
	}
	return r;
}

/* store_collect_blobs() - remove the blobs that nothing names, adding to @c what they were */
int store_collect_blobs(struct store *s, struct collected *c, struct err *e)
{
	own_transaction t = { 0 };
	struct digest d;
	size_t from = c->blobs.n;

	if (db_begin(&s->db, &t, e) < 0 || store_forget_dead(s, e) < 0 ||
	    list_unused(s, c, DB_BLOB_UNUSED, (struct list_any *)&c->blobs, e) < 0)
		return -1;
	for (size_t i = from; i < c->blobs.n; i++) {
		own_fd int fd = FD_NONE;
		uint64_t size = 0;
		struct err gone = { 0 };

		if (digest_parse(c->blobs.at[i], &d, e) < 0)
			return -1;
		fd = store_blob_open(s, &d, &size, &gone);
		c->bytes += fd < 0 ? 0 : size;
		if (store_blob_unlink(s, &d, e) < 0)
			return -1;
	}
	return db_commit(&t, e);
}

/* store_unused_layers() - unpacked layers that no image has; in a transaction, for their removal */
int store_unused_layers(struct store *s, struct collected *c, struct err *e)
{
	if (store_forget_dead(s, e) < 0)
		return -1;
	return list_unused(s, c, DB_LAYER_UNUSED, (struct list_any *)&c->layers, e);
}

/* Nobody is writing it, and nobody has for a while. */
static bool is_stale(int folder, const char *name, int64_t older_than_s, uint64_t *bytes)
{
	own_fd int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (time(NULL) - st.st_mtime < older_than_s || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	/* under its lock: whoever waits for it sees that its name is gone */
	if (unlinkat(folder, name, 0) < 0)
		return false;
	*bytes += (uint64_t)st.st_size;
	return true;
}

/**
 * store_collect_ingest() - remove what interrupted pulls have left, if nobody went on with it since
 * @bytes: the size of what went is added
 */
int store_collect_ingest(struct store *s, int64_t older_than_s, uint64_t *bytes, struct err *e)
{
	own_dir DIR *dir = NULL;
	int fd = openat(s->ingest, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail_sys(e, "list the folder 'ingest'");
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.')
			(void)is_stale(s->ingest, d->d_name, older_than_s, bytes);
	return scratch_clear(s, e);
}

void collected_done(struct collected *c)
{
	arena_done(&c->a);
	*c = (struct collected){ 0 };
}
