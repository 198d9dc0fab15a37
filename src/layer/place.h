/* place.h - entries of an archive into files below one folder
 *
 * Nobody else changes the folder meanwhile, but the archive itself is hostile: its links lead
 * anywhere, its entries replace each other. Every folder is reached by os/path.h in the root, or by
 * its plain name in one that is open; everything is made by a plain name in an open folder, and
 * only where nothing was; what was there is removed first, and never written to or through. An entry
 * meets an earlier one as it does in Docker: a folder stays a folder and gets the new attributes,
 * anything else is replaced.
 *
 * Archives are in the order of a walk through their tree, so the folders between the root and the
 * last entry are kept open (struct level), each with the times that it gets when it is left: what is
 * made in a folder changes its time. An archive in another order costs more system calls, not memory.
 */
#ifndef LAYER_PLACE_H
#define LAYER_PLACE_H

#include "base/text.h"
#include "layer/name.h"
#include "layer/tar.h"
#include "layer/unpack_job.h"

/**
 * struct level - a folder that is open
 * @len:     of its name in struct place's @path
 * @restore: it gets @times when it is left
 * @inherit: it gives its group to what is made in it (S_ISGID)
 * @alias:   it was reached through a link
 * @acl:     its default ACL, which is off while we are in it: new files would inherit it
 */
struct level {
	int fd;
	size_t len;
	bool restore, inherit, alias;
	struct timespec times[2];
	void *acl;
	size_t acl_len;
};

/* struct inodes - a set of numbers of inodes */
struct inodes {
	uint64_t *at;
	size_t n, cap;
};

/**
 * struct place - where entries go
 * @uid, @gid: whose files are that we make
 * @made:      inodes that this archive has made or named; whiteouts are of the layers below only
 * @opaque:    names for struct unpack_answer
 */
struct place {
	const struct unpack_job *job;
	struct unpack_result *result;
	uint32_t uid, gid;
	struct level *levels;
	size_t n_levels, levels_cap, aliases;
	char path[PATH_MAX];
	struct name name, target;
	struct inodes made;
	struct str opaque;
};

#define own_place __attribute__((cleanup(place_done))) struct place

int place_start(struct place *p, const struct unpack_job *job, int root,
		struct unpack_result *result, struct err *e);
int place_entry(struct place *p, struct tar *t, const struct tar_entry *x, struct err *e);
int place_end(struct place *p, struct err *e);
void place_done(struct place *p);

#endif
