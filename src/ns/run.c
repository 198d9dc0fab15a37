/* run.c - check, helper, unshare(2), fork, and what is left to do inside
 *
 * Three processes. We make the namespaces, since a program that is not forked is to be ourselves.
 * The helper is forked before that: it writes the maps and binds the namespaces to files, for which
 * the new ones give no rights. The child, where there is to be one, waits until both are done.
 */
#include "ns/run.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "host/child.h"
#include "ns/hold.h"
#include "os/caps.h"
#include "os/creds.h"
#include "os/file.h"
#include "os/sys.h"

/* --- what cannot be -------------------------------------------------------------------------- */

static bool persists(const struct ns_run *r)
{
	for (int i = 0; i < NSFS_TYPES; i++)
		if (r->persist[i])
			return true;
	return false;
}

/* options that make sense only with a type, or with another option */
static int check_needs(const struct ns_run *r, struct err *e)
{
	const struct {
		bool given, met;
		const char *option, *need;
	} rows[] = {
		{ ns_maps_any(&r->maps), r->types & CLONE_NEWUSER, "maps of ids",
		  "a new user namespace" },
		{ r->maps.setgroups != NS_SETGROUPS_KERNEL, r->types & CLONE_NEWUSER, "setgroups",
		  "a new user namespace" },
		{ r->keep_caps, r->types & CLONE_NEWUSER, "keep-caps", "a new user namespace" },
		{ r->mount_proc, r->types & CLONE_NEWNS, "mount-proc", "a new mount namespace" },
		{ r->monotonic.set || r->boottime.set, r->types & CLONE_NEWTIME,
		  "an offset of clocks", "a new time namespace" },
		{ r->kill_child, r->fork, "kill-child", "a child, by fork" },
		{ r->persist[NSFS_PID], r->fork, "a file for the pid namespace",
		  "a child, by fork" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].given && !rows[i].met)
			return fail(e, ERR_INPUT, "%s: it needs %s", rows[i].option, rows[i].need);
	return 0;
}

static int check_persist(const struct ns_run *r, struct err *e)
{
	struct stat st;

	for (int i = 0; i < NSFS_TYPES; i++) {
		const char *file = r->persist[i];

		if (!file)
			continue;
		if (!(r->types & nsfs_kinds[i].flag))
			return fail(e, ERR_INPUT, "'%s': no new %s namespace is asked for", file,
				    nsfs_kinds[i].name);
		if (stat(file, &st) < 0)
			return fail_sys(e, "keep the %s namespace at '%s'", nsfs_kinds[i].name,
					file);
	}
	return 0;
}

/**
 * ns_run_check() - is it possible? Nothing is touched
 *
 * Return: 0, or -1 with what is not.
 */
int ns_run_check(const struct ns_run *r, struct err *e)
{
	if (r->types & ~NSFS_ALL_FLAGS)
		return fail(e, ERR_BUG, "run: unknown types of namespaces");
	if (!r->argv || !r->argv[0])
		return fail(e, ERR_INPUT, "run: no program is given");
	if (r->kill_child < 0 || r->kill_child > 64)
		return fail(e, ERR_INPUT, "kill-child: there is no signal %d", r->kill_child);
	if (check_needs(r, e) < 0)
		return -1;
	return check_persist(r, e);
}

/* --- the helper, in the present namespaces ---------------------------------------------------- */

static int keep_one(const struct ns_run *r, pid_t pid, int type, struct err *e)
{
	const struct nsfs_kind *k = &nsfs_kinds[type];
	own_fd int fd = FD_NONE, place = fd_open(r->persist[type], O_PATH);
	char path[64];

	if (place < 0)
		return fail_sys(e, "keep the %s namespace at '%s'", k->name, r->persist[type]);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, k->children ? k->children : k->path);
	fd = fd_open(path, O_RDONLY);
	if (fd < 0)
		return fail_sys(e, "open '%s'", path);
	if (ns_bind(fd, place, e) < 0)
		return fail_in(e, "keep the %s namespace at '%s'", k->name, r->persist[type]);
	return 0;
}

static int help(const struct ns_run *r, pid_t pid, struct err *e)
{
	if (ns_maps_write(&r->maps, pid, e) < 0)
		return -1;
	for (int i = 0; i < NSFS_TYPES; i++)
		if (r->persist[i] && keep_one(r, pid, i, e) < 0)
			return -1;
	return 0;
}

/* struct helper - @tell: a byte on it starts the work; its end, without one, ends the helper */
struct helper {
	struct child child;
	int tell;
};

/* A byte keeps the order without signals: who dies closes his end. A socket, since writing to a pipe
 * without a reader would kill us. */
static int make_gate(int gate[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0)
		return fail_sys(e, "make a pair of sockets");
	return 0;
}

static bool open_gate(int fd)
{
	return send(fd, "", 1, MSG_NOSIGNAL) == 1;
}

static int start_helper(const struct ns_run *r, struct helper *ret, struct err *e)
{
	pid_t pid = getpid();
	int go[2], why = FD_NONE, side;
	struct err theirs;
	char byte;

	*ret = (struct helper){ .tell = FD_NONE, .child.why = FD_NONE };
	if (!ns_maps_any(&r->maps) && !persists(r) && r->maps.setgroups == NS_SETGROUPS_KERNEL)
		return 0;
	if (make_gate(go, e) < 0)
		return -1;
	side = child_fork(&ret->child, &why, e);
	if (side == 0) {
		(void)close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(0);
		if (help(r, pid, &theirs) < 0)
			child_failed(why, &theirs);
		_exit(0);
	}
	(void)close(go[0]);
	if (side < 0)
		(void)close(go[1]);
	else
		ret->tell = go[1];
	return side < 0 ? -1 : 0;
}

/* Have the helper do its work, or end without it. */
static int end_helper(struct helper *h, bool work, struct err *e)
{
	struct err ignored;
	int status;

	if (h->tell < 0)
		return 0;
	/* one that has died is noticed by its status */
	if (work)
		(void)open_gate(h->tell);
	fd_close(&h->tell);
	if (child_wait(&h->child, &status, work ? e : &ignored) < 0)
		return -1;
	return work && status != 0 ? fail(e, ERR_SYSTEM, "the helper ended early") : 0;
}

/* --- inside ---------------------------------------------------------------------------------- */

static int offset_clocks(const struct ns_run *r, struct err *e)
{
	const struct {
		const char *name;
		const struct opt_i64 *by;
	} rows[] = { { "monotonic", &r->monotonic }, { "boottime", &r->boottime } };
	char line[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!rows[i].by->set)
			continue;
		snprintf(line, sizeof(line), "%s %lld 0", rows[i].name, (long long)rows[i].by->v);
		if (file_write(AT_FDCWD, "/proc/self/timens_offsets", line, e) < 0)
			return fail_in(e, "offset the %s clock", rows[i].name);
	}
	return 0;
}

static int mount_things(const struct ns_run *r, struct err *e)
{
	if ((r->types & CLONE_NEWNS) && r->propagation &&
	    mount("none", "/", NULL, MS_REC | r->propagation, NULL) < 0)
		return fail_sys(e, "set the propagation of all mounts");
	if (r->root && (chroot(r->root) < 0 || chdir("/") < 0))
		return fail_sys(e, "change the root to '%s'", r->root);
	if (r->wd && chdir(r->wd) < 0)
		return fail_sys(e, "change to the directory '%s'", r->wd);
	if (!r->mount_proc)
		return 0;
	/* a proc that is shared would be covered for everybody; below a new root there is none */
	if (!r->root && mount("none", r->mount_proc, NULL, MS_PRIVATE | MS_REC, NULL) < 0 &&
	    errno != EINVAL)
		return fail_sys(e, "make '%s' private", r->mount_proc);
	if (mount("proc", r->mount_proc, "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0)
		return fail_sys(e, "mount proc at '%s'", r->mount_proc);
	return 0;
}

/* Permitted ones made ambient survive exec, whoever the user is. */
static int keep_caps(struct err *e)
{
	struct caps c;

	if (caps_read(&c, e) < 0 || caps_set(c.permitted, c.permitted, c.permitted, e) < 0)
		return -1;
	return caps_set_ambient(c.permitted, e);
}

static int change_user(const struct ns_run *r, struct err *e)
{
	if (r->keep_caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail_sys(e, "keep the capabilities");
	if (r->gid.set) {
		/* where setgroups is denied the list cannot be changed, and gives nothing either */
		if (setgroups(0, NULL) < 0 && errno != EPERM)
			return fail_sys(e, "drop the supplementary groups");
		if (creds_set_gid((uint32_t)r->gid.v, e) < 0)
			return -1;
	}
	if (r->uid.set && creds_set_uid((uint32_t)r->uid.v, e) < 0)
		return -1;
	return r->keep_caps ? keep_caps(e) : 0;
}

/* After the last change of ids, which undoes it. Who died before it was set is seen by the pidfd: in
 * a new pid namespace getppid() tells nothing. */
static int follow_parent(const struct ns_run *r, int parent, struct err *e)
{
	struct pollfd p = { .fd = parent, .events = POLLIN };

	if (!r->kill_child)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, r->kill_child, 0, 0, 0) < 0)
		return fail_sys(e, "ask to be killed with the parent");
	return poll(&p, 1, 0) > 0 ? fail(e, ERR_CONFLICT, "the parent has died") : 0;
}

static int inside(const struct ns_run *r, int parent, struct err *e)
{
	if (mount_things(r, e) < 0 || change_user(r, e) < 0 || follow_parent(r, parent, e) < 0)
		return child_not_tried(e);
	return child_exec(r->argv, NULL, e);
}

/* --- the course of things --------------------------------------------------------------------- */

static void run_child(const struct ns_run *r, int go, int parent, int why)
{
	struct err e;
	char byte;

	/* its end without a byte: the parent could not go on, and says why itself */
	if (read(go, &byte, 1) != 1)
		_exit(125);
	(void)inside(r, parent, &e);
	child_failed(why, &e);
}

static int run_forked(const struct ns_run *r, struct helper *h, int *ret_status, struct err *e)
{
	own_fd int parent = r->kill_child ? sys_pidfd_open(getpid(), 0) : FD_NONE;
	int go[2], why = FD_NONE, side, done;
	struct child c;
	struct err ignored;

	if (make_gate(go, e) < 0)
		return -1;
	side = child_fork(&c, &why, e);
	if (side == 0) {
		(void)close(go[1]);
		run_child(r, go[0], parent, why);
	}
	(void)close(go[0]);
	if (side < 0) {
		(void)close(go[1]);
		return -1;
	}
	done = end_helper(h, true, e);
	if (done == 0)
		(void)open_gate(go[1]); /* if it has died, its status says so */
	(void)close(go[1]);
	if (done < 0) {
		(void)child_wait(&c, ret_status, &ignored);
		return child_not_tried(e);
	}
	return child_wait(&c, ret_status, e);
}

static int make(const struct ns_run *r, struct err *e)
{
	if (unshare((int)r->types) < 0) {
		fail_sys(e, "make new namespaces");
		return e->sysno == EPERM
			       ? fail_hint(e, "without root it takes a new user namespace as well")
			       : -1;
	}
	return offset_clocks(r, e);
}

/**
 * ns_run() - run a program in new namespaces
 * @ret_status: of the child's, as docker gives it: its own, or 128 + the signal that killed it
 *
 * Without r->fork we become the program, and do not return but for an error; our namespaces may be
 * new then, so nothing is left to do but to say so and to end.
 *
 * Return: 0 after a child has ended; -1 when the program was not started.
 */
int ns_run(const struct ns_run *r, int *ret_status, struct err *e)
{
	struct ns_run settled = *r;
	struct helper h;
	struct err ignored;

	if (ns_run_check(r, e) < 0 || ns_maps_settle(&settled.maps, e) < 0 ||
	    start_helper(&settled, &h, e) < 0)
		return child_not_tried(e);
	if (make(&settled, e) < 0) {
		(void)end_helper(&h, false, &ignored);
		return child_not_tried(e);
	}
	if (settled.fork)
		return run_forked(&settled, &h, ret_status, e);
	if (end_helper(&h, true, e) < 0)
		return child_not_tried(e);
	return inside(&settled, FD_NONE, e);
}
