/* own.h - who frees what: scope-bound owners and explicit hand-over */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FD_NONE (-EBADF) /* a system call that gets it by mistake says EBADF */

static inline void own_free_(void *p)
{
	free(*(void **)p);
}

/* Never retried: on Linux the descriptor is gone even after EINTR. */
static inline void own_close_(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

static inline void own_closedir_(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

#define own_mem __attribute__((cleanup(own_free_)))
#define own_fd  __attribute__((cleanup(own_close_)))
#define own_dir __attribute__((cleanup(own_closedir_)))

/* give(x) - return @x and forget it, so the scope no longer owns it */
#define give(x) \
	__extension__({ \
		__typeof__(x) v_ = (x); \
		(x) = NULL; \
		v_; \
	})

/* fd_open() - open(2) with O_CLOEXEC; musl's open() spends another call on that flag */
static inline int fd_open(const char *path, int flags)
{
	return openat(AT_FDCWD, path, flags | O_CLOEXEC);
}

static inline int give_fd(int *fd)
{
	int v = *fd;

	*fd = FD_NONE;
	return v;
}

/* fd_close() - close what @fd holds, if anything, and mark it empty */
static inline void fd_close(int *fd)
{
	own_close_(fd);
	*fd = FD_NONE;
}

/* fd_take() - put @v where @fd was, closing the old one */
static inline void fd_take(int *fd, int v)
{
	own_close_(fd);
	*fd = v;
}

#endif
