/* unpack.c - the engine's side: start a worker, hear it, do what only the engine may do */
#include "layer/unpack.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/clock.h"
#include "base/text.h"
#include "layer/unpack_job.h"
#include "os/clone.h"
#include "os/path.h"
#include "os/spawn.h"

/* once a worker has begun to answer, it must go on */
#define PATIENCE_MS 20000

// clang-format off
const struct unpack_limits unpack_default_limits = {
	.entries     = UINT64_C(1) << 20,
	.path        = 4095,
	.depth       = 512,
	.file        = UINT64_C(1) << 40,
	.total       = UINT64_C(1) << 40,
	.ratio       = 200,
	.ratio_floor = UINT64_C(1) << 28,
	.header      = UINT64_C(1) << 20,
	.xattrs      = 256,
	.xattr_bytes = UINT64_C(1) << 18,
	.regions     = UINT64_C(1) << 18,
};
// clang-format on

static struct unpack_limits limits_of(const struct unpack_order *o)
{
	const struct unpack_limits *l = o->limits, *d = &unpack_default_limits;

	if (!l)
		return *d;
#define OR_DEFAULT(member) .member = l->member ? l->member : d->member
	return (struct unpack_limits){
		OR_DEFAULT(entries), OR_DEFAULT(path),        OR_DEFAULT(depth),
		OR_DEFAULT(file),    OR_DEFAULT(total),       OR_DEFAULT(ratio),
		OR_DEFAULT(header),  OR_DEFAULT(ratio_floor), OR_DEFAULT(xattrs),
		OR_DEFAULT(regions), OR_DEFAULT(xattr_bytes),
	};
#undef OR_DEFAULT
}

static int job_of(const struct unpack_order *o, struct err *e)
{
	const struct unpack_job job = { .size = sizeof(job),
					.mode = o->mode,
					.devices = o->devices,
					.opaque = o->opaque,
					.marked = !o->diff_id,
					.limits = limits_of(o) };

	return memfd_of("job", &job, sizeof(job), e);
}

static int open_program(struct err *e)
{
	char path[PATH_MAX];
	int fd;

	if (spawn_find_beside("tare-unpack", path, sizeof(path), e) < 0)
		return -1;
	fd = fd_open(path, O_PATH);
	return fd < 0 ? fail_sys(e, "open '%s'", path) : fd;
}

/* In namespaces of its own, with the descriptors of its job and no others. */
static pid_t start(const int fds[4], struct err *e)
{
	char words[4][16];
	char name[] = "tare-unpack";
	char *argv[] = { name, words[0], words[1], words[2], words[3], NULL };
	own_fd int program = open_program(e);

	if (program < 0)
		return -1;
	for (int i = 0; i < 4; i++)
		(void)snprintf(words[i], sizeof(words[i]), "%d", fds[i]);
	return clone_exec(&(struct clone_exec){ .flags = CLONE_NEWPID | CLONE_NEWNET |
							 CLONE_NEWIPC | CLONE_NEWUTS,
						.cgroup = -1,
						.image = program,
						.argv = argv,
						.keep = fds,
						.n_keep = 4 },
			  e);
}

/**
 * unpack_start() - start a worker
 * @u: UNPACK_NONE
 *
 * Takes CAP_SYS_ADMIN in the user namespace that we are in.
 *
 * Return: 0, and unpack_finish() or unpack_cancel() must follow; -1 otherwise.
 */
int unpack_start(struct unpack *u, const struct unpack_order *o, struct err *e)
{
	own_fd int job = job_of(o, e), ours = FD_NONE, theirs = FD_NONE, target = FD_NONE;
	int pair[2];
	pid_t pid;

	if (job < 0)
		return -1;
	target = fcntl(o->target, F_DUPFD_CLOEXEC, 3);
	if (target < 0)
		return fail_sys(e, "keep the target folder");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail_sys(e, "make a pipe");
	ours = pair[0];
	theirs = pair[1];
	pid = start((const int[]){ o->input, o->target, theirs, job }, e);
	if (pid < 0)
		return fail_in(e, "start tare-unpack");
	*u = (struct unpack){ .pid = pid,
			      .answer = give_fd(&ours),
			      .target = give_fd(&target),
			      .mode = o->mode,
			      .opaque = o->opaque };
	if (o->diff_id)
		u->diff_id = *o->diff_id;
	return 0;
}

/* unpack_poll_fd() - readable (POLLIN, POLLHUP) when unpack_finish() will not wait */
int unpack_poll_fd(const struct unpack *u)
{
	return u->answer;
}

/* unpack_cancel() - end the worker, if there is one, and forget it */
void unpack_cancel(struct unpack *u)
{
	if (u->pid > 0) {
		(void)kill(u->pid, SIGKILL);
		while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	fd_close(&u->answer);
	fd_close(&u->target);
	*u = (struct unpack)UNPACK_NONE;
}

/* Exactly @len bytes of the answer. @first: however long that takes */
static int hear(const struct unpack *u, void *at, size_t len, bool first, struct err *e)
{
	char *to = at;

	while (len > 0) {
		struct pollfd p = { .fd = u->answer, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, first ? -1 : PATIENCE_MS) == 0)
			return fail(e, ERR_LIMIT, "hear of tare-unpack: it stopped in its answer");
		n = read(u->answer, to, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "hear of tare-unpack");
		if (n == 0)
			return fail(e, ERR_SYSTEM,
				    "hear of tare-unpack: it ended without an answer");
		first = false;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Why it ended: the kernel kills for system calls that it must not make, and for want of memory. */
static int explain_end(struct unpack *u, struct err *e)
{
	int status;

	(void)kill(u->pid, SIGKILL);
	if (waitpid(u->pid, &status, 0) != u->pid)
		return -1;
	u->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		fail_hint(e, "it made a system call that it must not make");
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		fail_hint(e, "signal %d ended it", WTERMSIG(status));
	else if (WIFSIGNALED(status))
		fail_hint(e, "it was killed; for want of memory?");
	return -1;
}

static int hear_failure(const struct unpack *u, struct err *e)
{
	struct err theirs;

	if (hear(u, &theirs, sizeof(theirs), false, e) < 0)
		return -1;
	err_sanitise(&theirs);
	if (theirs.cls == ERR_NONE)
		theirs.cls = ERR_BUG;
	*e = theirs;
	return -1;
}

static int make_opaque(int target, const char *name, struct err *e)
{
	own_fd int fd = path_try_open(target, name, O_RDONLY | O_DIRECTORY, PATH_NOLINKS);

	/* a later entry has replaced it, so there is nothing to hide below it */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return fail_errno(e, -fd, "open the opaque folder '%s'", name);
	return fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0
		       ? fail_sys(e, "make the folder '%s' opaque", name)
		       : 0;
}

/* The names are a stranger's; path_try_open() leaves the folder by none of them. */
static int make_all_opaque(const struct unpack *u, size_t len, struct err *e)
{
	own_mem char *names = NULL;

	if (len == 0)
		return 0;
	if (len > UNPACK_OPAQUE_BYTES || u->mode != UNPACK_OVERLAY ||
	    u->opaque != UNPACK_OPAQUE_TRUSTED)
		return fail(e, ERR_BUG, "hear of tare-unpack: it lists folders that it must not");
	names = malloc(len);
	if (!names)
		return fail_errno(e, ENOMEM, "make folders opaque");
	if (hear(u, names, len, false, e) < 0)
		return -1;
	if (names[len - 1] != '\0')
		return fail(e, ERR_BUG, "hear of tare-unpack: a broken list of folders");
	for (const char *p = names; p < names + len; p += strlen(p) + 1)
		if (make_opaque(u->target, p, e) < 0)
			return -1;
	return 0;
}

static int check_diff_id(const struct unpack *u, const struct unpack_answer *a, struct err *e)
{
	char want[DIGEST_TEXT], got[DIGEST_TEXT];

	if (a->result.diff_id.algorithm != DIGEST_SHA256)
		return fail(e, ERR_BUG, "hear of tare-unpack: no digest");
	if (u->diff_id.algorithm == DIGEST_NONE || digest_same(&u->diff_id, &a->result.diff_id))
		return 0;
	return fail(e, ERR_INPUT, "the layer is not what its image says: it has %s, and not %s",
		    digest_text(&a->result.diff_id, got), digest_text(&u->diff_id, want));
}

static int finish(struct unpack *u, struct unpack_result *ret_result, struct err *e)
{
	struct unpack_answer a;

	if (hear(u, &a, sizeof(a), true, e) < 0)
		return explain_end(u, e);
	if (a.size != sizeof(a))
		return fail(e, ERR_BUG, "hear of tare-unpack: it is of another build");
	if (a.failed)
		return hear_failure(u, e);
	if (check_diff_id(u, &a, e) < 0 || make_all_opaque(u, a.opaque_bytes, e) < 0)
		return -1;
	*ret_result = a.result;
	return 0;
}

/**
 * unpack_finish() - wait for a worker's end, and hear what became of its archive
 * @u: empty afterwards, whatever is returned
 *
 * Return: 0; -1 with ERR_INPUT for an archive that is broken, hostile or not the expected one,
 * ERR_LIMIT for one that asks for too much, ERR_UNSUPPORTED for a compression that we do not know.
 */
int unpack_finish(struct unpack *u, struct unpack_result *ret_result, struct err *e)
{
	int r = finish(u, ret_result, e);

	unpack_cancel(u);
	return r;
}
