/* tar.h - the entries of a tar archive: v7, ustar, star, pax and GNU; sparse files in all forms
 *
 * A parser of our own rather than libarchive's: names must come through as the bytes that they are
 * (libarchive takes them through the locale's character set), memory must be bounded by numbers
 * that we choose, and where archives can be read in two ways, as with a size in a pax header, what
 * counts is how Go's archive/tar reads them: it has made nearly all layers, and another reading
 * would be another image. It works on bytes that come in pieces, and copies none of a file's.
 *
 *	while ((r = tar_next(&t, &entry, e)) > 0)
 *		while ((r = tar_data(&t, &chunk, e)) > 0)   // or not: tar_next() skips the rest
 *			…
 *
 * Global pax headers are skipped, as Go and Docker do. A hard link, a link, a folder, a node has
 * no content, whatever its size says.
 */
#ifndef LAYER_TAR_H
#define LAYER_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

#define TAR_BLOCK 512

/* The next piece of the archive. Return: 1, 0 at its end, or -1 */
typedef int tar_source(void *of, const unsigned char **ret_at, size_t *ret_len, struct err *e);

/**
 * struct tar_limits - what is refused
 * @path:        bytes of a name, or of a link's target
 * @header:      bytes of one extended header
 * @file:        bytes of one file, holes included
 * @xattrs:      extended attributes of one entry
 * @xattr_bytes: bytes of their names and values
 * @regions:     data regions of one sparse file
 */
struct tar_limits {
	uint64_t path, header, file, xattrs, xattr_bytes, regions;
};

/* What an entry is: the types of POSIX, with '0' for all kinds of files */
enum tar_type {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_LINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCK_DEVICE = '4',
	TAR_DIR = '5',
	TAR_FIFO = '6',
};

struct tar_xattr {
	const char *name;
	const char *value;
	size_t len;
};

/**
 * struct tar_entry - one entry; what it points to holds until the next tar_next()
 * @path, @link: as the archive has them: not empty, no NUL; anything else
 * @size:        of the content, holes included
 * @sparse:      it has holes, or says so
 */
struct tar_entry {
	enum tar_type type;
	const char *path, *link;
	uint32_t mode, uid, gid, major, minor;
	uint64_t size;
	struct timespec mtime, atime;
	bool sparse;
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
};

/* struct tar_chunk - a piece of a file's content, which is at @offset in the file */
struct tar_chunk {
	const unsigned char *at;
	size_t len;
	uint64_t offset;
};

/* struct tar_region - where a sparse file has data */
struct tar_region {
	uint64_t offset, len;
};

struct tar_text {
	char *at;
	size_t len, cap;
};

/* struct tar - a reader; tar.c's own, but for @end_seen: the archive has had its end marker */
struct tar {
	tar_source *more;
	void *of;
	struct tar_limits limits;
	const unsigned char *at;
	size_t len;
	uint64_t offset, left, padding, file_at;
	bool end_seen;
	struct tar_text pax, long_name, long_link, name, target;
	struct tar_xattr *xattrs;
	size_t n_xattrs, xattrs_cap;
	struct tar_region *regions;
	size_t n_regions, regions_cap, region;
};

#define own_tar __attribute__((cleanup(tar_done))) struct tar

void tar_start(struct tar *t, const struct tar_limits *limits, tar_source *more, void *of);
int tar_next(struct tar *t, struct tar_entry *ret_entry, struct err *e);
int tar_data(struct tar *t, struct tar_chunk *ret_chunk, struct err *e);
int tar_drain(struct tar *t, struct err *e);
void tar_done(struct tar *t);

#endif
