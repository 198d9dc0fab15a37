/* mount.h - making mounts by descriptor: detached first, attached onto an O_PATH target
 *
 * On kernels without the mount API (Linux < 5.2) nothing can be detached; mount_fs_at() and
 * mount_bind_at() then use mount(2) with /proc/self/fd/N as its paths.
 */
#ifndef OS_MOUNT_H
#define OS_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/statvfs.h>

#include "base/err.h"

/**
 * struct mount_attrs - what mount_setattr(2) is asked for
 * @set, @clr:         MOUNT_ATTR_* on the mount itself
 * @rec_set, @rec_clr: MOUNT_ATTR_* on the mount and all below it
 */
struct mount_attrs {
	uint64_t set, clr, rec_set, rec_clr;
};

char *mount_option_next(char **rest);
int mount_make_fs(const char *fs, const char *source, const char *data, uint64_t attrs,
		  struct err *e);
int mount_clone(int dirfd, const char *path, bool recursive, bool nofollow, struct err *e);
int mount_try_propagate(int fd, uint64_t flags);
bool mount_takes_off(const struct mount_attrs *a);
int mount_settle(struct mount_attrs *a, const struct statvfs *locked, struct err *e);
int mount_set(int fd, const struct mount_attrs *a, struct err *e);
int mount_idmap(int fd, int userns_fd, bool recursive, struct err *e);
int mount_attach(int fd, int target, struct err *e);
int mount_fs_at(const char *fs, const char *source, const char *data, uint64_t attrs, int target,
		struct err *e);
int mount_bind_at(int source, bool recursive, int target, struct err *e);
int mount_change_at(int target, const struct mount_attrs *a, struct err *e);
int mount_propagate_at(int target, uint64_t flags, struct err *e);
uint64_t mount_id(int at, const char *path);
unsigned long mount_attr_to_ms(uint64_t attrs);

#endif
