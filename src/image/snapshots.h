/* snapshots.h - snapshots as wholes: made of an image, mounted, measured, removed
 *
 *	struct snapshot n = SNAPSHOT_NONE;
 *
 *	if (snapshot_create(&store, &digest, &options, id, e) < 0 ||
 *	    snapshot_open(&n, &store, id, e) < 0)
 *		return -1;
 *	fd = snapshot_mount(&n, &how, e);      // detached: nothing shows on the host
 *	snapshot_close(&n);
 *
 * Intent before effect: a snapshot is made under a name that begins with a dot, locked; it is recorded
 * when it is whole, and gets its name then, all of it on the disk unless it is volatile. Its record keeps
 * its image, and so its layers, from being removed; until then a lease does. What a kill leaves is removed
 * by the next command that makes, lists or removes snapshots (store/snapshots.h).
 */
#ifndef IMAGE_SNAPSHOTS_H
#define IMAGE_SNAPSHOTS_H

#include "base/arena.h"
#include "image/layers.h"
#include "os/mountinfo.h"
#include "snapshot/snapshot.h"
#include "store/snapshots.h"

/**
 * struct snapshot_options - how a snapshot is made
 * @name: NULL: any
 * @size: bytes that may be written to it; 0: any number. Refused where the file system can't hold it
 * @fast: what is written need not survive a power cut; refused by drivers that know no such thing
 * @view: nothing is to be written: it only keeps the image while that is mounted somewhere
 */
struct snapshot_options {
	const char *name;
	uint64_t size;
	bool fast, view;
};

/**
 * struct snapshot - an open snapshot
 * @folder: its folder
 */
struct snapshot {
	struct store *store;
	const struct snapshot_driver *driver;
	char id[SNAPSHOT_ID];
	int folder;
	struct snapshot_doc doc;
	struct snapshot_base base;
	struct arena a;
};

#define SNAPSHOT_NONE \
	{ \
		.folder = FD_NONE \
	}
#define own_snapshot __attribute__((cleanup(snapshot_close))) struct snapshot

int snapshot_ready(struct store *s, const struct stored_image *image, struct arena *a,
		   const struct snapshot_driver **ret_driver, struct snapshot_base *ret_base,
		   struct err *e);
int snapshot_ready_kept(struct store *s, const struct stored_image *image, struct arena *a,
			const struct snapshot_driver **ret_driver, struct snapshot_base *ret_base,
			struct err *e);
int snapshot_create(struct store *s, const struct digest *manifest,
		    const struct snapshot_options *o, char ret_id[SNAPSHOT_ID], struct err *e);
int snapshot_open(struct snapshot *n, struct store *s, const char *word, struct err *e);
void snapshot_close(struct snapshot *n);
int snapshot_mount(const struct snapshot *n, bool readonly, int userns, struct err *e);
int snapshot_usage(const struct snapshot *n, struct snapshot_usage *ret_usage, struct err *e);
int snapshot_source(const struct snapshot *n, struct pack_source *ret_source, struct err *e);
int snapshot_drop(struct snapshot *n, struct err *e);
int snapshot_remove(struct snapshot *n, struct err *e);
int snapshot_image_base(struct store *s, const char *manifest, struct arena *a,
			struct snapshot_base *ret_base, struct err *e);

/* snapshot_mounts.c */
int snapshot_mounts(const struct snapshot *n, struct arena *a, char ***ret_targets, size_t *ret_n,
		    struct err *e);
int snapshot_writer(const struct snapshot *n, struct arena *a, const char **ret_target,
		    struct err *e);
int snapshot_is_on(const struct snapshot *n, const char *target, struct err *e);
int snapshot_unmount(const struct snapshot *n, size_t *ret_n, struct err *e);
void snapshot_mount_name(const struct snapshot *n, char ret[256]);

/* view_mounts.c */
uint64_t view_namespace(void);
bool view_has(const struct snapshot_doc *doc, uint64_t namespace, const struct mount_line *m,
	      const char *target);
int view_note(struct snapshot *n, int mount, const char *target, struct err *e);

#endif
