/* adopt_move.c - who is in the pid namespace is moved from in there, the others one by one */
#include "any/adopt_move.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "host/child.h"
#include "host/proc_scan.h"
#include "os/file.h"
#include "os/nsfs.h"
#include "os/sys.h"

#define HELPER_MS 20000 /* it is a few writes; one of the container's may stop or kill it */

/* --- from inside ----------------------------------------------------------------------------- */

static bool read_status(int proc, struct proc_status *ret)
{
	char text[8192];

	return file_try_read(proc, "status", text, sizeof(text)) >= 0 &&
	       proc_parse_status(text, ret) == 0;
}

/* struct pid_world - a pid namespace; @level: how far below ours it is */
struct pid_world {
	int fd;
	uint64_t inode;
	size_t level;
};

/* Is the process in it, or in one below it? */
static bool is_inside(int proc, const struct pid_world *w)
{
	int ns = openat(proc, nsfs_kinds[NSFS_PID].path, O_RDONLY | O_CLOEXEC);
	enum nsfs_type type;
	uint64_t inode;
	bool found = false;

	while (ns >= 0 && !found && nsfs_try_look(ns, &type, &inode) == 0) {
		int above = nsfs_try_parent(ns);

		found = inode == w->inode;
		fd_take(&ns, above < 0 ? FD_NONE : above);
	}
	fd_close(&ns);
	return found;
}

/* Its number in there; 0 when it has none. */
static pid_t number_inside(pid_t pid, const struct pid_world *w)
{
	struct proc_status st;
	char path[32];

	if (w->fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	own_fd int proc = fd_open(path, O_PATH | O_DIRECTORY);

	if (proc < 0 || !read_status(proc, &st) || st.n_nspid <= w->level || !is_inside(proc, w))
		return 0;
	return st.nspid[w->level];
}

/* The helper, whose pid namespace the numbers are of. */
static int move_numbers(const pid_t *inside, size_t n, const struct cgroup_place *to, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct err one = { 0 };

		if (inside[i] && cgroup_place_attach(to, inside[i], &one) < 0 &&
		    one.sysno != ESRCH) {
			*e = one;
			return -1;
		}
	}
	return 0;
}

static int await(struct child *helper, struct err *e)
{
	struct pollfd p = { .fd = helper->why, .events = POLLIN };
	struct err theirs = { 0 };
	bool told = false;
	int status, r;

	do
		r = poll(&p, 1, HELPER_MS);
	while (r < 0 && errno == EINTR);
	if (r > 0)
		told = read(helper->why, &theirs, sizeof(theirs)) == (ssize_t)sizeof(theirs);
	else
		(void)kill(helper->pid, SIGKILL);
	fd_close(&helper->why);
	while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (told) {
		*e = theirs;
		return -1;
	}
	return r > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0
		       ? 0
		       : fail(e, ERR_CONFLICT, "move its processes: the container was in the way");
}

/* Only children are born into the namespace; we stay where we are. */
static int fork_inside(int pidns, struct child *ret_child, int *ret_why, struct err *e)
{
	own_fd int ours = fd_open("/proc/self/ns/pid", O_RDONLY);
	int side;

	if (ours < 0)
		return fail_sys(e, "open '/proc/self/ns/pid'");
	if (setns(pidns, CLONE_NEWPID) < 0)
		return fail_sys(e, "enter its pid namespace");
	side = child_fork(ret_child, ret_why, e);
	if (side != 0 && setns(ours, CLONE_NEWPID) < 0)
		log_error("return to our pid namespace: %s", strerror(errno));
	return side;
}

static int move_inside(int pidns, const pid_t *inside, size_t n, const struct cgroup_place *to,
		       struct err *e)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), why = FD_NONE, side;
	struct child helper;

	/* to those in there its memory is not to be had, nor its executable */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail_sys(e, "become undumpable");
	side = fork_inside(pidns, &helper, &why, e);
	if (side == 0) {
		if (move_numbers(inside, n, to, e) < 0)
			child_failed(why, e);
		_exit(0);
	}
	(void)prctl(PR_SET_DUMPABLE, dumpable == 1, 0, 0, 0);
	return side < 0 ? -1 : await(&helper, e);
}

/* --- one by one ------------------------------------------------------------------------------ */

static bool is_in(int proc, const struct cgroup_place *p)
{
	own_mem char *text = NULL;
	struct err ignored = { 0 };
	const char *rest;
	struct cgroup_line line;

	if (file_read(proc, "cgroup", 65536, &text, &ignored) < 0)
		return false;
	for (rest = text; cgroup_line_next(&rest, &line);) {
		size_t len = strlen(p->path);

		if (line.hierarchy_len == strlen(p->in->name) &&
		    strncmp(line.hierarchy, p->in->name, line.hierarchy_len) == 0)
			return line.path_len >= len && strncmp(line.path, p->path, len) == 0 &&
			       (line.path_len == len || line.path[len] == '/');
	}
	return false;
}

static uint64_t namespace_of(int proc, enum nsfs_type type)
{
	uint64_t inode = 0;
	enum nsfs_type is;

	return nsfs_try_link(proc, nsfs_kinds[type].path, &is, &inode) < 0 ? 0 : inode;
}

static bool is_alike(int proc, pid_t pid, const struct adopt_crowd *crowd)
{
	own_target first = NSFS_TARGET_NONE;
	struct err ignored = { 0 };

	if (pid == crowd->first)
		return process_alive(pid, crowd->start);
	if (nsfs_target_open(crowd->first, &first, &ignored) < 0 ||
	    !process_alive(crowd->first, crowd->start))
		return false;
	for (enum nsfs_type t = 0; t < NSFS_TYPES; t++) {
		uint64_t its = namespace_of(proc, t);

		if ((t == NSFS_PID || t == NSFS_MNT) &&
		    (!its || its != namespace_of(first.proc, t)))
			return false;
	}
	return true;
}

static bool is_reaped(const struct nsfs_target *t)
{
	/* without pidfds (Linux < 5.3) by its folder */
	if (t->pidfd < 0)
		return faccessat(t->proc, "stat", F_OK, 0) < 0;
	return sys_pidfd_send_signal(t->pidfd, 0) < 0 && errno == ESRCH;
}

/**
 * adopt_put_back() - after a process that had ended was moved by its number
 * @to: where to; only the hierarchy and the path are looked at
 *
 * Who has the number now is young, and was born where his parent is; if it was we who moved him he
 * goes back there.
 */
void adopt_put_back(pid_t pid, const struct cgroup_place *to)
{
	own_target now = NSFS_TARGET_NONE, parent = NSFS_TARGET_NONE;
	own_mem char *text = NULL;
	struct process_stat st;
	struct err why = { 0 };
	const char *rest;
	struct cgroup_line line;

	if (nsfs_target_open(pid, &now, &why) < 0 || !is_in(now.proc, to) ||
	    process_try_stat(pid, &st) < 0 || nsfs_target_open(st.parent, &parent, &why) < 0 ||
	    is_in(parent.proc, to) || file_read(parent.proc, "cgroup", 65536, &text, &why) < 0)
		return;
	for (rest = text; cgroup_line_next(&rest, &line);) {
		char dir[CGROUP_PATH_MAX];
		struct cgroup_place home = { .in = to->in, .dir = dir };

		if (line.hierarchy_len != strlen(to->in->name) ||
		    strncmp(line.hierarchy, to->in->name, line.hierarchy_len) != 0 ||
		    snprintf(dir, sizeof(dir), "%s%.*s", to->in->mount, (int)line.path_len,
			     line.path) >= (int)sizeof(dir))
			continue;
		if (cgroup_place_attach(&home, pid, &why) < 0 && why.sysno != ESRCH)
			log_warn("process %d was moved by mistake: %s", (int)pid, why.text);
	}
}

/**
 * adopt_move_pinned() - move a process by its number, if it is one of the crowd's
 *
 * Return: 1 when it was moved; 0 when it is gone, or somebody else's; -1.
 */
int adopt_move_pinned(pid_t pid, const struct adopt_crowd *crowd, const struct cgroup_place *to,
		      struct err *e)
{
	own_target t = NSFS_TARGET_NONE;
	struct err why = { 0 };

	if (nsfs_target_open(pid, &t, &why) < 0)
		return 0;
	if (crowd->from ? !is_in(t.proc, crowd->from) : !is_alike(t.proc, pid, crowd))
		return 0;
	if (cgroup_place_attach(to, pid, &why) < 0) {
		if (why.sysno == ESRCH)
			return 0;
		*e = why;
		return -1;
	}
	if (!is_reaped(&t))
		return 1;
	adopt_put_back(pid, to);
	return 0;
}

/* Is it there already? A cgroup does not list who had lost the first thread when he came. */
static bool is_there(pid_t pid, const struct cgroup_place *to)
{
	own_target t = NSFS_TARGET_NONE;
	struct err ignored = { 0 };

	return nsfs_target_open(pid, &t, &ignored) == 0 && is_in(t.proc, to);
}

/* --- both ------------------------------------------------------------------------------------ */

/* The container's pid namespace, if it has one below ours. */
static struct pid_world open_pid_world(const struct adopt_crowd *crowd)
{
	own_target first = NSFS_TARGET_NONE;
	struct pid_world w = { .fd = FD_NONE };
	struct err ignored = { 0 };
	struct proc_status st;
	enum nsfs_type type;

	if (nsfs_target_open(crowd->first, &first, &ignored) < 0 ||
	    !process_alive(crowd->first, crowd->start) || !read_status(first.proc, &st) ||
	    st.n_nspid < 2)
		return w;
	w.level = st.n_nspid - 1;
	w.fd = openat(first.proc, nsfs_kinds[NSFS_PID].path, O_RDONLY | O_CLOEXEC);
	if (w.fd >= 0 && nsfs_try_look(w.fd, &type, &w.inode) < 0)
		fd_close(&w.fd);
	return w;
}

/**
 * adopt_move() - move processes of a container into a cgroup
 * @pids:      in our pid namespace; what has ended meanwhile, or is nobody of the container's, is no
 *             error
 * @ret_moved: how many were tried
 */
int adopt_move(const struct adopt_crowd *crowd, const pid_t *pids, size_t n,
	       const struct cgroup_place *to, size_t *ret_moved, struct err *e)
{
	own_mem pid_t *inside = calloc(n + 1, sizeof(*inside));
	struct pid_world w = open_pid_world(crowd);
	own_fd int pidns = w.fd;
	size_t n_inside = 0;

	*ret_moved = 0;
	if (!inside)
		return fail_errno(e, ENOMEM, "move processes");
	for (size_t i = 0; i < n; i++) {
		pid_t number = number_inside(pids[i], &w);
		int r = 0;

		if (!crowd->from && is_there(pids[i], to))
			continue;
		if (number)
			inside[n_inside++] = number;
		else
			r = adopt_move_pinned(pids[i], crowd, to, e);
		if (r < 0)
			return -1;
		*ret_moved += (size_t)(number != 0) + (size_t)r;
	}
	return n_inside ? move_inside(pidns, inside, n_inside, to, e) : 0;
}
