/* deflate.c - tare-deflate: bytes from one descriptor to another, compressed
 *
 * usage: tare-deflate gzip|zstd INPUT OUTPUT      (executed by tare-engine only, see codec/deflater.h)
 *
 * It says nothing; its exit status is what errno was, or 0.
 */
#include <string.h>

#include "base/leaks.h"
#include "base/own.h"
#include "base/text.h"
#include "codec/deflate.h"
#include "os/sandbox.h"

#define PIECE ((size_t)256 << 10)

static int write_all(void *of, const void *at, size_t len, struct err *e)
{
	const int *fd = of;
	const char *from = at;

	while (len > 0) {
		ssize_t n = write(*fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "write");
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

static int deflate(enum deflate_format format, int input, int output, struct err *e)
{
	const struct sandbox s = { 0 };
	own_deflate z = { 0 };
	own_mem char *piece = malloc(PIECE);
	ssize_t n;

	if (!piece)
		return fail_errno(e, ENOMEM, "compress");
	if (sandbox_enter(&s, NULL, e) < 0 || deflate_start(&z, format, write_all, &output, e) < 0)
		return -1;
	while ((n = read(input, piece, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "read");
		if (deflate_add(&z, piece, (size_t)n, e) < 0)
			return -1;
	}
	return deflate_end(&z, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	uint64_t input, output;

	if (argc != 4 || text_u64(argv[2], INT32_MAX, &input) < 0 ||
	    text_u64(argv[3], INT32_MAX, &output) < 0)
		return EINVAL;
	if (deflate(strcmp(argv[1], "gzip") == 0 ? DEFLATE_GZIP : DEFLATE_ZSTD, (int)input,
		    (int)output, &e) < 0)
		return e.sysno ? e.sysno : EIO;
	return 0;
}
