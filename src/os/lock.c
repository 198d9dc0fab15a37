/* lock.c - see lock.h */
#include "os/lock.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/own.h"
#include "os/random.h"

/* lock_is_named() - is the open file or folder @fd still the one of that name? Links are not followed */
bool lock_is_named(int fd, int dirfd, const char *name)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && fstatat(dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static int open_folder(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/**
 * lock_make() - make the folder @name, locked; nobody else may look into it
 *
 * Until we have the lock somebody may take it for what a killed process has left, and remove it.
 *
 * Return: its descriptor, or -1; e->sysno is EEXIST where there is one.
 */
int lock_make(int dirfd, const char *name, struct err *e)
{
	for (;;) {
		own_fd int fd = FD_NONE;

		if (mkdirat(dirfd, name, 0700) < 0)
			return fail_sys(e, "make the folder '%s'", name);
		fd = open_folder(dirfd, name);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || flock(fd, LOCK_EX) < 0)
			return fail_sys(e, "lock the folder '%s'", name);
		if (lock_is_named(fd, dirfd, name))
			return give_fd(&fd);
	}
}

/* lock_make_new() - the same by a name that nobody else has: @prefix, and a number */
int lock_make_new(int dirfd, const char *prefix, char ret_name[LOCK_NAME], struct err *e)
{
	uint64_t number;

	if (random_fill(&number, sizeof(number), e) < 0)
		return -1;
	snprintf(ret_name, LOCK_NAME, "%s%016llx", prefix, (unsigned long long)number);
	return lock_make(dirfd, ret_name, e);
}

/**
 * lock_try_left() - take a folder that nobody holds
 *
 * Return: its descriptor, locked; -EWOULDBLOCK: somebody has it, or it is another's by now; -errno.
 */
int lock_try_left(int dirfd, const char *name)
{
	own_fd int fd = open_folder(dirfd, name);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return lock_is_named(fd, dirfd, name) ? give_fd(&fd) : -EWOULDBLOCK;
}
