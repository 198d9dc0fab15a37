/* unpack.h - an archive made into a tree by a process that can do nothing else
 *
 * Archives come from strangers. Their bytes are inflated and parsed by tare-unpack, a worker
 * process that has one folder, no network, and of root's privileges only those that making files
 * takes; what it says is checked here. Any number may run at once: start each, poll
 * unpack_poll_fd() of all, and finish each that became readable.
 *
 *	struct unpack u = UNPACK_NONE;
 *
 *	if (unpack_start(&u, &order, e) < 0)        // the order's descriptors may be closed now
 *		return -1;
 *	… feed the pipe, poll(unpack_poll_fd(&u), POLLIN) …
 *	if (unpack_finish(&u, &result, e) < 0)      // u is empty again, whatever it returned
 *		return -1;
 *
 * The worker reads its input to the end, also behind the archive's, since the diff id is of all
 * bytes. Who feeds a pipe must expect EPIPE: a worker that refuses an archive does not read on, and
 * says why when it is finished. A worker that nobody feeds waits for ever; unpack_cancel() ends it,
 * and so does the end of the thread that has started it. What a failure leaves in the target folder is for the caller to
 * remove; nothing outside of it has changed.
 */
#ifndef LAYER_UNPACK_H
#define LAYER_UNPACK_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/own.h"
#include "spec/digest.h"

/**
 * enum unpack_mode - what becomes of whiteouts, owners and what is there already
 * @UNPACK_OVERLAY: a layer into an empty folder, for overlayfs: a whiteout becomes its device node,
 *                  and folders that hide those below them are marked as opaque
 * @UNPACK_APPLY:   a layer onto a tree that holds the layers below: whiteouts remove
 * @UNPACK_ROOT:    a tree that is no layer: names of whiteouts are names. (An archive that `import`
 *                  makes a layer of is one: others will see whiteouts in it, as Docker does)
 * @UNPACK_MEMBERS: an outer archive (`load`) into an empty folder: files, folders and links within
 *                  it; no owners, modes, times, devices, xattrs; links that lead out are refused
 */
enum unpack_mode { UNPACK_OVERLAY, UNPACK_APPLY, UNPACK_ROOT, UNPACK_MEMBERS };

/* enum unpack_devices - nodes of devices; FIFOs and whiteouts are none */
enum unpack_devices { UNPACK_DEVICES_MAKE, UNPACK_DEVICES_SKIP, UNPACK_DEVICES_REFUSE };

/**
 * enum unpack_opaque - how a folder says to overlayfs that it hides those below it
 * @UNPACK_OPAQUE_TRUSTED: trusted.overlay.opaque; it takes CAP_SYS_ADMIN, so unpack_finish() sets it
 * @UNPACK_OPAQUE_USER:    user.overlay.opaque, by the worker; for mounts with `userxattr`
 */
enum unpack_opaque { UNPACK_OPAQUE_TRUSTED, UNPACK_OPAQUE_USER };

/**
 * struct unpack_limits - what an archive may ask for; 0 means the default (unpack_default_limits)
 * @entries:     files, folders, links and whiteouts
 * @path:        bytes of a name with its folders, and of a link's target
 * @depth:       folders below each other
 * @file:        bytes of one file, holes included
 * @total:       bytes of the whole, inflated
 * @ratio:       inflated to compressed bytes, looked at only …
 * @ratio_floor: … beyond this many inflated bytes
 * @header:      bytes of one extended header (pax, GNU long names)
 * @xattrs:      extended attributes of one file
 * @xattr_bytes: bytes of their names and values
 * @regions:     data regions of one sparse file
 */
struct unpack_limits {
	uint64_t entries, path, depth, file, total, ratio, ratio_floor, header, xattrs, xattr_bytes,
		regions;
};

extern const struct unpack_limits unpack_default_limits;

/**
 * struct unpack_order - what to unpack, where, and how
 * @input:   the archive, as it is or compressed by gzip, zstd or xz: the read end of a pipe, or a file
 *           at its start. The worker has a copy; close yours, or a writer never sees EPIPE
 * @target:  descriptor of the folder, a mount or not
 * @limits:  NULL for the defaults
 * @diff_id: NULL, or the digest (SHA-256) that the inflated bytes must have
 */
struct unpack_order {
	int input, target;
	enum unpack_mode mode;
	enum unpack_devices devices;
	enum unpack_opaque opaque;
	const struct unpack_limits *limits;
	const struct digest *diff_id;
};

/**
 * struct unpack_result - what was unpacked
 * @diff_id:         SHA-256 of the inflated bytes
 * @input:           bytes that were read
 * @bytes:           bytes inflated
 * @size:            bytes of the files' content, holes left out: what a layer "is big"
 * @entries:         entries of the archive, and folders that it should have had entries for
 * @whiteouts:       of these, whiteouts
 * @roots:           of the entries, those for the root folder
 * @opaque:          folders that were made opaque
 * @skipped_devices: devices that were left out, as asked for
 * @skipped_xattrs:  attributes that were left out: not one of those that images may have, or not
 *                   known to the file system
 */
struct unpack_result {
	struct digest diff_id;
	uint64_t input, bytes, size, entries, roots, whiteouts, opaque, skipped_devices,
		skipped_xattrs;
};

/* struct unpack - a worker; its members are unpack.c's */
struct unpack {
	pid_t pid;
	int answer, target;
	enum unpack_mode mode;
	enum unpack_opaque opaque;
	struct digest diff_id; /* the expected one, if any */
};

#define UNPACK_NONE \
	{ \
		.answer = FD_NONE, .target = FD_NONE \
	}
#define own_unpack __attribute__((cleanup(unpack_cancel))) struct unpack

int unpack_start(struct unpack *u, const struct unpack_order *o, struct err *e);
int unpack_poll_fd(const struct unpack *u);
int unpack_finish(struct unpack *u, struct unpack_result *ret_result, struct err *e);
void unpack_cancel(struct unpack *u);

#endif
