/* pack.h - the exact difference of two trees: listed, or packed as a layer
 *
 * What differs is found by one walk of the newer tree beside the older one, in the order of the
 * names' bytes; memory is what the folders on the way take. The trees are somebody else's, and may
 * change meanwhile: every name is opened beneath the folder that is open already, no link is
 * followed, nothing but files and folders is ever opened for reading, and a folder that something
 * is mounted on is refused. What was read is consistent for each file, not for the whole: who wants that freezes the
 * container first.
 *
 * The layer holds what changed and nothing else; the same trees give the same bytes. Applied to the
 * older tree it makes the newer one: types, modes, owners, times to the nanosecond, links and hard
 * links, devices, holes, and the extended attributes that images may have (user.*, file
 * capabilities, ACLs). Sockets are left out and counted, as Docker does: they are of a process, and
 * tar has no form for them. Refused by name is what no layer can say: names that begin with
 * ".wh.", a device 0:0, and, in an overlay's upper folder, what leads to somewhere else (redirect,
 * metacopy), so mount with redirect_dir=off,metacopy=off.
 *
 *	struct pack_source s = { .kind = PACK_OVERLAY, .upper = upper, .lower = view };
 *	struct pack_order o = { .compression = DEFLATE_GZIP, .write = pack_to_fd, .of = &fd };
 *	struct pack_result r;
 *
 *	if (pack_changes(&s, print, NULL, e) < 0 || pack_layer(&s, &o, &r, e) < 0)
 *		return -1;
 */
#ifndef LAYER_PACK_H
#define LAYER_PACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/own.h"
#include "codec/deflate.h"
#include "spec/digest.h"

/**
 * enum pack_kind - what the folders of a source are
 * @PACK_OVERLAY: @upper is what overlayfs has written; @lower is what lies below, merged
 * @PACK_TREES:   two whole trees
 * @PACK_WHOLE:   @upper is a whole tree, and all of it is wanted (export); no whiteouts, and names
 *                of whiteouts are names
 */
enum pack_kind { PACK_OVERLAY, PACK_TREES, PACK_WHOLE };

/**
 * struct pack_source - where the difference is
 * @upper, @lower: descriptors of folders, borrowed; read only. @lower is FD_NONE where there is
 *                 nothing below. The folder @upper itself has the attributes of "/": give it those
 *                 of the root below when it is made
 * @since:         PACK_TREES: @upper was a faithful copy of @lower until then: files of the same size and
 *                 time whose ctime is earlier need not be read to be the same. It is the ctime of
 *                 a file that was made after the copy, in its file system; zero: not known
 * @user_xattrs:   PACK_OVERLAY: it was mounted with `userxattr`, so user.overlay.* is overlayfs's;
 *                 else that is what a container has written there, and trusted.overlay.* is
 */
struct pack_source {
	enum pack_kind kind;
	int upper, lower;
	struct timespec since;
	bool user_xattrs;
};

enum pack_change_kind { PACK_ADDED = 'A', PACK_CHANGED = 'C', PACK_DELETED = 'D' };

/**
 * struct pack_change - one line of a diff
 * @path: from the root on, without the slash before it; bytes as they are
 * @mode: type and mode; of what is gone, if it was deleted
 * @size: bytes of a file's content, 0 for others and for what is gone
 */
struct pack_change {
	enum pack_change_kind kind;
	const char *path;
	mode_t mode;
	uint64_t size;
};

/* Return: 0, or -1 with @e, which ends the walk */
typedef int pack_change_seen(void *of, const struct pack_change *c, struct err *e);

/**
 * struct pack_order - how it is written
 * @write, @of:  takes the blob's bytes, in a thread of its own that has SIGPIPE blocked
 * @sink_hashes: who takes them hashes them: @blob of the result is not made, and neither is @diff_id
 *               unless something is compressed
 * @not_after:   a later time becomes this one, as by `tar --clamp-mtime`; zero: times are what they are
 */
struct pack_order {
	enum deflate_format compression;
	struct timespec not_after;
	deflate_sink *write;
	void *of;
	bool sink_hashes;
};

/**
 * struct pack_result - what was packed
 * @diff_id, @blob: SHA-256 of the tar, and of what was written
 * @bytes, @written: bytes of both
 * @size:      bytes of files' content, holes left out: what a layer "is big"
 * @entries:   of the archive
 * @whiteouts, @opaque: of these
 * @sockets:   that were left out; @socket is the first one's name, cut to fit
 * @skipped_xattrs: attributes that images may not have; overlayfs's own are not counted
 */
struct pack_result {
	struct digest diff_id, blob;
	uint64_t bytes, written, size, entries, whiteouts, opaque, sockets, skipped_xattrs;
	char socket[256];
};

int pack_changes(const struct pack_source *s, pack_change_seen *seen, void *of, struct err *e);
int pack_layer(const struct pack_source *s, const struct pack_order *o,
	       struct pack_result *ret_result, struct err *e);
int pack_to_fd(void *fd, const void *at, size_t len, struct err *e);

#endif
