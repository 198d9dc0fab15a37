/* tar_priv.h - what the files of the tar reader share */
#ifndef LAYER_TAR_PRIV_H
#define LAYER_TAR_PRIV_H

#include <sys/types.h>

#include "layer/tar.h"

/**
 * struct tar_pax - what an extended header said; members that it did not name are left out
 * @sparse_*: GNU.sparse.…; @map: of format 0.1, in the header's own bytes
 */
struct tar_pax {
	const char *path, *link;
	bool has_size, has_uid, has_gid, has_mtime, has_atime;
	uint64_t size, uid, gid;
	struct timespec mtime, atime;
	bool sparse, sparse_has_size;
	uint64_t sparse_major, sparse_minor, sparse_size;
	const char *sparse_name, *map;
};

/* fields of a header: offset and length, as in tar(5) */
struct tar_field {
	unsigned short at, len;
};

/* tar.c */
int tar_take(struct tar *t, void *ret_bytes, size_t len, struct err *e);
void tar_say(const struct tar *t, struct err *e, const char *why);

/* tar_fail() - @why, and where in the archive; -1, which analysers see only where it is written */
static inline int tar_fail(const struct tar *t, struct err *e, const char *why)
{
	tar_say(t, e, why);
	return -1;
}

/* tar_number.c */
int tar_number(const unsigned char *header, struct tar_field field, int64_t *ret_number);
int tar_decimal(const char **text, uint64_t *ret_number);
int tar_time(const char *text, struct timespec *ret_time);

/* tar_pax.c */
int tar_pax_read(struct tar *t, struct tar_pax *ret_pax, struct err *e);

/* tar_sparse.c */
int tar_region_add(struct tar *t, uint64_t offset, uint64_t len, struct err *e);
int tar_sparse_old(struct tar *t, const unsigned char *header, uint64_t *ret_size, struct err *e);
int tar_sparse_pax(struct tar *t, const struct tar_pax *pax, uint64_t *ret_size, struct err *e);

#endif
