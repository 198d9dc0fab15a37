/* enter.c - the order of entering: look, open, enter, fork, change root and user, exec */
#include "ns/enter.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "host/child.h"
#include "ns/enter_priv.h"
#include "ns/hold.h"
#include "os/caps.h"
#include "os/creds.h"
#include "os/file.h"
#include "os/process.h"
#include "os/sys.h"

#define FILES_MAX (1U << 20)

static void entering_done(struct entering *in)
{
	nsfs_target_close(&in->target);
	ns_fds_close(in->fds);
	fd_close(&in->root);
	fd_close(&in->wd);
	free(in->env_text);
	free(in->env);
	free(in->label);
	ns_enter_seccomp_done(in);
}

static int check(const struct ns_enter *n, struct err *e)
{
	const struct {
		bool given;
		const char *option;
	} of_process[] = {
		{ n->types != 0, "namespaces without a path" },
		{ n->all, "all" },
		{ n->root && !n->root_path, "root" },
		{ n->wd && !n->wd_path, "wd" },
		{ n->env, "env" },
		{ n->cgroup, "cgroup" },
		{ n->context, "follow-context" },
		{ n->user, "user" },
		{ n->confined, "confined" },
	};

	if (!n->argv || !n->argv[0])
		return fail(e, ERR_INPUT, "enter: no program is given");
	if (n->types & ~NSFS_ALL_FLAGS)
		return fail(e, ERR_BUG, "enter: unknown types of namespaces");
	for (size_t i = 0; !n->pid && i < COUNT(of_process); i++)
		if (of_process[i].given)
			return fail(e, ERR_INPUT, "%s: it needs a process to follow",
				    of_process[i].option);
	if (n->user && (n->uid.set || n->gid.set || n->keep_creds))
		return fail(e, ERR_INPUT, "user: another user is given as well");
	return 0;
}

/* --- what to enter --------------------------------------------------------------------------- */

static int open_paths(const struct ns_enter *n, struct entering *in, struct err *e)
{
	if (n->held && ns_held_open(&ns_store_any, n->held, in->fds, e) < 0 &&
	    (e->cls != ERR_ABSENT || ns_held_open(&ns_store_net, n->held, in->fds, e) < 0))
		return e->cls != ERR_ABSENT
			       ? -1
			       : fail_hint(e, "'tare ns held' and 'tare ns net' list the names");
	for (int i = 0; i < NSFS_TYPES; i++) {
		enum nsfs_type type;
		int fd;

		if (!n->paths[i])
			continue;
		fd = nsfs_open(AT_FDCWD, n->paths[i], &type, e);
		if (fd < 0)
			return -1;
		fd_take(&in->fds[i], fd);
		if (type != (enum nsfs_type)i)
			return fail(e, ERR_INPUT, "'%s' is a %s namespace, not a %s namespace",
				    n->paths[i], nsfs_kinds[type].name, nsfs_kinds[i].name);
	}
	for (int i = 0; i < NSFS_TYPES; i++)
		in->enters |= in->fds[i] >= 0 ? nsfs_kinds[i].flag : 0;
	return 0;
}

/* Its own user namespace cannot be entered again, and others need not. */
static int open_target(const struct ns_enter *n, struct entering *in, struct err *e)
{
	uint64_t want = n->all ? NSFS_ALL_FLAGS : n->types;
	uint64_t differ;

	if (!n->pid)
		return 0;
	if (nsfs_target_open(n->pid, &in->target, e) < 0)
		return -1;
	/* it is that one now, so it was when it was opened */
	if (n->start && process_try_alive(n->pid, n->start) <= 0)
		return fail_errno(e, ESRCH, "enter process %d", (int)n->pid);
	if (nsfs_differing(&in->target, want & ~in->enters, &differ, e) < 0)
		return -1;
	in->by_pid = differ;
	in->enters |= differ;
	return 0;
}

static int open_folder(const char *path, int *ret_fd, struct err *e)
{
	if (!path)
		return 0;
	*ret_fd = fd_open(path, O_PATH | O_DIRECTORY);
	return *ret_fd < 0 ? fail_sys(e, "open '%s'", path) : 0;
}

static int prepare(const struct ns_enter *n, struct entering *in, struct err *e)
{
	if (check(n, e) < 0 || open_paths(n, in, e) < 0 || open_target(n, in, e) < 0 ||
	    open_folder(n->root_path, &in->root, e) < 0 || open_folder(n->wd_path, &in->wd, e) < 0)
		return -1;
	in->uid = n->uid;
	in->gid = n->gid;
	if (!n->keep_creds && !n->user && (in->enters & CLONE_NEWUSER)) {
		in->as_root = !n->uid.set && !n->gid.set;
		in->uid = n->uid.set ? n->uid : (struct opt_u64){ true, 0 };
		in->gid = n->gid.set ? n->gid : (struct opt_u64){ true, 0 };
	}
	return ns_enter_follow(n, in, e);
}

/* --- what the caller has open ---------------------------------------------------------------- */

/* Linux < 5.11, or a policy around us: one by one. */
static int mark_each(struct err *e)
{
	own_dir DIR *list = opendir("/proc/self/fd");
	const struct dirent *d;

	if (!list)
		return fail_sys(e, "look for open files in '/proc/self/fd'");
	while ((d = readdir(list))) {
		int fd = atoi(d->d_name);

		if (*d->d_name != '.' && fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return fail_sys(e, "close descriptor %d", fd);
	}
	return 0;
}

/* A folder of the host's leads out of any root, and other files are not meant for what runs in there
 * (CVE-2024-21626). In the host's view still, where /proc tells the truth. */
static int seal(struct err *e)
{
	struct stat st;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			return fail(e, ERR_INPUT, "stream %d is a folder of the host", fd);
	if (sys_close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (errno == ENOSYS || errno == EINVAL || errno == EPERM)
		return mark_each(e);
	return fail_sys(e, "close descriptors");
}

/* --- entering -------------------------------------------------------------------------------- */

/* The user namespace's turn is the last with privileges here (they reach further than its own), and
 * the first without: init/namespaces.c. The process's come at once. */
static int enter_fds(const struct entering *in, bool user, struct err *e)
{
	for (int i = 0; i < NSFS_TYPES; i++)
		if (in->fds[i] >= 0 && (i == NSFS_USER) == user &&
		    nsfs_enter(in->fds[i], (enum nsfs_type)i, e) < 0)
			return -1;
	return 0;
}

static int hide(struct err *e)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? fail_sys(e, "become undumpable") : 0;
}

static int enter(const struct entering *in, struct err *e)
{
	bool privileged = geteuid() == 0;

	/* from here on somebody in there may look at us */
	if (hide(e) < 0 || enter_fds(in, !privileged, e) < 0)
		return -1;
	/* the mount namespace of paths last would take /proc away, which enter_each() has opened */
	if (in->by_pid && nsfs_enter_process(&in->target, in->by_pid, e) < 0)
		return -1;
	/* a user namespace's new capabilities may have made us dumpable again (fs.suid_dumpable) */
	return enter_fds(in, privileged, e) < 0 ? -1 : hide(e);
}

/* To their /proc ours is a process like others: a working directory or an interpreter that is called
 * /proc/self/fd/N would be whatever we have open there, which leads to the host (CVE-2024-21626). So
 * nothing is open any more when the first path of theirs is walked, but the streams, and the way to say
 * why it failed, which moves to the first number behind them. */
static int close_all(int *why, struct err *e)
{
	unsigned fd = STDERR_FILENO + 1;
	struct rlimit files;

	if (*why >= 0) {
		if (*why != (int)fd && dup3(*why, (int)fd, O_CLOEXEC) < 0)
			return fail_sys(e, "close descriptors");
		*why = (int)fd++;
	}
	if (sys_close_range(fd, ~0U, 0) == 0)
		return 0;
	/* Linux < 5.9, or a policy around us; /proc, which has a list, may be theirs by now */
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return fail_sys(e, "close descriptors");
	for (; fd < files.rlim_max && fd < FILES_MAX; fd++)
		(void)close((int)fd);
	return 0;
}

/* The kernel calls a path unreachable that does not begin at our root. */
static int check_reachable(struct err *e)
{
	char path[PATH_MAX];
	long len = syscall(SYS_getcwd, path, sizeof(path));

	if (len > 0 && *path != '/')
		return fail(e, ERR_CONFLICT, "the working directory is outside of the root");
	return 0;
}

static int change_place(const struct ns_enter *n, const struct entering *in, int *why,
			struct err *e)
{
	if (in->root >= 0 && (fchdir(in->root) < 0 || chroot(".") < 0))
		return fail_sys(e, "change the root");
	/* never stay where the host's folder was: it would be a way out */
	if ((in->root >= 0 || (in->enters & CLONE_NEWNS)) && chdir("/") < 0)
		return fail_sys(e, "change to the root");
	if (in->wd >= 0 && fchdir(in->wd) < 0)
		return fail_sys(e, "change the working directory");
	if (n->sealed && close_all(why, e) < 0)
		return -1;
	if (n->wd_inside && chdir(n->wd_inside) < 0)
		return fail_sys(e, "change to the directory '%s'", n->wd_inside);
	return n->sealed ? check_reachable(e) : 0;
}

/* The label is of the task, by /proc: written before the namespaces take that away. */
static int change_label(const struct entering *in, struct err *e)
{
	if (!in->label)
		return 0;
	return file_write(AT_FDCWD, "/proc/thread-self/attr/exec", in->label, e);
}

/* Before the user changes, which takes the right to do so away. What remains is lost at exec. */
static int confine(const struct entering *in, struct err *e)
{
	struct caps now;

	if (caps_read(&now, e) < 0 || caps_bound(&now, in->bound, e) < 0 ||
	    caps_set_ambient(0, e) < 0 || caps_set(now.effective, now.permitted, 0, e) < 0)
		return fail_in(e, "give up capabilities");
	if (in->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_sys(e, "give up new privileges");
	return 0;
}

/* EINVAL: a user namespace in which nobody has that number. */
static int hint_unmapped(const struct entering *in, struct err *e)
{
	return in->as_root && e->sysno == EINVAL
		       ? fail_hint(e, "it is not mapped in the user namespace; "
				      "'--preserve-credentials' leaves user and groups as they are")
		       : -1;
}

static int change_user(const struct entering *in, struct err *e)
{
	if (in->gid.set) {
		/* where setgroups is denied the list cannot be changed */
		if (setgroups(0, NULL) < 0 && errno != EPERM)
			return fail_sys(e, "drop the supplementary groups");
		if (creds_set_gid((uint32_t)in->gid.v, e) < 0)
			return hint_unmapped(in, e);
	}
	if (ns_enter_seccomp_keep(in, e) < 0)
		return -1;
	if (in->uid.set && creds_set_uid((uint32_t)in->uid.v, e) < 0)
		return hint_unmapped(in, e);
	/* the change of ids made us dumpable again */
	return hide(e);
}

/* By the program itself: a shell looks for its session and its terminal's group in its own pid
 * namespace. Without a pid namespace our caller may have made the session. */
static int take_session(struct err *e)
{
	if (getsid(0) != getpid() && setsid() < 0)
		return fail_sys(e, "make a session");
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			return ioctl(fd, TIOCSCTTY, 0) < 0 ? fail_sys(e, "take the terminal") : 0;
	return 0;
}

/* @why: of child_fork(), or FD_NONE */
static int inside(const struct ns_enter *n, const struct entering *in, int *why, struct err *e)
{
	if ((n->session && take_session(e) < 0) || change_place(n, in, why, e) < 0 ||
	    (n->confined && confine(in, e) < 0) || change_user(in, e) < 0 ||
	    ns_enter_seccomp_put(in, e) < 0)
		return child_not_tried(e);
	return child_exec(n->argv, in->env, e);
}

static int run(const struct ns_enter *n, const struct entering *in, int *ret_status, struct err *e)
{
	struct child c;
	int why = FD_NONE, side;
	sigset_t before;

	/* before the fork: attr/exec is inherited */
	if ((n->sealed && seal(e) < 0) || change_label(in, e) < 0 || enter(in, e) < 0)
		return child_not_tried(e);
	if (n->no_fork || !(in->enters & (CLONE_NEWPID | CLONE_NEWTIME)))
		return inside(n, in, &why, e);
	if (n->session)
		child_hold_signals(&before);
	side = child_fork(&c, &why, e);
	if (side == 0) {
		if (n->session)
			(void)sigprocmask(SIG_SETMASK, &before, NULL);
		(void)inside(n, in, &why, e);
		child_failed(why, e);
	}
	if (side < 0)
		return child_not_tried(e);
	return n->session ? child_stand_for(&c, &before, ret_status, e)
			  : child_wait(&c, ret_status, e);
}

/**
 * ns_enter() - run a program in other namespaces
 * @ret_status: as docker gives it, when the program was a child: its own, or 128 + the signal
 *
 * A child is needed in a pid or time namespace; else we become the program, and do not return but
 * for an error. We may be in other namespaces then: say so, and end.
 *
 * Return: 0 after a child has ended; -1 when the program was not started.
 */
int ns_enter(const struct ns_enter *n, int *ret_status, struct err *e)
{
	__attribute__((cleanup(entering_done))) struct entering in = {
		.target = NSFS_TARGET_NONE,
		.root = FD_NONE,
		.wd = FD_NONE,
	};

	for (int i = 0; i < NSFS_TYPES; i++)
		in.fds[i] = FD_NONE;
	if (prepare(n, &in, e) < 0)
		return child_not_tried(e);
	return run(n, &in, ret_status, e);
}
