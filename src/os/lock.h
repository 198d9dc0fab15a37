/* lock.h - folders that are somebody's as long as he has them locked (flock(2))
 *
 * The kernel drops the lock with its holder. So a folder that is there only while somebody works in it,
 * and that nobody has locked, is what a killed process has left, and anybody may remove it.
 */
#ifndef OS_LOCK_H
#define OS_LOCK_H

#include <stdbool.h>

#include "base/err.h"

#define LOCK_NAME 48 /* room for a name that lock_make_new() gives */

bool lock_is_named(int fd, int dirfd, const char *name);
int lock_make(int dirfd, const char *name, struct err *e);
int lock_make_new(int dirfd, const char *prefix, char ret_name[LOCK_NAME], struct err *e);
int lock_try_left(int dirfd, const char *name);

#endif
