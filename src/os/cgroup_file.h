/* cgroup_file.h - reading and writing the small files of a cgroup directory
 *
 * One open, one read or write each: a cgroup file answers whole or not at all.
 */
#ifndef OS_CGROUP_FILE_H
#define OS_CGROUP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

int cgroup_try_read(int dirfd, const char *name, char *ret_text, size_t size);
int cgroup_try_read_u64(int dirfd, const char *name, uint64_t *ret_value);
int cgroup_try_write(int dirfd, const char *name, const char *text);
int cgroup_try_write_fd(int fd, const char *text);

/* One subdirectory per call of @enter (before its content) and @leave (after it); both may be
 * NULL, and stop the walk by returning < 0. */
struct cgroup_walk {
	int (*enter)(int dirfd, void *ctx);
	int (*leave)(int parentfd, const char *name, void *ctx);
	void *ctx;
};
int cgroup_try_walk(int dirfd, const struct cgroup_walk *how);

#endif
