/* path.h - paths below a root that somebody else controls
 *
 * The only module that may open, look up or create something below a rootfs. Every path is
 * resolved as the container would resolve it (links stay inside the root), by openat2, or on
 * kernels without it by a walk of our own, one component at a time.
 */
#ifndef OS_PATH_H
#define OS_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/own.h"

#define PATH_NOFOLLOW 0x1 /* the last component may not be a link; it is not followed */
#define PATH_NOLINKS  0x2 /* no component may be a link */

/* struct path_parent - the directory that was opened last, for several names in one directory */
struct path_parent {
	int fd;
	char path[PATH_MAX];
};

#define own_parent __attribute__((cleanup(path_parent_done))) struct path_parent
#define PATH_PARENT_NONE \
	{ \
		.fd = FD_NONE \
	}

int path_open(int rootfd, const char *path, int flags, unsigned how, struct err *e);
int path_try_open(int rootfd, const char *path, int flags, unsigned how);
int path_make_dir(int rootfd, const char *path, mode_t mode, bool *ret_made, struct err *e);
int path_make_dir_near(struct path_parent *p, int rootfd, const char *path, mode_t mode,
		       bool *ret_made, struct err *e);
int path_make_file(int rootfd, const char *path, mode_t mode, bool *ret_made, struct err *e);
int path_make_link(struct path_parent *p, int rootfd, const char *path, const char *target,
		   struct err *e);
int path_open_parent(struct path_parent *p, int rootfd, const char *path, mode_t mode,
		     char name[NAME_MAX + 1], struct err *e);
void path_parent_done(struct path_parent *p);
int path_fd_link(int fd, char ret_path[32]);

#endif
