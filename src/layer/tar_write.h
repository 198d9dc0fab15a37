/* tar_write.h - a tar archive, entry by entry; what tar.h reads, and Go, GNU tar, python and others
 *
 * The same entries make the same bytes: names of users, process ids and the time now are in no
 * header. An entry is a header, then exactly the bytes of its content:
 *
 *	struct tar_writer w = { .write = sink, .of = of };
 *
 *	if (tar_put(&w, &entry, NULL, e) < 0 || tar_put_data(&w, bytes, n, e) < 0 || …
 *	    tar_put_end(&w, e) < 0)
 */
#ifndef LAYER_TAR_WRITE_H
#define LAYER_TAR_WRITE_H

#include "base/text.h"
#include "layer/tar.h"

/* Takes all @len bytes. Return: 0, or -1 with @e */
typedef int tar_sink(void *of, const void *at, size_t len, struct err *e);

/**
 * enum tar_dialect - how is said what has no room in a ustar header
 * @TAR_PAX: by extended headers (POSIX.1-2001): everything, as layers have it
 * @TAR_GNU: by GNU's long names and binary numbers: names, links, sizes, ids; no more. What docker
 *           save has
 */
enum tar_dialect { TAR_PAX, TAR_GNU };

/* struct tar_map - where a sparse file has data: the content is these regions, one after another */
struct tar_map {
	const struct tar_region *regions;
	size_t n;
};

/* struct tar_writer - zero but for @write, @of and @dialect; @at: bytes written; the rest is its own */
struct tar_writer {
	tar_sink *write;
	void *of;
	enum tar_dialect dialect;
	uint64_t at, left;
	struct str pax;
};

#define own_tar_writer __attribute__((cleanup(tar_writer_done))) struct tar_writer

int tar_put(struct tar_writer *w, const struct tar_entry *x, const struct tar_map *map,
	    struct err *e);
int tar_put_data(struct tar_writer *w, const void *at, size_t len, struct err *e);
int tar_put_passed(struct tar_writer *w, uint64_t len, struct err *e);
int tar_put_end(struct tar_writer *w, struct err *e);
void tar_writer_done(struct tar_writer *w);
bool tar_can_name(const char *xattr);

#endif
