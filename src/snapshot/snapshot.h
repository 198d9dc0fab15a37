/* snapshot.h - a writable tree on the layers of an image, made by one of several drivers
 *
 *     ROOT/driver            which driver made the store, written at its first use
 *     ROOT/layers/NAME       what layers were made into: differences (overlay), or whole trees
 *     ROOT/snapshots/ID/     one snapshot; what is in it is the driver's, and snapshot.json
 *
 * A driver is a table of operations. Overlay keeps a layer once, as it came, and stacks them when a
 * snapshot is mounted; `btrfs` and `copy` are chained: each layer is the tree that it and all below it
 * make, and a snapshot is another copy of the last one's. What is mounted is always detached, a
 * descriptor that ends with its holder; whoever wants it somewhere attaches it (os/mount.h).
 *
 * Nothing here knows records: who needs what is image/snapshots.h's.
 */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layer/pack.h"
#include "os/idmap.h"
#include "store/store.h"

/**
 * struct snapshot_base - what a snapshot stands on
 * @store:  its folders; @store->user_xattrs: overlay's marks are user.*, for user namespaces
 * @layers: names of folders in @store->layers, the lowest first. Chained drivers: only the last counts
 */
struct snapshot_base {
	const struct store *store;
	const char *const *layers;
	size_t n;
};

/**
 * struct snapshot_mount - how a snapshot is mounted
 * @source:   what the mount is called in mountinfo, where the driver makes a file system of its own
 * @readonly: nothing can be written
 * @fast:     writes need not survive a power cut (overlay's `volatile`); others ignore it
 * @once:     it will not be mounted again
 * @userns:   FD_NONE, or a user namespace by whose maps ids are shifted
 */
struct snapshot_mount {
	const char *source;
	bool readonly, fast, once;
	int userns;
};

/* struct snapshot_usage - what a snapshot takes on the disk, without what it shares with others */
struct snapshot_usage {
	uint64_t bytes, inodes;
};

/**
 * struct snapshot_driver - one way to make snapshots
 * @name, @summary: for people
 * @fast:    writes that need not survive a power cut are cheaper
 * @chained: layers are whole trees by chain id, made one after another
 * @probe:   does it work in this store? Tries what it will do; leaves nothing
 * @layer:   make the folder @name in @at that a layer is unpacked into; @below: the layer's below, or
 *           FD_NONE
 * @rootless: note of a layer, when it is unpacked into @target, that its archive has no entry for the root
 *           folder; NULL: that looks as below then, which is right
 * @create:  make what is in a new snapshot's folder; @limit: bytes, 0: none
 * @mount:   @folder FD_NONE: the image alone, read-only. Return: a detached mount
 * @source:  what differs from the image, for layer/pack.h; the caller closes both descriptors
 * @usage:   count
 * @root:    path of the tree in the folder, where there is one; NULL
 */
struct snapshot_driver {
	const char *name, *summary;
	bool chained, fast;
	int (*probe)(struct store *s, struct err *e);
	int (*layer)(int at, const char *name, int below, struct err *e);
	int (*rootless)(const struct store *s, int target, struct err *e);
	int (*create)(int folder, const struct snapshot_base *b, uint64_t limit, struct err *e);
	int (*mount)(int folder, const struct snapshot_base *b, const struct snapshot_mount *how,
		     struct err *e);
	int (*source)(int folder, const struct snapshot_base *b, struct pack_source *ret_source,
		      struct err *e);
	int (*usage)(int folder, struct snapshot_usage *ret_usage, struct err *e);
	const char *root;
};

/* The best first. */
extern const struct snapshot_driver snapshot_overlay, snapshot_btrfs, snapshot_copy;

/* choose.c */
const struct snapshot_driver *snapshot_driver_find(const char *name);
int snapshot_driver_of(struct store *s, const char *wish, const struct snapshot_driver **ret_driver,
		       struct err *e);

/**
 * struct snapshot_facts - what is possible in a store
 * @file_system: what it lies on
 * @reflink: files can share blocks; @quota: snapshots can have a size; @idmap: ids can be shifted by
 * mounts; @fast: overlay's `volatile`; @by_fd: overlay takes layers by descriptor (Linux 6.13)
 */
struct snapshot_facts {
	char file_system[32];
	bool reflink, quota, idmap, fast, by_fd;
};

/* facts.c */
void snapshot_facts(const struct store *s, const struct snapshot_driver *d,
		    struct snapshot_facts *ret_facts);

/* count.c, for the drivers: a tree's bytes and files, those left out that it shares with others */
int snapshot_count(int folder, const char *name, struct snapshot_usage *ret_usage, struct err *e);

/* limit.c, for the drivers */
int snapshot_limit_begin(int folder, struct err *e);
int snapshot_limit(int folder, uint64_t bytes, struct err *e);
int snapshot_limited_usage(int folder, struct snapshot_usage *ret_usage, struct err *e);

#endif
