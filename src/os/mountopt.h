/* mountopt.h - what words such as "nosuid", "rbind" and "rro" ask of the kernel */
#ifndef OS_MOUNTOPT_H
#define OS_MOUNTOPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "os/mount.h"

/**
 * struct mount_want - the sum of a list of mount option words
 * @attrs:       attributes of the mount and of its tree
 * @propagation: MS_SHARED and the like, with MS_REC, in the order given (at most four)
 * @data:        words that are not in the table, joined by commas: the file system's own
 */
struct mount_want {
	struct mount_attrs attrs;
	uint64_t propagation;
	bool bind, recursive, remount, tmpcopyup, idmap, rec_idmap;
	bool src_nofollow, dest_nofollow, copy_symlink;
	char *idmap_spec; /* "uids=…;gids=…" of idmap=, crun's extension; freed by done */
	struct str data;
};

int mountopt_add(struct mount_want *w, const char *word);
void mountopt_done(struct mount_want *w);
void mountopt_words(const struct mount_attrs *a, uint64_t propagation, struct str *out);
void mountopt_each(void (*visit)(const char *word, void *ctx), void *ctx);

#endif
