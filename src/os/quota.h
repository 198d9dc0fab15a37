/* quota.h - bounds on what a folder may take: project quotas (quotactl_fd(2), ioctl_xfs_fssetxattr)
 *
 * A folder gets a number, its project, which all that is made in it inherits; the file system counts
 * what has that number. ext4 has them with the feature `project` and the mount option prjquota, XFS
 * with prjquota. The numbers belong to the whole file system: nobody keeps a list of them, so one
 * that the file system knows nothing of is free.
 */
#ifndef OS_QUOTA_H
#define OS_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* struct quota_usage - what a project has: bytes and files, and its bound (0: none) */
struct quota_usage {
	uint64_t bytes, inodes, limit;
};

bool quota_is_on(int fd);
bool quota_is_ours(uint32_t project);
int quota_find_free(int fd, uint32_t *ret_project, struct err *e);
int quota_try_project(int fd, uint32_t *ret_project);
int quota_set_project(int folder, uint32_t project, struct err *e);
int quota_limit(int fd, uint32_t project, uint64_t bytes, struct err *e);
int quota_usage(int fd, uint32_t project, struct quota_usage *ret_usage, struct err *e);

#endif
