/* ingest.h - a blob on its way into the store
 *
 * It comes by its digest into ingest/, under a lock that ends with its holder: whoever wants the same
 * blob meanwhile waits for it, and takes it up where a holder was killed. It is hashed as it is
 * written. When it is whole and its digest holds, it is flushed and renamed into the layout.
 */
#ifndef STORE_INGEST_H
#define STORE_INGEST_H

#include "codec/hash.h"
#include "os/flush.h"
#include "store/store.h"

/**
 * struct ingest - one blob
 * @size:  bytes that it must have
 * @at:    bytes that are there, and hashed
 * @named: its digest is known beforehand; @checked: it is whole, and has its digest
 * @flush: on its way to the disk, if ingest_flush() was called; the struct must stay where it is then
 */
struct ingest {
	struct store *store;
	int fd;
	struct digest digest;
	struct hash hash;
	uint64_t size, at;
	struct flush flush;
	bool named, checked;
	char name[DIGEST_TEXT + 16];
};

#define INGEST_NONE \
	{ \
		.fd = FD_NONE, .flush = FLUSH_NONE \
	}
#define own_ingest __attribute__((cleanup(ingest_done))) struct ingest

enum ingest_state {
	INGEST_MINE, /* write it, from @at on */
	INGEST_HAVE, /* the store has it */
	INGEST_BUSY, /* somebody else is writing it: ask again */
};

#define INGEST_ANY_SIZE UINT64_MAX

int ingest_begin(struct ingest *in, struct store *s, const struct digest *d, uint64_t size,
		 struct err *e);
int ingest_begin_wait(struct ingest *in, struct store *s, const struct digest *d, uint64_t size,
		      struct err *e);
int ingest_begin_unnamed(struct ingest *in, struct store *s, struct err *e);
int ingest_restart(struct ingest *in, struct err *e);
int ingest_add(struct ingest *in, const void *at, size_t len, struct err *e);
int ingest_check(struct ingest *in, struct err *e);
int ingest_flush(struct ingest *in, struct err *e);
int ingest_commit(struct ingest *in, const char *media_type, struct err *e);
void ingest_discard(struct ingest *in);
void ingest_done(struct ingest *in);

#endif
