/* tree_copy.h - a folder's content copied as it is: nothing of it is lost
 *
 * Types, owners, modes, times to the nanosecond, extended attributes, hard links, holes, devices and
 * FIFOs. Blocks are shared where the file system can do that (FICLONE), and else copied by the
 * kernel. The source must not change meanwhile; its links are never followed.
 */
#ifndef OS_TREE_COPY_H
#define OS_TREE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/**
 * struct tree_copied - what was copied
 * @entries: files, folders and others
 * @bytes:   of files that could share nothing
 * @shared:  of files whose blocks are shared
 */
struct tree_copied {
	uint64_t entries, bytes, shared;
};

int tree_copy(int from, int to, struct tree_copied *ret_copied, struct err *e);
int tree_copy_attributes(int from, int to, struct err *e);

#endif
