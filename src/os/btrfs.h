/* btrfs.h - subvolumes of btrfs: made, copied, removed, limited (btrfs-ioctl(2))
 *
 * A subvolume is a folder that has a tree of its own in the file system: it can be copied whole in no
 * time, and be removed in one call. To stat(2) it is another device, though nothing is mounted.
 */
#ifndef OS_BTRFS_H
#define OS_BTRFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

bool btrfs_is(int fd);
bool btrfs_is_subvolume(int at, const char *name);
int btrfs_make(int at, const char *name, struct err *e);
int btrfs_copy(int source, int at, const char *name, struct err *e);
int btrfs_try_remove(int at, const char *name);
int btrfs_limit(int subvolume, uint64_t bytes, struct err *e);
bool btrfs_has_quota(int fd);

#endif
