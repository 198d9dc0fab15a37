/* mounts.c - carries out the plan's mounts, each onto a descriptor below the root */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "base/own.h"
#include "init/init.h"
#include "os/mount.h"
#include "os/path.h"
#include "os/sys.h"

/* What may be mounted over inside a procfs: views of the system such as lxcfs gives. A mount
 * over any other file there would fake what programs, and runtimes, trust (CVE-2019-16884). */
static const char *const proc_views[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/net/dev",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static bool is_proc_view(const char *path)
{
	for (size_t i = 0; i < COUNT(proc_views); i++)
		if (strcmp(path, proc_views[i]) == 0)
			return true;
	return false;
}

static bool is_proc_or_sys(const char *path)
{
	return strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0;
}

static int fail_in_proc(const struct plan_mount *m, struct err *e)
{
	fail(e, ERR_DENIED, "mount on '%s': it is inside a procfs", m->target);
	return fail_hint(e, "only files such as /proc/cpuinfo or /proc/meminfo may be covered");
}

static int check_target(const struct plan_mount *m, int target, struct err *e)
{
	struct statfs st;

	if (fstatfs(target, &st) < 0)
		return fail_sys(e, "look at '%s'", m->target);
	if (st.f_type != PROC_SUPER_MAGIC || is_proc_view(m->target))
		return 0;
	if (m->fs && strcmp(m->fs, "proc") == 0)
		return 0;
	return fail_in_proc(m, e);
}

/* What a procfs does not hold cannot be made there either; say why, not that it is missing. */
static bool lies_in_proc(struct init *in, const char *target)
{
	own_fd int proc = FD_NONE;
	struct statfs st;

	if (!text_starts(target, "/proc/") || is_proc_view(target))
		return false;
	proc = path_try_open(in->rootfd, "/proc", O_PATH | O_DIRECTORY, PATH_NOLINKS);
	return proc >= 0 && fstatfs(proc, &st) == 0 && st.f_type == PROC_SUPER_MAGIC;
}

/* Through a link, the mount would land elsewhere (CVE-2019-19921). What is missing is made, and
 * opened as strictly: it may have become a link meanwhile. */
static int open_proc_or_sys(struct init *in, const char *target, bool *ret_made, struct err *e)
{
	int fd = path_try_open(in->rootfd, target, O_PATH | O_DIRECTORY, PATH_NOLINKS);

	if (fd == -ENOENT) {
		own_fd int made = path_make_dir(in->rootfd, target, 0755, ret_made, e);

		if (made < 0)
			return -1;
		fd = path_try_open(in->rootfd, target, O_PATH | O_DIRECTORY, PATH_NOLINKS);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return fail_errno(e, ENOTDIR, "'%s' must be mounted on ordinary directory", target);
	return fd < 0 ? fail_errno(e, -fd, "open '%s' in the root file system", target) : fd;
}

/* What must not be reached through a link. FD_NONE: it is none of these, or is to be made. */
static int open_strictly(struct init *in, const struct plan_mount *m, bool *ret_made, struct err *e)
{
	int fd = FD_NONE;

	if (is_proc_or_sys(m->target))
		return open_proc_or_sys(in, m->target, ret_made, e);
	if (m->dest_nofollow)
		fd = path_try_open(in->rootfd, m->target, O_PATH, PATH_NOFOLLOW);
	return fd < 0 ? FD_NONE : fd;
}

/* Open, and make if need be, what the mount goes onto. @near: where the last one was made */
static int open_target(struct init *in, const struct plan_mount *m, struct path_parent *near,
		       bool *ret_made, struct err *e)
{
	own_fd int fd = FD_NONE;

	*ret_made = false;
	if (lies_in_proc(in, m->target))
		return fail_in_proc(m, e);
	fd = open_strictly(in, m, ret_made, e);
	if (fd == -1)
		return -1;
	if (fd == FD_NONE && m->shape != PLAN_TARGET_FILE) {
		fd = path_make_dir_near(near, in->rootfd, m->target, 0755, ret_made, e);
	} else {
		/* it may be covered now */
		path_parent_done(near);
		if (fd == FD_NONE)
			fd = path_make_file(in->rootfd, m->target, 0644, ret_made, e);
	}
	/* nothing can be made in a procfs */
	if (fd < 0 || (!*ret_made && !is_proc_or_sys(m->target) && check_target(m, fd, e) < 0))
		return -1;
	return give_fd(&fd);
}

struct mount_attrs init_mount_attrs(const struct plan_mount *m)
{
	return (struct mount_attrs){ m->attr_set, m->attr_clr, m->rec_set, m->rec_clr };
}

static bool is_root(const struct plan_mount *m)
{
	return strcmp(m->target, "/") == 0;
}

/* Open the mount's new root: @target still names what lies below it. Nobody crosses what is
 * mounted on the root itself but who comes from below, by "..". */
static int reopen(struct init *in, const struct plan_mount *m, struct err *e)
{
	return path_open(in->rootfd, is_root(m) ? ".." : m->target, O_PATH, 0, e);
}

/* What is mounted on "/" is the root from now on: what follows goes below it, and what exec enters
 * is it. Where ".." did not cross the mount (before openat2, Linux 5.6), the old one would stay. */
static int change_root(struct init *in, const struct plan_mount *m, struct err *e)
{
	own_fd int top = reopen(in, m, e);
	struct stat was, is;

	if (top < 0)
		return -1;
	if (fstat(in->rootfd, &was) < 0 || fstat(top, &is) < 0)
		return fail_sys(e, "look at the new '/'");
	if (was.st_dev == is.st_dev && was.st_ino == is.st_ino) {
		fail(e, ERR_UNSUPPORTED, "the new '/' cannot be told from the old one");
		return fail_hint(e, "it needs Linux 5.6, and another directory than the root's");
	}
	in->rootfd = give_fd(&top);
	in->roots_below++;
	return 0;
}

static int copy_up(struct init *in, const struct plan_mount *m, int below, struct err *e)
{
	own_fd int from = openat(below, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_fd int to = path_open(in->rootfd, m->target, O_RDONLY | O_DIRECTORY, 0, e);

	if (to < 0)
		return -1;
	if (from < 0)
		return fail_sys(e, "open what '%s' covers", m->target);
	return copyup_tree(from, to, e);
}

static bool has_mode(const char *data)
{
	return data && (text_starts(data, "mode=") || strstr(data, ",mode="));
}

/* A tmpfs without a mode of its own keeps the one of the folder that it covers. */
static int keep_mode(const struct plan_mount *m, int target, char **ret_data, struct err *e)
{
	struct stat st;

	if (fstat(target, &st) < 0)
		return fail_sys(e, "look at '%s'", m->target);
	if (asprintf(ret_data, "%s%smode=%o", m->data ? m->data : "",
		     m->data && *m->data ? "," : "", st.st_mode & 07777) < 0)
		return fail_errno(e, ENOMEM, "mount on '%s'", m->target);
	return 0;
}

/* A new sysfs shows one network namespace, and must own it: a user namespace that shares the
 * host's network gets the host's /sys instead, with the same attributes all over. */
static bool wants_host_sys(const struct init *in, const struct plan_mount *m, const struct err *e)
{
	return in->plan.in_userns && e->sysno == EPERM && strcmp(m->fs, "sysfs") == 0;
}

static int bind_host_sys(const struct plan_mount *m, int target, struct err *e)
{
	const struct mount_attrs attrs = { .rec_set = m->attr_set | m->rec_set };
	own_fd int tree = mount_clone(AT_FDCWD, "/sys", true, false, e);

	if (tree < 0 || mount_set(tree, &attrs, e) < 0)
		return -1;
	return mount_attach(tree, target, e);
}

/* An mqueue is the kernel's own mount at heart, and takes no context when it is mounted. */
static int set_label(struct init *in, const struct plan_mount *m, struct err *e)
{
	own_fd int top = path_open(in->rootfd, m->target, O_RDONLY | O_DIRECTORY, 0, e);

	if (top < 0)
		return -1;
	if (fsetxattr(top, "security.selinux", m->label, strlen(m->label), 0) < 0)
		return fail_sys(e, "give '%s' the label '%s'", m->target, m->label);
	return 0;
}

static int mount_fs(struct init *in, const struct plan_mount *m, int target, bool made,
		    struct err *e)
{
	uint64_t attrs = m->attr_set | m->rec_set;
	own_mem char *data = NULL;
	int r;

	/* a read-only tmpfs could not be filled */
	if (m->tmpcopyup)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (strcmp(m->fs, "tmpfs") == 0 && !made && !has_mode(m->data) &&
	    keep_mode(m, target, &data, e) < 0)
		return -1;
	r = mount_fs_at(m->fs, m->source, data ? data : m->data, attrs, target, e);
	/* it decides what the container sees: the kernel is asked twice before it is believed */
	if (r < 0 && wants_host_sys(in, m, e))
		r = mount_fs_at(m->fs, m->source, data ? data : m->data, attrs, target, e);
	if (r < 0)
		return wants_host_sys(in, m, e) ? bind_host_sys(m, target, e) : -1;
	if (m->label && set_label(in, m, e) < 0)
		return -1;
	if (m->tmpcopyup) {
		const struct mount_attrs readonly = { .set = m->attr_set & MOUNT_ATTR_RDONLY };
		own_fd int top = FD_NONE;

		if (copy_up(in, m, target, e) < 0)
			return -1;
		if (!readonly.set)
			return 0;
		top = reopen(in, m, e);
		return top < 0 ? -1 : mount_change_at(top, &readonly, e);
	}
	return 0;
}

/* On a kernel without open_tree the source is bound by path, then changed in place. */
static int bind_by_path(struct init *in, const struct plan_mount *m, int target, struct err *e)
{
	const struct mount_attrs attrs = init_mount_attrs(m);
	own_fd int top = FD_NONE;
	char to[32];

	path_fd_link(target, to);
	if (mount(m->source, to, NULL, MS_BIND | (m->recursive ? MS_REC : 0), NULL) < 0) {
		fail_sys(e, "bind '%s'", m->source);
		return e->sysno != EINVAL || m->recursive || !in->plan.in_userns
			       ? -1
			       : fail_hint(e, "a user namespace cannot leave out what is mounted "
					      "below it: 'rbind' can");
	}
	if (!attrs.set && !attrs.clr && !attrs.rec_set && !attrs.rec_clr)
		return 0;
	top = reopen(in, m, e);
	return top < 0 ? -1 : mount_change_at(top, &attrs, e);
}

/* A source of the host that did not exist yet when the plan was made. */
static int bind_late(struct init *in, const struct plan_mount *m, int target, struct err *e)
{
	const struct mount_attrs attrs = init_mount_attrs(m);
	own_fd int tree = mount_clone(AT_FDCWD, m->source, m->recursive, false, e);

	if (tree < 0)
		return e->sysno == ENOSYS ? bind_by_path(in, m, target, e) : -1;
	if (mount_set(tree, &attrs, e) < 0)
		return e->sysno == ENOSYS ? bind_by_path(in, m, target, e) : -1;
	return mount_attach(tree, target, e);
}

static int mount_bind(struct init *in, const struct plan_mount *m, int target,
		      bool made __attribute__((unused)), struct err *e)
{
	if (m->late)
		return bind_late(in, m, target, e);
	/* the runtime has set its attributes already */
	return m->fd >= 0 ? mount_attach((int)m->fd, target, e) : bind_by_path(in, m, target, e);
}

static int remount(struct init *in __attribute__((unused)), const struct plan_mount *m, int target,
		   bool made __attribute__((unused)), struct err *e)
{
	const struct mount_attrs attrs = init_mount_attrs(m);

	return mount_change_at(target, &attrs, e);
}

/* made: the target was not there before */
static int (*const kind_functions[PLAN_KINDS])(struct init *, const struct plan_mount *, int target,
					       bool made, struct err *) = {
	[PLAN_FS] = mount_fs,
	[PLAN_BIND] = mount_bind,
	[PLAN_MOVE] = mount_bind,
	[PLAN_REMOUNT] = remount,
};

static int propagate(struct init *in, const struct plan_mount *m, struct err *e)
{
	own_fd int top = reopen(in, m, e);

	return top < 0 ? -1 : mount_propagate_at(top, m->propagation, e);
}

static int finish(struct init *in, const struct plan_mount *m, struct err *e)
{
	if (m->propagation && propagate(in, m, e) < 0)
		return -1;
	return is_root(m) && m->kind != PLAN_REMOUNT ? change_root(in, m, e) : 0;
}

static int make_inside(struct init *in, const struct plan_mount *m, struct path_parent *near,
		       struct err *e)
{
	struct plan_mount known = *m;
	own_fd int source = init_open_inside(in, m, &known.shape, e);
	own_fd int target = FD_NONE;
	bool made;

	if (source < 0)
		return -1;
	target = open_target(in, &known, near, &made, e);
	if (target < 0 || init_bind_inside(in, m, source, target, e) < 0)
		return -1;
	return finish(in, m, e);
}

static int make_mount(struct init *in, const struct plan_mount *m, struct path_parent *near,
		      struct err *e)
{
	own_fd int target = FD_NONE;
	bool made;

	if (m->kind >= PLAN_KINDS)
		return fail(e, ERR_BUG, "unknown kind of mount");
	if (m->kind == PLAN_SYMLINK)
		return path_make_link(near, in->rootfd, m->target, m->source, e);
	if (m->inside)
		return make_inside(in, m, near, e);
	target = open_target(in, m, near, &made, e);
	if (target < 0 || kind_functions[m->kind](in, m, target, made, e) < 0)
		return -1;
	return finish(in, m, e);
}

static void close_order(const struct plan_mount *m)
{
	if (m->fd >= 0)
		(void)close((int)m->fd);
	if (m->userns_fd >= 0)
		(void)close((int)m->userns_fd);
}

/* @i: how many rows of the list are done with */
static int make_mounts(struct init *in, bool late, size_t *i, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;
	own_parent near = PATH_PARENT_NONE;

	for (; *i < r->mounts.n; (*i)++) {
		const struct plan_mount *m = &r->mounts.at[*i];

		if (m->late != late)
			continue;
		if (make_mount(in, m, &near, e) == 0) {
			close_order(m);
			continue;
		}
		if (m->optional)
			continue;
		fail_in(e, "mount '%s' on '%s'", m->source ? m->source : m->fs, m->target);
		return m->origin ? fail_at(e, "config.json: %s", m->origin) : -1;
	}
	return 0;
}

int init_make_mounts(struct init *in, struct err *e)
{
	size_t done = 0;

	return make_mounts(in, false, &done, e);
}

/* Mounts whose source the runtime makes meanwhile: the container's cgroups. */
int init_make_late_mounts(struct init *in, struct err *e)
{
	size_t done = 0;

	return make_mounts(in, true, &done, e);
}

/* For those who take back what was made: *ret_done rows were. */
int init_make_mounts_count(struct init *in, size_t *ret_done, struct err *e)
{
	*ret_done = 0;
	return make_mounts(in, false, ret_done, e);
}
