/* enter_seccomp.c - the seccomp filters of the process that is entered: read, and put on
 *
 * The kernel hands none on, but shows them to a tracer with CAP_SYS_ADMIN. A helper traces the process
 * for the moment that it takes to read them: it stops, and goes on as it was, but that a few system
 * calls that wait (epoll_wait among them) end with EINTR, as after SIGSTOP and SIGCONT. The helper has
 * bounded time, and the kernel lets go of the process when the helper is ended.
 *
 * The filters are the container's: they may answer a system call with success and do nothing. So they
 * are put on last, when there is nothing left to do but exec. The right to put them on is lost there.
 */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "host/child.h"
#include "ns/enter_priv.h"
#include "os/caps.h"
#include "os/file.h"
#include "os/seccomp_load.h"

#define FILTERS_MAX 512
#define INSNS_MAX   (1U << 15) /* MAX_INSNS_PER_PATH of the kernel: of all of a process's filters */
#define HELPER_NS   INT64_C(10000000000)

/**
 * struct seccomp_copy - what the helper has read, in memory that it shares with us
 * @done:  it came to the end
 * @error: errno
 * @len, @flags: of each filter, the oldest first; their instructions lie one behind the other
 */
struct seccomp_copy {
	int done, error;
	unsigned n, n_insns;
	unsigned len[FILTERS_MAX], flags[FILTERS_MAX];
	struct sock_filter insns[INSNS_MAX];
};

/* struct metadata - struct seccomp_metadata, which musl's headers do not have beside the kernel's */
struct metadata {
	uint64_t filter_off, flags;
};

/* --- the helper ------------------------------------------------------------------------------ */

/* Of those that are stopped by it, or by a signal that comes in this moment and goes on to it. */
static int stop(pid_t pid, int *ret_signal)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return -errno;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFSTOPPED(status))
		return -ESRCH;
	*ret_signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
	return 0;
}

static int read_filters(pid_t pid, struct seccomp_copy *to)
{
	for (; to->n < FILTERS_MAX; to->n++) {
		struct metadata m = { .filter_off = to->n };
		long len =
			ptrace((int)PTRACE_SECCOMP_GET_FILTER, pid, (void *)(uintptr_t)to->n, NULL);

		if (len < 0)
			return errno == ENOENT && to->n ? 0 : -errno;
		if ((unsigned long)len > INSNS_MAX - to->n_insns)
			return -E2BIG;
		if (ptrace((int)PTRACE_SECCOMP_GET_FILTER, pid, (void *)(uintptr_t)to->n,
			   &to->insns[to->n_insns]) != len)
			return -EIO;
		/* Linux 4.16 */
		if (ptrace((int)PTRACE_SECCOMP_GET_METADATA, pid, (void *)sizeof(m), &m) >= 0)
			to->flags[to->n] = (unsigned)m.flags & SECCOMP_FILTER_FLAG_LOG;
		to->len[to->n] = (unsigned)len;
		to->n_insns += (unsigned)len;
	}
	return -E2BIG;
}

static int trace(const struct nsfs_target *t, struct seccomp_copy *to)
{
	int sig = 0, r;

	if (ptrace(PTRACE_SEIZE, t->pid, NULL, NULL) < 0)
		return -errno;
	/* who is traced keeps his number: is he the one? */
	if (faccessat(t->proc, "stat", F_OK, 0) < 0)
		return -ESRCH;
	r = stop(t->pid, &sig);
	if (r < 0)
		return r;
	r = read_filters(t->pid, to);
	(void)ptrace(PTRACE_DETACH, t->pid, NULL, (void *)(intptr_t)sig);
	return r;
}

/* --- reading --------------------------------------------------------------------------------- */

static int await(pid_t helper)
{
	int64_t end = clock_now_ns() + HELPER_NS;
	int status;
	pid_t r;

	while ((r = waitpid(helper, &status, WNOHANG)) == 0 && clock_now_ns() < end)
		clock_nap_ns(200000);
	if (r > 0)
		return 0;
	(void)kill(helper, SIGKILL);
	(void)waitpid(helper, &status, 0);
	return -ETIMEDOUT;
}

static int copy_filters(const struct nsfs_target *t, struct seccomp_copy *to, struct err *e)
{
	struct child helper;
	int why = FD_NONE, side = child_fork(&helper, &why, e);

	if (side < 0)
		return -1;
	if (side == 0) {
		to->error = -trace(t, to);
		to->done = 1;
		_exit(0);
	}
	fd_close(&helper.why);
	if (await(helper.pid) < 0)
		to->error = ETIMEDOUT;
	else if (!to->done)
		to->error = EIO;
	return 0;
}

/* What the kernel, or a policy around us, does not let anybody do, however he asks. */
static bool is_impossible(int error)
{
	/* EIO and EINVAL: not built in (CONFIG_CHECKPOINT_RESTORE); EACCES: no CAP_SYS_ADMIN, or we are
	 * under a filter ourselves; ENOSYS: that filter's */
	return error == EIO || error == EINVAL || error == EACCES || error == ENOSYS;
}

static bool has_filters(int proc)
{
	char text[8192];
	const char *mode;

	if (file_try_read(proc, "status", text, sizeof(text)) < 0)
		return true;
	mode = strstr(text, "\nSeccomp:");
	return mode && strchr("12", mode[strlen("\nSeccomp:\t")]);
}

static int explain(const struct nsfs_target *t, int error, struct err *e)
{
	fail_errno(e, error, "read the seccomp filters of process %d", (int)t->pid);
	if (error == EPERM)
		return fail_hint(e, "it may be traced by another already; without its filters: "
				    "--no-seccomp");
	return fail_hint(e, "without its filters: --no-seccomp");
}

/* ns_enter_follow_seccomp() - read the filters of the process, if it has any */
int ns_enter_follow_seccomp(struct entering *in, struct err *e)
{
	struct seccomp_copy *copy;

	if (!has_filters(in->target.proc))
		return 0;
	copy = mmap(NULL, sizeof(*copy), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED)
		return fail_sys(e, "make room for seccomp filters");
	in->seccomp = copy;
	if (copy_filters(&in->target, copy, e) < 0)
		return -1;
	if (!copy->error)
		return 0;
	if (!is_impossible(copy->error))
		return explain(&in->target, copy->error, e);
	log_warn("the container's seccomp filters cannot be read, and do not hold for what is "
		 "entered: %s",
		 strerror(copy->error));
	ns_enter_seccomp_done(in);
	return 0;
}

void ns_enter_seccomp_done(struct entering *in)
{
	if (in->seccomp)
		(void)munmap(in->seccomp, sizeof(*in->seccomp));
	in->seccomp = NULL;
}

/* --- putting on ------------------------------------------------------------------------------ */

/* ns_enter_seccomp_keep() - before the user changes: what putting on will take stays */
int ns_enter_seccomp_keep(const struct entering *in, struct err *e)
{
	if (!in->seccomp || in->no_new_privs)
		return 0;
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ? fail_sys(e, "keep capabilities") : 0;
}

/* The change of user has taken all but the permission; and only one is needed. Root's are his. */
static int raise_admin(struct err *e)
{
	const uint64_t admin = UINT64_C(1) << CAP_SYS_ADMIN;
	struct caps now;

	if (caps_read(&now, e) < 0)
		return -1;
	if ((now.effective & admin) || !(now.permitted & admin))
		return 0;
	return caps_set(admin, admin, 0, e);
}

/* ns_enter_seccomp_put() - the last step before exec: from now on system calls may lie */
int ns_enter_seccomp_put(const struct entering *in, struct err *e)
{
	const struct seccomp_copy *s = in->seccomp;
	const struct sock_filter *at = s ? s->insns : NULL;

	if (!s)
		return 0;
	if (!in->no_new_privs && raise_admin(e) < 0)
		return fail_in(e, "put on the container's seccomp filters");
	for (unsigned i = 0; i < s->n; at += s->len[i++])
		if (seccomp_install(at, s->len[i] * sizeof(*at), s->flags[i], NULL, e) < 0)
			return fail_in(e, "put on the container's seccomp filters");
	return 0;
}
