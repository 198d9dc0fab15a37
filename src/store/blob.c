/* blob.c - blobs that are there */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/hash.h"
#include "os/file.h"
#include "store/ingest.h"
#include "store/store.h"

/* blob_path() - where it lies below the layout's folder; made of our own digits only */
static const char *blob_path(const struct digest *d, char buf[DIGEST_TEXT + 16])
{
	char hex[DIGEST_TEXT];

	snprintf(buf, DIGEST_TEXT + 16, "blobs/%s/%.*s", digest_algorithm_name(d->algorithm),
		 2 * DIGEST_MAX_BYTES, digest_hex(d, hex));
	return buf;
}

/* 1: open, 0: there is none of that size */
static int try_open(const struct store *s, const struct digest *d, int64_t size, int *ret_fd,
		    struct err *e)
{
	char path[DIGEST_TEXT + 16];
	own_fd int fd = openat(s->layout, blob_path(d, path),
			       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_sys(e, "open the blob '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_size != size)
		return 0;
	*ret_fd = give_fd(&fd);
	return 1;
}

/* store_blob_recorded() - whether a blob is recorded, be its file there or not: 1, 0 or -1 */
int store_blob_recorded(struct store *s, const struct digest *d, uint64_t *ret_size, struct err *e)
{
	char text[DIGEST_TEXT];
	own_rows rows = { 0 };
	int r;

	if (db_query(&s->db, DB_BLOB_FIND, &rows, e, "s", digest_text(d, text)) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r > 0)
		*ret_size = (uint64_t)db_number(&rows, 0);
	return r;
}

static int find(struct store *s, const struct digest *d, int *ret_fd, uint64_t *ret_size,
		struct err *e)
{
	int r = store_blob_recorded(s, d, ret_size, e);

	return r <= 0 ? r : try_open(s, d, (int64_t)*ret_size, ret_fd, e);
}

/**
 * store_blob_find() - whether a blob is there, whole
 *
 * Return: 1, 0 or -1. A record without its file, which a power cut can leave, counts as none.
 */
int store_blob_find(struct store *s, const struct digest *d, struct err *e)
{
	own_fd int fd = FD_NONE;
	uint64_t size;

	return find(s, d, &fd, &size, e);
}

/**
 * store_blob_open() - a descriptor of a blob, for reading
 * @ret_size: bytes; may be NULL
 */
int store_blob_open(struct store *s, const struct digest *d, uint64_t *ret_size, struct err *e)
{
	own_fd int fd = FD_NONE;
	uint64_t size = 0;
	char text[DIGEST_TEXT];
	int r = find(s, d, &fd, &size, e);

	if (r < 0)
		return -1;
	if (r == 0) {
		fail(e, ERR_ABSENT, "open the blob %s: it is not in the store",
		     digest_text(d, text));
		return fail_hint(e,
				 "`tare system check` says what else is missing; pulling the image "
				 "again mends it");
	}
	if (ret_size)
		*ret_size = size;
	return give_fd(&fd);
}

/**
 * store_blob_read() - a small blob whole, checked against its digest once more
 * @max: bytes at most
 * @ret_text: NUL-terminated; the caller frees it
 */
int store_blob_read(struct store *s, const struct digest *d, size_t max, char **ret_text,
		    size_t *ret_len, struct err *e)
{
	char name[DIGEST_TEXT];
	own_fd int fd = store_blob_open(s, d, NULL, e);
	own_mem char *text = NULL;
	struct digest is;
	int len;

	if (fd < 0)
		return -1;
	len = file_read_fd(fd, digest_text(d, name), max, &text, e);
	if (len < 0 || hash_of(d->algorithm, text, (size_t)len, &is, e) < 0)
		return -1;
	if (!digest_same(&is, d)) {
		fail(e, ERR_SYSTEM, "read the blob %s: its content is not that of this digest",
		     name);
		return fail_hint(
			e, "`tare system check --repair` removes it; pull the image again then");
	}
	*ret_text = give(text);
	*ret_len = (size_t)len;
	return 0;
}

/**
 * store_blob_keep() - put a small blob that is in memory into the store, leased to us
 * @media_type: what it is; may be NULL
 */
int store_blob_keep(struct store *s, const void *at, size_t len, const char *media_type,
		    struct digest *ret_digest, struct err *e)
{
	own_ingest in = INGEST_NONE;
	struct digest d;
	int r;

	if (hash_of(DIGEST_SHA256, at, len, &d, e) < 0)
		return -1;
	r = ingest_begin_wait(&in, s, &d, len, e);
	if (r < 0)
		return -1;
	*ret_digest = d;
	if (r == INGEST_HAVE)
		return 0;
	if (ingest_restart(&in, e) < 0 || ingest_add(&in, at, len, e) < 0)
		return -1;
	return ingest_commit(&in, media_type, e);
}

/* store_blob_unlink() - remove a blob, file and record; in a transaction */
int store_blob_unlink(struct store *s, const struct digest *d, struct err *e)
{
	char path[DIGEST_TEXT + 16], text[DIGEST_TEXT];

	if (unlinkat(s->layout, blob_path(d, path), 0) < 0 && errno != ENOENT)
		return fail_sys(e, "remove the blob '%s'", path);
	return db_run(&s->db, DB_BLOB_DROP, e, "s", digest_text(d, text));
}
