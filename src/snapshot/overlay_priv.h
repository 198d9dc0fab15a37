/* overlay_priv.h - the parts of the driver `overlay` */
#ifndef SNAPSHOT_OVERLAY_PRIV_H
#define SNAPSHOT_OVERLAY_PRIV_H

#include <sys/types.h>

#include "snapshot/snapshot.h"

/* The kernel's OVL_MAX_STACK: folders below the writable one. */
#define OVERLAY_LOWERS ((size_t)500)

/* Layers that one mount takes, whoever mounts it: the lowest of them in an overlay of their own, which has
 * one place, as has what was written when that is mounted read-only, or what an image's root looks like. */
#define OVERLAY_MOST   (2 * OVERLAY_LOWERS - 2)

/* In layers/: folders that stay empty. */
#define OVERLAY_EMPTY  ".empty"
#define OVERLAY_EMPTY2 ".empty2"

#define OVERLAY_ROOT   (DIGEST_TEXT + 8) /* room for the name of a folder .root-NAME */

/**
 * struct overlay - a mount that is to be made
 * @folder: the snapshot's, or FD_NONE
 * @root:   name of a folder in layers/ that goes above these, or ""
 * @trial:  one that writes elsewhere, to nothing that lasts, above what the snapshot's writes: overlay_claim()'s
 */
struct overlay {
	const struct snapshot_base *base;
	const struct snapshot_mount *how;
	int folder;
	bool trial;
	char root[OVERLAY_ROOT];
};

/* struct overlay_option - what every one of our mounts is told; a NULL value: the word alone */
struct overlay_option {
	const char *word, *value;
};

/* overlay.c */
bool overlay_writes(const struct overlay *o);
size_t overlay_empties(const struct overlay *o, const char *ret[2]);
size_t overlay_grouped(size_t n);
size_t overlay_options(const struct overlay *o, bool whole, struct overlay_option ret[8]);

/**
 * struct overlay_writer - who overlayfs writes as: whoever was its mounter, see overlay_become()
 * @uid, @gid, @bits: what we were
 */
struct overlay_writer {
	uid_t uid;
	gid_t gid;
	int bits;
};

int overlay_take(int folder, int userns, struct err *e);
int overlay_become(const struct overlay *o, int folder, struct overlay_writer *ret_before,
		   struct err *e);
void overlay_become_again(const struct overlay_writer *before);
int overlay_check_writable(const struct overlay *o, int mount, struct err *e);

int overlay_try_mount(const struct overlay *o, struct err *e);

/* overlay_claim.c */
int overlay_claim(const struct overlay *o, int *ret_lock, struct err *e);

/* overlay_root.c */
int overlay_rootless(const struct store *s, int target, struct err *e);
int overlay_root_look(const struct snapshot_base *b, int upper, struct err *e);
int overlay_root_above(const struct snapshot_base *b, char ret[OVERLAY_ROOT], struct err *e);

/* overlay_fd.c; e->sysno is ENOSYS where the kernel takes no layers by descriptor */
int overlay_by_fd(const struct overlay *o, struct err *e);

/* overlay_path.c */
int overlay_by_path(const struct overlay *o, struct err *e);

#endif
