/* flush.c - see flush.h */
#include "os/flush.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/own.h"

static void *work(void *at)
{
	struct flush *f = at;

	if (fdatasync(f->fd) < 0)
		f->error = errno;
	(void)eventfd_write(f->done, 1);
	return NULL;
}

/**
 * flush_begin() - send a file to the disk
 * @fd: stays the caller's, and open until flush_end()
 *
 * Where no thread can be had it is done at once. Source: fdatasync(2).
 */
int flush_begin(struct flush *f, int fd, struct err *e)
{
	*f = (struct flush){ .fd = fd, .done = eventfd(0, EFD_CLOEXEC) };
	if (f->done < 0)
		return fail_sys(e, "make an eventfd");
	if (pthread_create(&f->thread, NULL, work, f) == 0)
		return 0;
	(void)work(f);
	f->fd = FD_NONE;
	return 0;
}

/* flush_is_done() - would flush_end() return at once? */
bool flush_is_done(const struct flush *f)
{
	struct pollfd p = { .fd = f->done, .events = POLLIN };

	return f->done >= 0 && poll(&p, 1, 0) > 0;
}

/* flush_end() - wait for it, if one was begun; 0, or an errno of the disk's as -errno */
int flush_end(struct flush *f)
{
	if (f->done < 0)
		return 0;
	if (f->fd >= 0)
		(void)pthread_join(f->thread, NULL);
	fd_close(&f->done);
	return -f->error;
}
