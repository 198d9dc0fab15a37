/* unpack.c - tare-unpack: an archive on a descriptor in, files below one folder out
 *
 * usage: tare-unpack INPUT TARGET ANSWER JOB      (executed by tare-engine only, see layer/unpack.c)
 *
 * Before it reads the first byte it shuts itself in (layer/worker_home.c).
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/text.h"
#include "layer/worker.h"
#include "layer/worker_home.h"

static int read_job(int fd, struct unpack_job *ret_job, struct err *e)
{
	if (read(fd, ret_job, sizeof(*ret_job)) != sizeof(*ret_job) ||
	    ret_job->size != sizeof(*ret_job))
		return fail(e, ERR_BUG, "read the job: tare-unpack is not of tare-engine's build");
	return 0;
}

static void write_all(int fd, const void *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		at = (const char *)at + n;
		len -= (size_t)n;
	}
}

static void answer(int fd, const struct unpack_result *result, const struct str *opaque)
{
	const struct unpack_answer a = { .size = sizeof(a),
					 .opaque_bytes = (uint32_t)opaque->len,
					 .result = *result };

	write_all(fd, &a, sizeof(a));
	write_all(fd, opaque->at, opaque->len);
}

static void answer_failure(int fd, const struct err *e)
{
	const struct unpack_answer a = { .size = sizeof(a), .failed = 1 };

	write_all(fd, &a, sizeof(a));
	write_all(fd, e, sizeof(*e));
}

/* Otherwise an image's file would get the numbers 0 to 2, and what libc has to say when it aborts. */
static int fill_standard_streams(struct err *e)
{
	int fd;

	do
		fd = fd_open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return fail_sys(e, "open '/dev/null'");
	(void)close(fd);
	return 0;
}

static int unpack(int input, int target, int job_fd, struct unpack_result *ret_result,
		  struct str *ret_opaque, struct err *e)
{
	struct unpack_job job = { 0 };
	int root;

	(void)umask(0);
	if (fill_standard_streams(e) < 0 || read_job(job_fd, &job, e) < 0)
		return -1;
	(void)close(job_fd);
	root = worker_shut_in(target, e);
	if (root < 0)
		return -1;
	return worker_run(
		&(struct work){ .job = &job, .root = root, .read = inflate_from_fd, .of = &input },
		ret_result, ret_opaque, e);
}

int main(int argc, char **argv)
{
	enum { INPUT, TARGET, ANSWER, JOB, COUNT_OF };
	struct unpack_result result = { 0 };
	struct str opaque = { 0 };
	struct err e = { 0 };
	int fds[COUNT_OF];

	if (argc != 1 + COUNT_OF)
		return 2;
	for (int i = 0; i < COUNT_OF; i++) {
		uint64_t n;

		if (text_u64(argv[1 + i], INT32_MAX, &n) < 0)
			return 2;
		fds[i] = (int)n;
	}
	if (unpack(fds[INPUT], fds[TARGET], fds[JOB], &result, &opaque, &e) < 0)
		answer_failure(fds[ANSWER], &e);
	else
		answer(fds[ANSWER], &result, &opaque);
	/* not exit(): a thread may be reading still */
	_exit(e.cls != ERR_NONE ? 1 : 0);
}
