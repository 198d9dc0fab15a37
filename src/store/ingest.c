/* ingest.c - blobs that come in */
#include "store/ingest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "os/lock.h"
#include "os/random.h"
#include "spec/image.h"

#define PIECE        ((size_t)256 << 10)

/* Bytes after which the disk is asked to begin, so that the flush at the end has little left. */
#define WRITE_BEHIND ((uint64_t)8 << 20)

/* What was written by somebody who was interrupted counts: it only has to be hashed again. */
static int take_up(struct ingest *in, struct err *e)
{
	own_mem char *piece = malloc(PIECE);
	struct stat st;

	if (!piece)
		return fail_errno(e, ENOMEM, "read '%s'", in->name);
	if (fstat(in->fd, &st) < 0)
		return fail_sys(e, "look at '%s'", in->name);
	if ((uint64_t)st.st_size > in->size)
		return ingest_restart(in, e);
	while (in->at < (uint64_t)st.st_size) {
		ssize_t n = pread(in->fd, piece, PIECE, (off_t)in->at);

		if (n < 0)
			return fail_sys(e, "read '%s'", in->name);
		if (n == 0)
			break;
		if (hash_add(&in->hash, piece, (size_t)n, e) < 0)
			return -1;
		in->at += (uint64_t)n;
	}
	return 0;
}

static int open_part(struct ingest *in, struct err *e)
{
	in->fd = openat(in->store->ingest, in->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			0600);
	if (in->fd < 0)
		return fail_sys(e, "make '%s' in the store", in->name);
	if (flock(in->fd, LOCK_EX | LOCK_NB) < 0) {
		int error = errno;

		fd_close(&in->fd);
		return error == EWOULDBLOCK ? INGEST_BUSY
					    : fail_errno(e, error, "lock '%s'", in->name);
	}
	return INGEST_MINE;
}

/**
 * ingest_begin() - begin, or take up, the blob with that digest, leased to us
 * @in:   INGEST_NONE; ended by ingest_commit(), or given up by ingest_done()
 * @size: bytes that it must have; INGEST_ANY_SIZE: not known
 *
 * Return: enum ingest_state, or -1.
 */
int ingest_begin(struct ingest *in, struct store *s, const struct digest *d, uint64_t size,
		 struct err *e)
{
	char text[DIGEST_TEXT];
	int r;

	/* the lease first: what we find must still be there when we come to use it */
	if (store_lease(s, digest_text(d, text), e) < 0)
		return -1;
	ingest_done(in);
	*in = (struct ingest)INGEST_NONE;
	in->store = s;
	in->digest = *d;
	in->size = size;
	in->named = true;
	snprintf(in->name, sizeof(in->name), "%s-%s", digest_algorithm_name(d->algorithm),
		 digest_hex(d, text));
	for (;;) {
		r = store_blob_find(s, d, e);
		if (r != 0)
			return r < 0 ? -1 : INGEST_HAVE;
		r = open_part(in, e);
		if (r != INGEST_MINE)
			return r;
		/* its last holder may have moved it on */
		if (lock_is_named(in->fd, s->ingest, in->name))
			break;
		fd_close(&in->fd);
	}
	/* whoever held the lock until now may have brought it in */
	r = store_blob_find(s, d, e);
	if (r != 0) {
		(void)unlinkat(s->ingest, in->name, 0);
		fd_close(&in->fd);
		return r < 0 ? -1 : INGEST_HAVE;
	}
	if (hash_start(&in->hash, d->algorithm, e) < 0 || take_up(in, e) < 0)
		return -1;
	return INGEST_MINE;
}

/* ingest_begin_wait() - the same, waiting while somebody else writes it: never INGEST_BUSY */
int ingest_begin_wait(struct ingest *in, struct store *s, const struct digest *d, uint64_t size,
		      struct err *e)
{
	int r;

	while ((r = ingest_begin(in, s, d, size, e)) == INGEST_BUSY)
		clock_nap_ns(5000000);
	return r;
}

/* ingest_begin_unnamed() - a blob whose digest is known at its end only (commit); SHA-256 */
int ingest_begin_unnamed(struct ingest *in, struct store *s, struct err *e)
{
	uint64_t number;

	if (random_fill(&number, sizeof(number), e) < 0)
		return -1;
	*in = (struct ingest)INGEST_NONE;
	in->store = s;
	in->size = INGEST_ANY_SIZE;
	snprintf(in->name, sizeof(in->name), "new-%016llx", (unsigned long long)number);
	if (open_part(in, e) < 0)
		return -1;
	return hash_start(&in->hash, DIGEST_SHA256, e);
}

/* ingest_restart() - forget what is there */
int ingest_restart(struct ingest *in, struct err *e)
{
	if (ftruncate(in->fd, 0) < 0)
		return fail_sys(e, "empty '%s'", in->name);
	in->at = 0;
	return hash_start(&in->hash, in->digest.algorithm ? in->digest.algorithm : DIGEST_SHA256,
			  e);
}

/* ingest_add() - the next bytes; more than it may have is an error before they are written */
int ingest_add(struct ingest *in, const void *at, size_t len, struct err *e)
{
	const char *from = at;

	if (in->size != INGEST_ANY_SIZE && len > in->size - in->at)
		return fail(e, ERR_INPUT,
			    "take in the blob %s: it is larger than the %llu bytes promised",
			    in->name, (unsigned long long)in->size);
	if (hash_add(&in->hash, at, len, e) < 0)
		return -1;
	while (len > 0) {
		ssize_t n = pwrite(in->fd, from, len, (off_t)in->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "write '%s' in the store", in->name);
		if ((in->at + (uint64_t)n) / WRITE_BEHIND != in->at / WRITE_BEHIND)
			(void)sync_file_range(in->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		from += n;
		len -= (size_t)n;
		in->at += (uint64_t)n;
	}
	return 0;
}

/**
 * ingest_check() - is it whole, and what it was said to be? A wrong one is thrown away
 *
 * Afterwards @in->digest is known also of an unnamed one.
 */
int ingest_check(struct ingest *in, struct err *e)
{
	char want[DIGEST_TEXT], got[DIGEST_TEXT];
	struct digest is;

	if (in->checked)
		return 0;
	if (in->size != INGEST_ANY_SIZE && in->at != in->size)
		return fail(e, ERR_INPUT, "take in the blob %s: it ends after %llu of %llu bytes",
			    in->name, (unsigned long long)in->at, (unsigned long long)in->size);
	if (hash_end(&in->hash, &is, e) < 0)
		return -1;
	if (in->named && !digest_same(&is, &in->digest)) {
		ingest_discard(in);
		return fail(e, ERR_INPUT, "take in the blob %s: what came has the digest %s",
			    digest_text(&in->digest, want), digest_text(&is, got));
	}
	in->digest = is;
	in->checked = true;
	return 0;
}

static int record(struct ingest *in, const char *media_type, struct err *e)
{
	own_transaction t = { 0 };
	struct store *s = in->store;
	char text[DIGEST_TEXT], path[DIGEST_TEXT + 32], hex[DIGEST_TEXT];
	own_fd int folder = FD_NONE;

	snprintf(path, sizeof(path), "blobs/%s", digest_algorithm_name(in->digest.algorithm));
	folder = openat(s->layout, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder < 0)
		return fail_sys(e, "open the folder '%s'", path);
	if (db_begin(&s->db, &t, e) < 0)
		return -1;
	if (renameat(s->ingest, in->name, folder, digest_hex(&in->digest, hex)) < 0)
		return fail_sys(e, "give the blob %s its name", digest_text(&in->digest, text));
	if (fsync(folder) < 0)
		return fail_sys(e, "flush the folder '%s'", path);
	if (db_run(&s->db, DB_BLOB_ADD, e, "sis", digest_text(&in->digest, text), (int64_t)in->at,
		   media_type) < 0 ||
	    (!in->named && store_lease(s, text, e) < 0))
		return -1;
	return db_commit(&t, e);
}

/**
 * ingest_flush() - the blob is whole: send it to the disk, and don't wait
 *
 * @in->flush tells when it is there; ingest_commit() waits for it.
 */
int ingest_flush(struct ingest *in, struct err *e)
{
	if (ingest_check(in, e) < 0)
		return -1;
	if (fchmod(in->fd, 0444) < 0)
		return fail_sys(e, "write-protect the blob '%s'", in->name);
	return flush_begin(&in->flush, in->fd, e);
}

/**
 * ingest_commit() - the blob is whole, and on the disk: give it its name; it stays leased to us
 * @media_type: what it is; may be NULL
 */
int ingest_commit(struct ingest *in, const char *media_type, struct err *e)
{
	int r;

	if (in->flush.done < 0 && ingest_flush(in, e) < 0)
		return -1;
	r = flush_end(&in->flush);
	if (r < 0)
		return fail_errno(e, -r, "flush the blob '%s' to the disk", in->name);
	if (record(in, media_type, e) < 0)
		return -1;
	ingest_done(in);
	return 0;
}

/* ingest_discard() - give it up, and what has come of it */
void ingest_discard(struct ingest *in)
{
	if (in->fd < 0)
		return;
	(void)unlinkat(in->store->ingest, in->name, 0);
	ingest_done(in);
}

/* ingest_done() - let go of it; what has come of a named one waits for the next who wants it */
void ingest_done(struct ingest *in)
{
	(void)flush_end(&in->flush);
	if (in->fd >= 0 && !in->named)
		(void)unlinkat(in->store->ingest, in->name, 0);
	fd_close(&in->fd);
	hash_done(&in->hash);
}
