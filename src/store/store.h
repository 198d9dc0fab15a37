/* store.h - images at rest: a folder that is an OCI layout, unpacked layers, and a database
 *
 *     ROOT/tare.db        what there is (db.h)
 *     ROOT/store/         an OCI image layout: oci-layout, index.json, blobs/ALGORITHM/HEX
 *     ROOT/ingest/        blobs that are coming in, by digest: an interrupted one goes on later
 *     ROOT/driver         the snapshot driver's name, once it is chosen (snapshot/snapshot.h)
 *     ROOT/layers/        unpacked layers, as the driver wants them
 *     ROOT/snapshots/     a folder for each snapshot (image/snapshots.h)
 *     ROOT/containers/    a folder for each container, ROOT/names/: whose names are whose (containers.h)
 *     ROOT/leases/        a locked file for each process that is about to need something
 *
 * Any process may end at any moment: a blob gets its name only when it is whole and on the disk, a
 * record follows what it speaks of, a tag comes last. What is left over is found by its place.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "spec/digest.h"
#include "store/db.h"

#define STORE_ROOT       "/var/lib/tare"

/* in layers/: what the root of an overlay looks like by the layer whose name follows (snapshot/overlay_root.c) */
#define STORE_LAYER_ROOT ".root-"

/**
 * struct store - an open store
 * @root, @layout, @ingest, @layers, @snapshots, @leases, @containers, @names: descriptors of its
 *          folders
 * @lease: our locked file, FD_NONE: none yet; @lease_name is its name
 * @driver: name of the snapshot driver; empty: not chosen yet. @user_xattrs: in layers, what overlayfs
 *          reads is in user.*, since the store was made in a user namespace
 */
struct store {
	int root, layout, ingest, layers, snapshots, leases, containers, names, lease;
	char path[4096], lease_name[32], driver[16];
	bool user_xattrs;
	struct db db;
};

#define own_store __attribute__((cleanup(store_close))) struct store
#define STORE_NONE \
	{ \
		.root = FD_NONE, .layout = FD_NONE, .ingest = FD_NONE, .layers = FD_NONE, \
		.snapshots = FD_NONE, .leases = FD_NONE, .containers = FD_NONE, .names = FD_NONE, \
		.lease = FD_NONE \
	}

int store_open_folders(struct store *s, const char *root, struct err *e);
int store_open(struct store *s, const char *root, struct err *e);
void store_close(struct store *s);
int store_refuse_owner(const struct stat *root, struct err *e);
int store_read_driver(struct store *s, struct err *e);
int store_guess_driver(struct store *s, const char **ret_name, struct err *e);
int store_set_driver(struct store *s, const char *name, bool user_xattrs, struct err *e);
int store_write_index(struct store *s, struct err *e);
int store_index_text(struct store *s, struct str *out, struct err *e);

/* lease.c */
int store_lease(struct store *s, const char *name, struct err *e);
int store_lease_end(struct store *s, struct err *e);
int store_forget_dead(struct store *s, struct err *e);

/* blob.c */
int store_blob_open(struct store *s, const struct digest *d, uint64_t *ret_size, struct err *e);
int store_blob_find(struct store *s, const struct digest *d, struct err *e);
int store_blob_recorded(struct store *s, const struct digest *d, uint64_t *ret_size, struct err *e);
int store_blob_read(struct store *s, const struct digest *d, size_t max, char **ret_text,
		    size_t *ret_len, struct err *e);
int store_blob_keep(struct store *s, const void *at, size_t len, const char *media_type,
		    struct digest *ret_digest, struct err *e);
int store_blob_unlink(struct store *s, const struct digest *d, struct err *e);

#endif
