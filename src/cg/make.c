/* make.c - groups are made, level by level below open descriptors, and removed
 *
 * Removal moves processes to the group above the one that is named, as libcgroup does: nothing is
 * killed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/own.h"
#include "any/adopt_move.h"
#include "cg/cg.h"
#include "os/cgroup_file.h"
#include "os/path.h"
#include "os/sys.h"

#define ROUNDS     100 /* a group whose processes fork all the time is followed so often */
#define PINNED_MAX 128
#define SLICES     4096 /* of PINNED_MAX processes each */

/* Takes the next name off @*path; false at its end. */
static bool next_name(const char **path, char name[NAME_MAX + 1])
{
	for (;;) {
		size_t len;

		*path += strspn(*path, "/");
		len = strcspn(*path, "/");
		if (!len)
			return false;
		memcpy(name, *path, len);
		name[len] = '\0';
		*path += len;
		if (strcmp(name, ".") != 0)
			return true;
	}
}

/* --- v2's controllers -------------------------------------------------------------------- */

static int fail_enable(const char *controller, const char *above, int sysno, struct err *e)
{
	fail_errno(e, sysno, "hand controller '%s' on to the groups below '%s'", controller, above);
	if (sysno == EBUSY)
		return fail_hint(e,
				 "v2's rule of no internal processes: a group hands controllers on "
				 "only while it holds no process itself; move them into a group "
				 "below it (tare cg classify)");
	if (sysno == EACCES || sysno == EPERM)
		return fail_hint(e, "this controller is not delegated to this user");
	if (sysno == ENOENT || sysno == EINVAL)
		return fail_hint(e, "the group above does not offer it: see its "
				    "cgroup.controllers");
	if (sysno == EOPNOTSUPP)
		return fail_hint(e, "threaded groups have no such controller");
	return -1;
}

/* In the directory of the group above: what is needed works in those below it from now on. */
static int hand_on(int dirfd, const struct cg_in *in, const char *above, struct err *e)
{
	char text[256], word[64];
	unsigned lack = in->need & ~CGROUP_V2_CORE;
	int r = cgroup_try_read(dirfd, "cgroup.subtree_control", text, sizeof(text));

	if (r < 0)
		return fail_errno(e, -r, "read 'cgroup.subtree_control' of '%s'", above);
	lack &= ~cgroup_controllers_parse(text);
	/* one by one: the kernel takes all or none, and says not which it refused */
	for (const struct word *w = cgroup_controller_words; w->name; w++) {
		if (!(lack & (unsigned)w->value) || strcmp(w->name, "blkio") == 0)
			continue;
		snprintf(word, sizeof(word), "+%s", w->name);
		r = cgroup_try_write(dirfd, "cgroup.subtree_control", word);
		if (r < 0)
			return fail_enable(w->name, above, -r, e);
	}
	return 0;
}

/* --- create ------------------------------------------------------------------------------ */

static int fail_make(const char *path, const struct cgroup_hierarchy *h, int sysno, struct err *e)
{
	fail_errno(e, sysno, "create group '%s' below '%s'", path, h->mount);
	if (sysno == EROFS)
		return fail_hint(e, "this hierarchy is mounted read-only");
	if (sysno == EACCES || sysno == EPERM)
		return fail_hint(e, "only the owner of the group above may: have it delegated to "
				    "you (create -a), or be root");
	if (sysno == EAGAIN)
		return fail_hint(e, "cgroup.max.descendants or cgroup.max.depth of a group above "
				    "forbids more");
	return -1;
}

static bool keeps(const struct cg_owner *o)
{
	return o->uid == CG_KEEP && o->gid == CG_KEEP;
}

static bool is_tasks(const char *name)
{
	return strcmp(name, "tasks") == 0;
}

/* What is not made wider than the kernel made it: a read-only file stays read-only. */
static int set_rights(int dirfd, const char *name, mode_t was, const struct cg_owner *owner,
		      uint32_t mode, struct err *e)
{
	if (mode != CG_KEEP && !S_ISDIR(was)) {
		mode_t may = was & 0777;

		may |= (may >> 3) | (may >> 6);
		may |= (may << 3) | (may << 6);
		mode &= may;
	}
	if (!keeps(owner) && fchownat(dirfd, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "give '%s' to %u:%u", name, owner->uid, owner->gid);
	if (mode != CG_KEEP && fchmodat(dirfd, name, mode, 0) < 0)
		return fail_sys(e, "set the permissions of '%s'", name);
	return 0;
}

static int set_file_rights(int dirfd, const char *name, mode_t mode, void *ctx, struct err *e)
{
	const struct cg_rights *r = ctx;

	if (!is_tasks(name))
		return set_rights(dirfd, name, mode, &r->all, r->file_mode, e);
	return set_rights(dirfd, name, mode, &r->tasks, r->tasks_mode, e);
}

static int set_all_rights(const struct cg_in *in, int dirfd, const struct cg_rights *r,
			  struct err *e)
{
	struct cg_rights here = *r;

	if (keeps(&r->all) && keeps(&r->tasks) && r->dir_mode == CG_KEEP &&
	    r->file_mode == CG_KEEP && r->tasks_mode == CG_KEEP)
		return 0;
	if (cg_files(in, dirfd, NULL, set_file_rights, &here, e) < 0)
		return -1;
	/* v2 has no "tasks": whoever may bring processes in may write this */
	if (in->at->version == CGROUP_V2 &&
	    set_rights(dirfd, "cgroup.procs", 0644, &r->tasks, r->tasks_mode, e) < 0)
		return -1;
	return set_rights(dirfd, ".", S_IFDIR | 0755, &r->all, r->dir_mode, e);
}

static int create_in(const struct cg_in *in, const char *path, const struct cg_rights *rights,
		     struct err *e)
{
	own_fd int fd = cg_mount_open(in->at, e);
	char name[NAME_MAX + 1];
	const char *rest = path;

	if (fd < 0)
		return -1;
	while (next_name(&rest, name)) {
		char above[CGROUP_PATH_MAX];

		snprintf(above, sizeof(above), "%s/%.*s", in->at->mount,
			 (int)(rest - path - (ptrdiff_t)strlen(name)), path);
		if (in->at->version == CGROUP_V2 && hand_on(fd, in, above, e) < 0)
			return -1;
		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			return fail_make(path, in->at, errno, e);
		fd_take(&fd, openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
		if (fd < 0)
			return fail_make(path, in->at, errno, e);
	}
	return set_all_rights(in, fd, rights, e);
}

/**
 * cg_create() - make a group in each of its hierarchies, with all levels above it
 * @rights: of the last level
 *
 * One that exists gets the rights, and is otherwise left as it is.
 */
int cg_create(const struct cg_group *g, const struct cg_rights *rights, struct err *e)
{
	if (cgroup_path_check(g->path, e) < 0)
		return -1;
	if (cg_is_root(g->path))
		return fail(e, ERR_INPUT, "'%s' is the root, which is there already", g->path);
	for (size_t i = 0; i < g->n; i++)
		if (create_in(&g->in[i], g->path, rights, e) < 0)
			return -1;
	return 0;
}

/* --- delete ------------------------------------------------------------------------------ */

/* struct removal - @into, @to: where processes go, v2 or v1; @moved: somebody was met in this round */
struct removal {
	int into;
	struct cgroup_place to;
	bool moved;
	int why;
};

static int fail_move(int sysno, const char *path, struct err *e)
{
	fail_errno(e, sysno, "move the processes of group '%s' to the one above", path);
	if (sysno == EBUSY)
		return fail_hint(e,
				 "v2's rule of no internal processes: the group above hands on "
				 "controllers, so it may hold no process; classify them elsewhere");
	if (sysno == EACCES || sysno == EPERM)
		return fail_hint(e, "its cgroup.procs is not this user's to write");
	return -1;
}

/* Those in one directory, PINNED_MAX at most; returns how many, or -errno. */
static int list_pids(int dirfd, pid_t pids[PINNED_MAX])
{
	own_mem char *text = NULL;
	own_fd int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	size_t room = 0;
	int n = 0;

	if (!f)
		return fd < 0 && errno == ENOENT ? 0 : -errno;
	fd = FD_NONE;
	while (n < PINNED_MAX && getline(&text, &room, f) > 0)
		pids[n++] = (pid_t)strtol(text, NULL, 10);
	(void)fclose(f);
	return n;
}

static bool is_listed(const pid_t *pids, int n, pid_t pid)
{
	for (int i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Without pidfds (Linux < 5.3, or a policy around us) it goes unpinned. */
static bool pin(pid_t pid, int *ret_fd)
{
	*ret_fd = pid > 0 ? sys_pidfd_open(pid, 0) : FD_NONE;
	/* 0 stands for a process of another pid namespace, and would mean us */
	return pid > 0 && (*ret_fd >= 0 || (errno != ESRCH && errno != EMFILE && errno != ENFILE));
}

static int move_one(pid_t pid, int pidfd, const struct removal *r)
{
	char text[16];
	int why;

	snprintf(text, sizeof(text), "%d", (int)pid);
	why = cgroup_try_write(r->into, "cgroup.procs", text);
	/* who ends in this moment needs no move, and nor does he who gets the number */
	if (why == 0 && pidfd >= 0 && sys_pidfd_send_signal(pidfd, 0) < 0 && errno == ESRCH)
		adopt_put_back(pid, &r->to);
	return why == -ESRCH ? 0 : why;
}

/* A number that was listed before its process was pinned, and is listed still, is that process's: by
 * the time of the write it could be anybody's else. Returns how many were there, or -errno. */
static int move_some(int dirfd, struct removal *r)
{
	pid_t pids[PINNED_MAX] = { 0 }, again[PINNED_MAX];
	int fds[PINNED_MAX], n = list_pids(dirfd, pids), m = 0, why = 0;
	bool pinned[PINNED_MAX];

	for (int i = 0; i < n; i++)
		pinned[i] = pin(pids[i], &fds[i]);
	if (n > 0)
		m = list_pids(dirfd, again);
	for (int i = 0; i < n; i++) {
		if (why == 0 && pinned[i] && is_listed(again, m, pids[i]))
			why = move_one(pids[i], fds[i], r);
		fd_close(&fds[i]);
	}
	r->moved |= n > 0;
	return why < 0 ? why : m < 0 ? m : n;
}

/* Moves all processes of one directory. */
static int move_out(int dirfd, struct removal *r)
{
	int n = PINNED_MAX;

	for (int i = 0; i < SLICES && n == PINNED_MAX; i++)
		n = move_some(dirfd, r);
	return n < 0 ? n : 0;
}

static int empty(int dirfd, void *ctx)
{
	struct removal *r = ctx;

	r->why = move_out(dirfd, r);
	return r->why;
}

static int remove_one(int parentfd, const char *name, void *ctx __attribute__((unused)))
{
	if (unlinkat(parentfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	/* somebody came in after it was emptied: the next round sees him */
	return errno == EBUSY ? 0 : -errno;
}

static int remove_round(int dirfd, int parentfd, const char *name, bool recursive,
			struct removal *r)
{
	struct cgroup_walk walk = { .enter = empty, .leave = remove_one, .ctx = r };
	int why = move_out(dirfd, r);

	r->why = why;
	if (why == 0 && recursive)
		why = cgroup_try_walk(dirfd, &walk);
	if (why < 0)
		return why;
	return unlinkat(parentfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static bool has_groups(int dirfd)
{
	struct stat st;

	return fstat(dirfd, &st) == 0 && st.st_nlink > 2;
}

static int fail_remove(const char *path, const struct cg_in *in, int dirfd, int sysno,
		       struct err *e)
{
	fail_errno(e, sysno, "remove group '%s' below '%s'", path, in->at->mount);
	if (sysno == EBUSY && has_groups(dirfd))
		return fail_hint(e, "there are groups below it: -r removes these, too");
	if (sysno == EACCES || sysno == EPERM)
		return fail_hint(e, "only the owner of the group above may");
	return -1;
}

/* Splits @path in the directory above and the last name. */
static void split(const char *path, char above[CGROUP_PATH_MAX], char name[NAME_MAX + 1])
{
	char *slash;
	size_t len;

	snprintf(above, CGROUP_PATH_MAX, "%s", path);
	len = strlen(above);
	while (len && (above[len - 1] == '/' ||
		       (above[len - 1] == '.' && (len == 1 || above[len - 2] == '/'))))
		above[--len] = '\0';
	slash = strrchr(above, '/');
	snprintf(name, NAME_MAX + 1, "%.*s", NAME_MAX, slash ? slash + 1 : above);
	*(slash ? slash : above) = '\0';
}

/**
 * cg_delete() - remove a group from one hierarchy; its processes go to the group above
 * @recursive: and all groups below it, whose processes go there, too
 */
int cg_delete(const struct cg_in *in, const char *path, bool recursive, struct err *e)
{
	char above[CGROUP_PATH_MAX], name[NAME_MAX + 1];
	struct timespec nap = { .tv_nsec = 1000000 };
	int why = -EBUSY;

	if (cgroup_path_check(path, e) < 0)
		return -1;
	if (cg_is_root(path))
		return fail(e, ERR_INPUT, "'%s' is the root of the hierarchy, which stays", path);
	split(path, above, name);
	own_fd int parent = cg_open(in->at, above, e), dir = FD_NONE;

	if (parent < 0)
		return fail_in(e, "remove group '%s'", path);
	dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return fail_sys(e, "remove group '%s' below '%s'", path, in->at->mount);
	if (!recursive && has_groups(dir))
		return fail_remove(path, in, dir, EBUSY, e);
	/* what has just ended may hold the group for a moment longer */
	for (int i = 0; i < ROUNDS && why == -EBUSY; i++) {
		struct removal r = { .into = parent, .to = { .in = in->at, .path = above } };

		why = remove_round(dir, parent, name, recursive, &r);
		if (r.why < 0)
			return fail_move(-r.why, path, e);
		if (why == -EBUSY && !r.moved)
			(void)nanosleep(&nap, NULL);
	}
	return why < 0 ? fail_remove(path, in, dir, -why, e) : 0;
}
