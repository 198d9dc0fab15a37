/* check_blobs.c - every blob is there, whole, and what its name says */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "codec/hash.h"
#include "os/tree.h"
#include "store/check.h"

#define PIECE ((size_t)1 << 20)

/* struct listed - names that were read before anything is changed */
struct listed {
	char **at;
	size_t n;
};

static int list_names(struct check *c, int folder, struct listed *ret, struct err *e)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	*ret = (struct listed){ 0 };
	if (!dir)
		return fail_sys(e, "list a folder of the store");
	for (struct dirent *d; (d = readdir(dir));) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		ret->at = arena_more(c->a, ret->at, ret->n, sizeof(char *));
		if (!ret->at || !(ret->at[ret->n++] = arena_dup(c->a, d->d_name)))
			return fail_errno(e, ENOMEM, "list a folder of the store");
	}
	return 0;
}

static int hash_file(int fd, enum digest_algorithm algorithm, struct digest *ret, struct err *e)
{
	own_hash h = { 0 };
	own_mem char *piece = malloc(PIECE);

	if (!piece || hash_start(&h, algorithm, e) < 0)
		return piece ? -1 : fail_errno(e, ENOMEM, "read a blob");
	for (;;) {
		ssize_t n = read(fd, piece, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "read a blob");
		if (n == 0)
			return hash_end(&h, ret, e);
		if (hash_add(&h, piece, (size_t)n, e) < 0)
			return -1;
	}
}

/* What lies in the way is removed, record and all; who needs it pulls it again. */
static int remove_blob(struct check *c, int folder, const char *name, const struct digest *d,
		       struct err *e)
{
	char text[DIGEST_TEXT];

	if (tree_remove(folder, name, e) < 0)
		return -1;
	return db_run(&c->store.db, DB_BLOB_DROP, e, "s", digest_text(d, text));
}

static int damaged(struct check *c, int folder, const char *name, const struct digest *d,
		   const char *kind, const char *why, struct err *e)
{
	char text[DIGEST_TEXT];

	if (c->repair && remove_blob(c, folder, name, d, e) < 0)
		return -1;
	return check_found(c, kind, digest_text(d, text), why, c->repair ? "removed" : NULL, e);
}

/* 1: recorded, with that size. */
static int recorded_size(struct check *c, const struct digest *d, int64_t *ret_size, struct err *e)
{
	char text[DIGEST_TEXT];
	own_rows rows = { 0 };
	int r;

	if (db_query(&c->store.db, DB_BLOB_FIND, &rows, e, "s", digest_text(d, text)) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r > 0)
		*ret_size = db_number(&rows, 0);
	return r;
}

static int check_record(struct check *c, const struct digest *d, const struct stat *st, bool whole,
			struct err *e)
{
	char text[DIGEST_TEXT];
	int64_t size = -1;
	int r = recorded_size(c, d, &size, e);

	if (r < 0 || (r > 0 && size == st->st_size))
		return r < 0 ? -1 : 0;
	/* the file is what its name says: the record is wrong */
	if (c->repair && db_run(&c->store.db, DB_BLOB_ADD, e, "sis", digest_text(d, text),
				(int64_t)st->st_size, (const char *)NULL) < 0)
		return -1;
	return check_found(c, r ? "blob-size" : "blob-unrecorded", digest_text(d, text),
			   r ? "it has another size than its record says"
			     : "the database does not know it",
			   c->repair && whole ? "recorded" : NULL, e);
}

static int check_blob(struct check *c, int folder, const char *name, const struct digest *d,
		      struct err *e)
{
	own_fd int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct digest is;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return damaged(c, folder, name, d, "blob-replaced", "it is no regular file", e);
	if (!c->quick) {
		if (hash_file(fd, d->algorithm, &is, e) < 0)
			return -1;
		if (!digest_same(&is, d))
			return damaged(c, folder, name, d,
				       st.st_size ? "blob-damaged" : "blob-empty",
				       "its content is not that of this digest", e);
	}
	if ((st.st_mode & 07777) != 0444) {
		if (c->repair && fchmod(fd, 0444) < 0)
			return fail_sys(e, "change the mode of a blob");
		if (check_found(c, "blob-mode", name, "it may be written to",
				c->repair ? "mended" : NULL, e) < 0)
			return -1;
	}
	return check_record(c, d, &st, !c->quick, e);
}

static int foreign(struct check *c, int folder, const char *name, const char *what, struct err *e)
{
	if (c->repair && tree_remove(folder, name, e) < 0)
		return -1;
	return check_found(c, "blob-foreign", name, what, c->repair ? "removed" : NULL, e);
}

static int check_algorithm(struct check *c, enum digest_algorithm algorithm, struct err *e)
{
	char path[64], text[DIGEST_TEXT + 300];
	own_fd int folder = FD_NONE;
	struct listed names;
	struct digest d;

	snprintf(path, sizeof(path), "blobs/%s", digest_algorithm_name(algorithm));
	folder = openat(c->store.layout, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 && errno == ENOENT)
		return 0; /* told by check_folders() */
	if (folder < 0 || list_names(c, folder, &names, e) < 0)
		return folder < 0 ? fail_sys(e, "open the folder '%s'", path) : -1;
	for (size_t i = 0; i < names.n; i++) {
		int r;

		snprintf(text, sizeof(text), "%s:%s", digest_algorithm_name(algorithm),
			 names.at[i]);
		r = digest_try_parse(text, &d)
			    ? check_blob(c, folder, names.at[i], &d, e)
			    : foreign(c, folder, names.at[i], "its name is no digest", e);
		if (r < 0)
			return -1;
	}
	return 0;
}

static int check_algorithms(struct check *c, struct err *e)
{
	own_fd int folder =
		openat(c->store.layout, "blobs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct listed names;
	struct err ignored = { 0 };

	if (folder < 0 || list_names(c, folder, &names, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++)
		if (strcmp(names.at[i], "sha256") != 0 && strcmp(names.at[i], "sha512") != 0 &&
		    foreign(c, folder, names.at[i],
			    "blobs has a folder for each kind of digest, and this is none", e) < 0)
			return -1;
	return 0;
}

static int check_record_only(struct check *c, const char *name, struct err *e)
{
	struct digest d;
	int r = digest_try_parse(name, &d) ? store_blob_find(&c->store, &d, e) : 0;

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (c->repair && db_run(&c->store.db, DB_BLOB_DROP, e, "s", name) < 0)
		return -1;
	return check_found(c, "blob-missing", name, "it is recorded, and not there",
			   c->repair ? "forgotten" : NULL, e);
}

/* check_blobs() - files against their names and records, records against files */
int check_blobs(struct check *c, struct err *e)
{
	if (check_algorithms(c, e) < 0 || check_algorithm(c, DIGEST_SHA256, e) < 0 ||
	    check_algorithm(c, DIGEST_SHA512, e) < 0)
		return -1;
	return check_each(c, DB_BLOB_ALL, check_record_only, e);
}
