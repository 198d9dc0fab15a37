/* cgroup_control.c - all processes of a container at once: list, freeze, signal, kill */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_file.h"
#include "os/cgroup_priv.h"
#include "os/sys.h"

#define FREEZE_TRIES   1000
#define FREEZE_V2_MSEC 10000
#define KILL_ROUNDS    100

/* --- list ------------------------------------------------------------------------------- */

struct pid_list {
	int64_t *at;
	size_t n, room;
};

static int pid_add(struct pid_list *l, int64_t pid)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		int64_t *grown = realloc(l->at, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		l->at = grown;
		l->room = room;
	}
	l->at[l->n++] = pid;
	return 0;
}

/* Reads one cgroup.procs; a number may be split between two reads. */
static int procs_of(int dirfd, void *ctx)
{
	own_fd int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char buf[4096];
	int64_t pid = 0;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9') {
				pid = pid * 10 + (buf[i] - '0');
				continue;
			}
			/* 0 stands for a process of another pid namespace */
			if (pid && pid_add(ctx, pid) < 0)
				return -ENOMEM;
			pid = 0;
		}
	}
	/* ENODEV: removed meanwhile. EOPNOTSUPP: threaded, its processes show further up. */
	return n < 0 && errno != ENODEV && errno != EOPNOTSUPP ? -errno : 0;
}

static int pids_in(int dirfd, struct pid_list *l)
{
	const struct cgroup_walk below = { .enter = procs_of, .ctx = l };
	int r = procs_of(dirfd, l);

	return r < 0 ? r : cgroup_try_walk(dirfd, &below);
}

/* All processes in and below one place; the caller frees *@ret_pids. */
int cgroup_try_pids(const struct cgroup_place *p, int64_t **ret_pids, size_t *ret_n)
{
	own_fd int fd = cgroup_try_open(p);
	struct pid_list l = { 0 };
	int r = -ENOENT;

	if (fd < 0)
		return fd;
	/* a cgroup that vanished under the walk: look again */
	for (int i = 0; i < 5 && r == -ENOENT; i++) {
		l.n = 0;
		r = pids_in(fd, &l);
	}
	if (r < 0) {
		free(l.at);
		return r;
	}
	*ret_pids = l.at;
	*ret_n = l.n;
	return 0;
}

/* The place that knows best who belongs to the container: a process may be moved between
 * cgroups by whoever it was delegated to, and v2 is what is delegated. */
static const struct cgroup_place *census(const struct cgroup *cg)
{
	static const unsigned order[] = { CGROUP_FREEZER, CGROUP_DEVICES, CGROUP_PIDS,
					  CGROUP_MEMORY };
	const struct cgroup_place *p = cgroup_v2(cg);

	for (size_t i = 0; !p && i < COUNT(order); i++)
		p = cgroup_with(cg, order[i]);
	return p ? p : cg->n ? &cg->at[0] : NULL;
}

/**
 * cgroup_pids() - every process in the container's cgroup and below it
 * @ret_pids: as seen from our pid namespace, in @a's memory; none when the cgroup is gone
 */
int cgroup_pids(const struct cgroup *cg, struct numbers *ret_pids, struct arena *a, struct err *e)
{
	const struct cgroup_place *p = census(cg);
	own_mem int64_t *pids = NULL;
	size_t n = 0;
	int r = p ? cgroup_try_pids(p, &pids, &n) : 0;
	int64_t *at;

	if (r < 0 && r != -ENOENT && r != -ENODEV)
		return fail_errno(e, -r, "list the processes of cgroup '%s'", p->dir);
	at = arena_array(a, n ? n : 1, sizeof(*at));
	if (!at)
		return fail_errno(e, ENOMEM, "list the processes of cgroup '%s'", p->dir);
	if (n)
		memcpy(at, pids, n * sizeof(*at));
	*ret_pids = (struct numbers){ .at = at, .n = n };
	return 0;
}

/* cgroup_empty() - has the container no process left (or no cgroup any more)? */
int cgroup_empty(const struct cgroup *cg, bool *ret_empty, struct err *e)
{
	struct arena a = { 0 };
	struct numbers pids;
	int r = cgroup_pids(cg, &pids, &a, e);

	if (r == 0)
		*ret_empty = pids.n == 0;
	arena_done(&a);
	return r;
}

/* --- freeze ------------------------------------------------------------------------------ */

static int frozen_v1(int dirfd, enum cgroup_frozen *ret_state)
{
	char text[32];
	int r = cgroup_try_read(dirfd, "freezer.state", text, sizeof(text));

	if (r < 0)
		return r;
	*ret_state = strcmp(text, "FROZEN") == 0     ? CGROUP_FROZEN
		     : strcmp(text, "FREEZING") == 0 ? CGROUP_FREEZING
						     : CGROUP_THAWED;
	return 0;
}

static int frozen_v2(int dirfd, enum cgroup_frozen *ret_state)
{
	char text[256];
	int r = cgroup_try_read(dirfd, "cgroup.freeze", text, sizeof(text));

	if (r < 0)
		return r;
	*ret_state = CGROUP_THAWED;
	if (strcmp(text, "1") != 0)
		return 0;
	r = cgroup_try_read(dirfd, "cgroup.events", text, sizeof(text));
	if (r < 0)
		return r;
	*ret_state = strstr(text, "frozen 1") ? CGROUP_FROZEN : CGROUP_FREEZING;
	return 0;
}

int cgroup_try_frozen(int dirfd, enum cgroup_version version, enum cgroup_frozen *ret_state)
{
	return version == CGROUP_V1 ? frozen_v1(dirfd, ret_state) : frozen_v2(dirfd, ret_state);
}

/* A v1 freezer may never settle while processes keep appearing (fork, exec into the
 * container); thawing for a moment now and then lets it through. Fixed in v2 only. */
static int freeze_v1(int dirfd)
{
	enum cgroup_frozen state = CGROUP_FREEZING;
	unsigned nap = 20;
	int r = 0;

	for (int i = 0; i < FREEZE_TRIES && r == 0; i++) {
		r = cgroup_try_write(dirfd, "freezer.state", "FROZEN");
		if (r == 0)
			r = frozen_v1(dirfd, &state);
		if (r < 0 || state == CGROUP_FROZEN)
			break;
		if (i % 50 == 49) {
			r = cgroup_try_write(dirfd, "freezer.state", "THAWED");
			nap = 10 * 1000;
		}
		if (i > 2)
			cgroup_nap(&nap, 1000);
	}
	if (r == 0 && state == CGROUP_FROZEN)
		return 0;
	(void)cgroup_try_write(dirfd, "freezer.state", "THAWED");
	return r < 0 ? r : -ETIMEDOUT;
}

/* cgroup.events tells poll() by POLLPRI that it has changed. */
static int freeze_v2(int dirfd)
{
	own_fd int events = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct pollfd poller = { .fd = events, .events = POLLPRI };
	char text[256];
	int r = cgroup_try_write(dirfd, "cgroup.freeze", "1");

	if (r < 0 || events < 0)
		return r < 0 ? r : -ENOENT;
	for (int left = FREEZE_V2_MSEC; left > 0; left -= 100) {
		ssize_t n = pread(events, text, sizeof(text) - 1, 0);

		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (strstr(text, "frozen 1"))
			return 0;
		(void)poll(&poller, 1, 100);
	}
	(void)cgroup_try_write(dirfd, "cgroup.freeze", "0");
	return -ETIMEDOUT;
}

static const struct cgroup_place *freezer(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_place *p = cgroup_with(cg, CGROUP_FREEZER);

	if (!p) {
		fail(e, ERR_UNSUPPORTED, "this container has no freezer cgroup");
		fail_hint(
			e,
			"the v1 freezer hierarchy or cgroup v2 must be mounted when it is created");
	}
	return p;
}

/**
 * cgroup_freeze() - stop every process of the container, and return when all have stopped
 *
 * On failure the cgroup is thawed again: a half-frozen one is of no use to anybody.
 */
int cgroup_freeze(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_place *p = freezer(cg, e);
	own_fd int fd = p ? cgroup_place_open(p, e) : FD_NONE;
	int r;

	if (fd < 0)
		return -1;
	r = p->in->version == CGROUP_V1 ? freeze_v1(fd) : freeze_v2(fd);
	return r < 0 ? fail_errno(e, -r, "freeze cgroup '%s'", p->dir) : 0;
}

/* cgroup_thaw() - let the container's processes go on */
int cgroup_thaw(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_place *p = freezer(cg, e);
	own_fd int fd = p ? cgroup_place_open(p, e) : FD_NONE;
	bool v1;
	int r;

	if (fd < 0)
		return -1;
	v1 = p->in->version == CGROUP_V1;
	r = cgroup_try_write(fd, v1 ? "freezer.state" : "cgroup.freeze", v1 ? "THAWED" : "0");
	return r < 0 ? fail_errno(e, -r, "thaw cgroup '%s'", p->dir) : 0;
}

/* cgroup_frozen() - what state the container is in; without a freezer it is CGROUP_THAWED */
int cgroup_frozen(const struct cgroup *cg, enum cgroup_frozen *ret_state, struct err *e)
{
	const struct cgroup_place *p = cgroup_with(cg, CGROUP_FREEZER);
	own_fd int fd = p ? cgroup_try_open(p) : FD_NONE;
	int r;

	*ret_state = CGROUP_THAWED;
	if (fd < 0)
		return 0;
	r = cgroup_try_frozen(fd, p->in->version, ret_state);
	if (r < 0 && r != -ENOENT && r != -ENODEV)
		return fail_errno(e, -r, "read the freezer of cgroup '%s'", p->dir);
	return 0;
}

/* --- signal ------------------------------------------------------------------------------ */

/* One round over all processes; returns how many there were, or -errno. */
static int signal_round(const struct cgroup_place *p, int sig)
{
	own_mem int64_t *pids = NULL;
	size_t n = 0;
	int r = cgroup_try_pids(p, &pids, &n);

	if (r < 0)
		return r == -ENOENT || r == -ENODEV ? 0 : r;
	for (size_t i = 0; i < n; i++)
		if (kill((pid_t)pids[i], sig) < 0 && errno != ESRCH)
			return -errno;
	return (int)n;
}

/* Frozen, nothing forks away between the listing and the signal. A container that the user
 * has paused stays paused. */
static int signal_frozen(const struct cgroup *cg, const struct cgroup_place *p, int sig, bool thaw)
{
	enum cgroup_frozen before = CGROUP_FROZEN;
	struct err ignored = { 0 };
	bool frozen = false;
	int r;

	(void)cgroup_frozen(cg, &before, &ignored);
	if (before == CGROUP_THAWED && cgroup_with(cg, CGROUP_FREEZER))
		frozen = cgroup_freeze(cg, &ignored) == 0;
	r = signal_round(p, sig);
	if (frozen || (thaw && before != CGROUP_THAWED))
		(void)cgroup_thaw(cg, &ignored);
	return r;
}

/**
 * cgroup_signal() - send @sig to every process in and below the container's cgroup
 *
 * SIGKILL: see cgroup_kill(), which also waits for nobody but leaves nobody out.
 */
int cgroup_signal(const struct cgroup *cg, int sig, struct err *e)
{
	const struct cgroup_place *p = census(cg);
	int r;

	if (sig == SIGKILL)
		return cgroup_kill(cg, e);
	r = p ? signal_frozen(cg, p, sig, false) : 0;
	return r < 0 ? fail_errno(e, -r, "send signal %d to all processes of cgroup '%s'", sig,
				  p->dir)
		     : 0;
}

/**
 * cgroup_ours() - was the container's cgroup made for it?
 *
 * If not, it was empty when the container was created, but what is in it now need not be the
 * container's: after a crash nobody should be killed there.
 */
bool cgroup_ours(const struct cgroup *cg)
{
	const struct cgroup_place *p = census(cg);

	return p && p->made;
}

static int kill_by_file(const struct cgroup_place *p)
{
	char path[CGROUP_PATH_MAX];

	if (!p || sys_lacks(SYS_CGROUP_KILL))
		return -ENOSYS;
	snprintf(path, sizeof(path), "%s/cgroup.kill", p->dir);
	return cgroup_try_write(AT_FDCWD, path, "1");
}

static void thaw_quietly(const struct cgroup *cg)
{
	struct err ignored = { 0 };

	if (cgroup_with(cg, CGROUP_FREEZER))
		(void)cgroup_thaw(cg, &ignored);
}

/**
 * cgroup_kill() - SIGKILL for every process in and below the container's cgroup
 *
 * By cgroup.kill where there is a v2 hierarchy (also a hybrid host's) on Linux 5.14 or newer;
 * else by listing and signalling until nobody is left. A frozen v1 cgroup is thawed, or nobody
 * in it could die. Returns before the processes are gone only in the first case; what needs
 * them gone (cgroup_remove) waits itself. A cgroup that is gone is no error.
 */
int cgroup_kill(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_place *p = census(cg);
	unsigned nap = 500;
	int r = kill_by_file(cgroup_v2(cg));

	if (!p || r == 0) {
		thaw_quietly(cg);
		return 0;
	}
	for (int i = 0; i < KILL_ROUNDS; i++) {
		r = signal_frozen(cg, p, SIGKILL, true);
		if (r < 0)
			return fail_errno(e, -r, "kill all processes of cgroup '%s'", p->dir);
		if (r == 0)
			return 0;
		cgroup_nap(&nap, 50 * 1000);
	}
	fail(e, ERR_CONFLICT, "kill all processes of cgroup '%s': %d still there", p->dir, r);
	return fail_hint(e, "a process in an uninterruptible wait can't die before it ends");
}
