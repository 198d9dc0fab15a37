/* file_copy.c - FICLONE (ioctl_ficlonerange(2)), copy_file_range(2), and read and write at last */
#include "os/file_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/own.h"
#include "os/sys.h"

#define PIECE ((size_t)256 << 10)

/* file_try_share() - share all blocks; false where the file systems can't */
bool file_try_share(int from, int to)
{
	return !sys_lacks(SYS_FICLONE) && ioctl(to, FICLONE, from) == 0;
}

static int copy_by_hand(int from, int to, off_t at, off_t end, struct err *e)
{
	own_mem char *piece = malloc(PIECE);

	if (!piece)
		return fail_errno(e, ENOMEM, "copy a file");
	while (at < end) {
		size_t want = (size_t)(end - at) < PIECE ? (size_t)(end - at) : PIECE;
		ssize_t n = pread(from, piece, want, at), done = 0;

		if (n < 0)
			return fail_sys(e, "read");
		if (n == 0)
			return 0; /* shorter than it was */
		for (ssize_t w; done < n; done += w) {
			w = pwrite(to, piece + done, (size_t)(n - done), at + done);
			if (w < 0)
				return fail_sys(e, "write");
		}
		at += n;
	}
	return 0;
}

static int copy_range(int from, int to, off_t at, off_t end, struct err *e)
{
	off_t out = at;

	while (at < end) {
		ssize_t n = copy_file_range(from, &at, to, &out, (size_t)(end - at), 0);

		if (n < 0 &&
		    (errno == EXDEV || errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS))
			return copy_by_hand(from, to, at, end, e);
		if (n < 0)
			return fail_sys(e, "copy");
		if (n == 0)
			return 0;
	}
	return 0;
}

/**
 * file_copy() - copy all of a file into an empty one
 * @shares: whether blocks may be shared is tried; set to false once they can't
 */
int file_copy(int from, int to, uint64_t size, bool *shares, struct err *e)
{
	off_t at = 0, end = (off_t)size;

	if (*shares && size && file_try_share(from, to))
		return 0;
	if (size)
		*shares = false;
	while (at < end) {
		off_t data = lseek(from, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			break; /* nothing but a hole is left */
		if (data < 0)
			return copy_range(from, to, at, end, e);
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			hole = end;
		if (copy_range(from, to, data, hole < end ? hole : end, e) < 0)
			return -1;
		at = hole;
	}
	return ftruncate(to, end) < 0 ? fail_sys(e, "give it its size") : 0;
}
