/* hold.c - making, finding and removing the bind mounts of namespaces */
#include "ns/hold.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/own.h"
#include "base/render_text.h"
#include "ns/maps.h"

const struct ns_store ns_store_any = { "/run/tare/ns", -1, MS_PRIVATE };
const struct ns_store ns_store_net = { "/run/netns", NSFS_NET, MS_SHARED };

void ns_fds_close(int fds[NSFS_TYPES])
{
	for (int i = 0; i < NSFS_TYPES; i++)
		fd_close(&fds[i]);
}

static int check_name(const char *name, struct err *e)
{
	size_t len = strlen(name);
	const char *why = !len                ? "it is empty"
			  : *name == '.'      ? "it begins with '.'"
			  : strchr(name, '/') ? "it has a '/'"
			  : len > NAME_MAX    ? "it is longer than 255 bytes"
					      : NULL;

	return why ? fail(e, ERR_INPUT, "'%.64s%s' cannot name a namespace: %s", name,
			  len > 64 ? "…" : "", why)
		   : 0;
}

/* What is new is to be written and read again: old ones, and others' (ip), are taken as they are. */
static int check_new_name(const char *name, struct err *e)
{
	size_t left = strlen(name), n;
	uint32_t rune;

	if (check_name(name, e) < 0)
		return -1;
	for (; left; left -= n, name += n) {
		n = rune_read(name, left, &rune);
		if (!n)
			return fail(e, ERR_INPUT, "a namespace's name is no UTF-8");
		if (!rune_is_plain(rune))
			return fail(e, ERR_INPUT,
				    "a namespace's name has a control character or one that "
				    "is not seen");
	}
	return 0;
}

/* --- the store ------------------------------------------------------------------------------- */

/* All folders of an absolute path. */
static int make_folders(const char *dir, struct err *e)
{
	own_mem char *path = strdup(dir);

	if (!path)
		return fail_errno(e, ENOMEM, "create '%s'", dir);
	for (char *c = path + 1;; c++) {
		char was = *c;

		if (was && was != '/')
			continue;
		*c = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return fail_sys(e, "create '%s'", path);
		*c = was;
		if (!was)
			return 0;
	}
}

/* The store's folder, locked; the lock goes with the descriptor. */
static int open_locked(const struct ns_store *s, struct err *e)
{
	own_fd int dir = fd_open(s->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	if (dir < 0)
		return fail_sys(e, "open '%s'", s->dir);
	if (flock(dir, LOCK_EX) < 0)
		return fail_sys(e, "lock '%s'", s->dir);
	return give_fd(&dir);
}

/* A mount of its own with the right propagation, as ip-netns(8) makes it. What is opened before the
 * folder is bound to itself lies under that bind: so it is opened again. */
static int open_store(const struct ns_store *s, struct err *e)
{
	own_fd int below = FD_NONE;

	if (make_folders(s->dir, e) < 0)
		return -1;
	below = open_locked(s, e);
	if (below < 0)
		return -1;
	if (mount("none", s->dir, NULL, s->propagation | MS_REC, NULL) == 0)
		return give_fd(&below);
	/* EINVAL: it is no mount */
	if (errno != EINVAL || mount(s->dir, s->dir, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount("none", s->dir, NULL, s->propagation | MS_REC, NULL) < 0)
		return fail_sys(e, "make '%s' a mount of its own", s->dir);
	fd_close(&below);
	return open_locked(s, e);
}

/* The folder that a name's files are in. */
static int open_folder(const struct ns_store *s, int store, const char *name, struct err *e)
{
	const char *folder = s->only < 0 ? name : ".";
	int dir = openat(store, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return dir < 0 ? fail_sys(e, "open '%s/%s'", s->dir, folder) : dir;
}

static const char *file_of(const struct ns_store *s, const char *name, int type)
{
	return s->only < 0 ? nsfs_kinds[type].name : name;
}

static bool may_hold(const struct ns_store *s, int type)
{
	return s->only < 0 || s->only == type;
}

/* The namespace that is bound to a file: its inode, 0 when none is, or -errno. */
static int look_at(int folder, const char *file, enum nsfs_type *ret_type, uint64_t *ret_inode)
{
	own_fd int fd = FD_NONE;
	int place = openat(folder, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int r = place < 0 ? -errno : nsfs_try_reopen(place, &fd);

	if (place >= 0)
		(void)close(place);
	return r < 0 ? r : nsfs_try_look(fd, ret_type, ret_inode);
}

static bool is_held(const struct ns_store *s, int folder, const char *name)
{
	enum nsfs_type type;
	uint64_t inode;

	for (int i = 0; i < NSFS_TYPES; i++)
		if (may_hold(s, i) && look_at(folder, file_of(s, name, i), &type, &inode) == 0)
			return true;
	return false;
}

/* --- holding --------------------------------------------------------------------------------- */

/**
 * ns_bind() - bind an open namespace onto a file that is open as O_PATH
 *
 * It lives then until that mount is gone.
 */
int ns_bind(int fd, int target, struct err *e)
{
	char from[32], to[32];
	int why;

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	snprintf(to, sizeof(to), "/proc/self/fd/%d", target);
	if (mount(from, to, NULL, MS_BIND, NULL) == 0)
		return 0;
	why = errno;
	fail_errno(e, why, "bind a namespace");
	if (why == EINVAL)
		return fail_hint(e, "a mount namespace can be bound only in an older one, and only "
				    "onto a mount that is private (see mount_namespaces(7))");
	return why == EPERM ? fail_hint(e, "it takes CAP_SYS_ADMIN") : -1;
}

static int hold_one(int folder, const char *file, int fd, struct err *e)
{
	/* made with no rights, as nobody is to read it before it is a namespace */
	own_fd int made =
		openat(folder, file, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
	own_fd int place = FD_NONE;

	/* of a crash; that it is not held, and stays so, the lock says */
	if (made < 0 && errno != EEXIST)
		return fail_sys(e, "create '%s'", file);
	place = openat(folder, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return fail_sys(e, "open '%s'", file);
	return ns_bind(fd, place, e);
}

/* 0, or the first error; goes on after one. */
static int release_files(const struct ns_store *s, int folder, const char *name, struct err *e)
{
	char path[NAME_MAX + 40];
	int r = 0;

	for (int i = 0; i < NSFS_TYPES; i++) {
		const char *file = file_of(s, name, i);

		if (!may_hold(s, i))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", folder, file);
		/* EINVAL: nothing is mounted there. More than one mount may be. */
		while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			;
		if (r == 0 && errno != EINVAL && errno != ENOENT)
			r = fail_sys(e, "unmount '%s'", file);
		if (unlinkat(folder, file, 0) < 0 && errno != ENOENT && r == 0)
			r = fail_sys(e, "remove '%s'", file);
	}
	return r;
}

static int hold_all(const struct ns_store *s, int store, const char *name,
		    const int fds[NSFS_TYPES], struct err *e)
{
	own_fd int folder = open_folder(s, store, name, e);
	struct err ignored;

	if (folder < 0)
		return -1;
	if (is_held(s, folder, name))
		return fail(e, ERR_CONFLICT, "the name is taken");
	for (int i = 0; i < NSFS_TYPES; i++)
		if (fds[i] >= 0 && hold_one(folder, file_of(s, name, i), fds[i], e) < 0) {
			(void)release_files(s, folder, name, &ignored);
			return -1;
		}
	return 0;
}

/**
 * ns_hold() - keep namespaces alive under a name, all or none
 * @fds: open namespaces by enum nsfs_type, FD_NONE where none
 */
int ns_hold(const struct ns_store *s, const char *name, const int fds[NSFS_TYPES], struct err *e)
{
	own_fd int store = FD_NONE;
	bool any = false;

	for (int i = 0; i < NSFS_TYPES; i++) {
		if (fds[i] >= 0 && !may_hold(s, i))
			return fail(e, ERR_INPUT, "'%s' holds %s namespaces only", s->dir,
				    nsfs_kinds[s->only].name);
		any |= fds[i] >= 0;
	}
	if (check_new_name(name, e) < 0)
		return -1;
	if (!any)
		return fail(e, ERR_INPUT, "hold '%s': no namespace is given", name);
	store = open_store(s, e);
	if (store < 0)
		return fail_in(e, "hold '%s'", name);
	if (s->only < 0 && mkdirat(store, name, 0755) < 0 && errno != EEXIST)
		return fail_sys(e, "create '%s/%s'", s->dir, name);
	if (hold_all(s, store, name, fds, e) == 0)
		return 0;
	if (s->only < 0)
		(void)unlinkat(store, name, AT_REMOVEDIR); /* unless somebody else's is in it */
	return fail_in(e, "hold '%s'", name);
}

static int open_each(const struct nsfs_target *t, uint64_t flags, int fds[NSFS_TYPES],
		     struct err *e)
{
	for (int i = 0; i < NSFS_TYPES; i++)
		fds[i] = FD_NONE;
	for (int i = 0; i < NSFS_TYPES; i++) {
		if (!(flags & nsfs_kinds[i].flag))
			continue;
		fds[i] = openat(t->proc, nsfs_kinds[i].path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0) {
			fail_sys(e, "open the %s namespace of process %d", nsfs_kinds[i].name,
				 (int)t->pid);
			ns_fds_close(fds);
			return -1;
		}
	}
	return 0;
}

/* ns_hold_process() - keep namespaces of a process; @flags: CLONE_NEW* of those */
int ns_hold_process(const struct ns_store *s, const char *name, pid_t pid, uint64_t flags,
		    struct err *e)
{
	own_target t = NSFS_TARGET_NONE;
	int fds[NSFS_TYPES], r;

	if (nsfs_target_open(pid, &t, e) < 0 || open_each(&t, flags, fds, e) < 0)
		return -1;
	r = ns_hold(s, name, fds, e);
	ns_fds_close(fds);
	return r;
}

/**
 * ns_hold_new() - make namespaces and keep them, with no process in them
 *
 * A pid namespace dies with its first process, and nobody can enter it afterwards.
 */
int ns_hold_new(const struct ns_store *s, const char *name, uint64_t flags, struct err *e)
{
	static const struct ns_maps none;

	return ns_hold_mapped(s, name, flags, &none, e);
}

/**
 * ns_hold_mapped() - ns_hold_new() with ids mapped into the new user namespace
 * @maps: as they are wished
 *
 * In a user namespace without a map nobody can become anyone: who enters it is nobody.
 */
int ns_hold_mapped(const struct ns_store *s, const char *name, uint64_t flags,
		   const struct ns_maps *maps, struct err *e)
{
	pid_t pid, parent = getpid();
	struct ns_maps settled = *maps;
	int r;

	if (flags & (CLONE_NEWPID | CLONE_NEWTIME)) {
		fail(e, ERR_INPUT,
		     "hold '%s': a new %s namespace is of no use without its first process", name,
		     flags & CLONE_NEWPID ? "pid" : "time");
		return fail_hint(e, "--target PID holds a process's");
	}
	if ((ns_maps_any(maps) || maps->setgroups != NS_SETGROUPS_KERNEL) &&
	    !(flags & CLONE_NEWUSER))
		return fail(e, ERR_INPUT, "hold '%s': maps of ids need a new user namespace", name);
	if (check_new_name(name, e) < 0 || ns_maps_settle(&settled, e) < 0)
		return -1;
	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		while (getppid() == parent)
			(void)pause();
		_exit(0);
	}
	if (pid < 0) {
		fail_sys(e, "make namespaces to hold as '%s'", name);
		return e->sysno == EPERM ? fail_hint(e, "only root may") : -1;
	}
	r = ns_maps_write(&settled, pid, e);
	if (r == 0)
		r = ns_hold_process(s, name, pid, flags, e);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return r;
}

/**
 * ns_release() - forget a name; its namespaces live on only if something else holds them
 *
 * Return: 0, or -1, ERR_ABSENT when there is no such name.
 */
int ns_release(const struct ns_store *s, const char *name, struct err *e)
{
	own_fd int store = FD_NONE, folder = FD_NONE;
	int r;

	if (check_name(name, e) < 0)
		return -1;
	store = open_locked(s, e);
	if (store < 0 || faccessat(store, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, ERR_ABSENT, "release '%s': nothing is held under that name", name);
	folder = open_folder(s, store, name, e);
	r = folder < 0 ? -1 : release_files(s, folder, name, e);
	if (r == 0 && s->only < 0 && unlinkat(store, name, AT_REMOVEDIR) < 0)
		r = fail_sys(e, "remove '%s/%s'", s->dir, name);
	return r < 0 ? fail_in(e, "release '%s'", name) : 0;
}

/**
 * ns_held_open() - open what is held under a name
 * @ret_fds: by enum nsfs_type, FD_NONE where none; for ns_fds_close()
 *
 * Return: 0, or -1, ERR_ABSENT when there is no such name.
 */
int ns_held_open(const struct ns_store *s, const char *name, int ret_fds[NSFS_TYPES], struct err *e)
{
	own_fd int store = FD_NONE, folder = FD_NONE;
	bool any = false;

	if (check_name(name, e) < 0)
		return -1;
	store = fd_open(s->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	folder = store < 0 ? FD_NONE : open_folder(s, store, name, e);
	for (int i = 0; i < NSFS_TYPES; i++) {
		own_fd int place = FD_NONE;

		ret_fds[i] = FD_NONE;
		if (folder < 0 || !may_hold(s, i))
			continue;
		place = openat(folder, file_of(s, name, i), O_PATH | O_NOFOLLOW | O_CLOEXEC);
		any |= place >= 0 && nsfs_try_reopen(place, &ret_fds[i]) == 0;
	}
	return any ? 0 : fail(e, ERR_ABSENT, "no namespace is held as '%s' in '%s'", name, s->dir);
}

/* --- listing --------------------------------------------------------------------------------- */

static int list_one(const struct ns_store *s, int store, const char *name, struct arena *a,
		    struct ns_held *ret, struct err *e)
{
	own_fd int folder = open_folder(s, store, name, e);
	struct ns_held h = { .name = arena_dup(a, name) };

	h.namespaces.at = arena_array(a, NSFS_TYPES, sizeof(*h.namespaces.at));
	if (!h.name || !h.namespaces.at)
		return fail_errno(e, ENOMEM, "list '%s'", s->dir);
	for (int i = 0; folder >= 0 && i < NSFS_TYPES; i++) {
		enum nsfs_type type;
		uint64_t inode;

		if (may_hold(s, i) && look_at(folder, file_of(s, name, i), &type, &inode) == 0)
			h.namespaces.at[h.namespaces.n++] =
				(struct ns_held_one){ { true, type }, inode };
	}
	*ret = h;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct ns_held *)a)->name, ((const struct ns_held *)b)->name);
}

/* ns_held_list() - all names, sorted; none when the store does not exist. @a owns them. */
int ns_held_list(const struct ns_store *s, struct arena *a, struct ns_held_list *ret_list,
		 struct err *e)
{
	own_dir DIR *dir = opendir(s->dir);
	struct ns_held_list l = { 0 };
	const struct dirent *d;
	size_t room = 0;

	if (!dir && errno != ENOENT)
		return fail_sys(e, "open '%s'", s->dir);
	while (dir && (d = readdir(dir))) {
		if (*d->d_name == '.')
			continue;
		if (l.names.n == room) {
			struct ns_held *more;

			room = room ? room * 2 : 16;
			more = arena_array(a, room, sizeof(*more));
			if (!more)
				return fail_errno(e, ENOMEM, "list '%s'", s->dir);
			if (l.names.n)
				memcpy(more, l.names.at, l.names.n * sizeof(*more));
			l.names.at = more;
		}
		if (list_one(s, dirfd(dir), d->d_name, a, &l.names.at[l.names.n++], e) < 0)
			return -1;
	}
	if (l.names.n)
		qsort(l.names.at, l.names.n, sizeof(*l.names.at), by_name);
	*ret_list = l;
	return 0;
}

// clang-format off
static const struct bind_row ONE_ROWS[] = {
	ROW_WORD("type", REQUIRED, struct ns_held_one, type, nsfs_words),
	ROW_U64("inode", REQUIRED, struct ns_held_one, inode),
};
static const struct bind_table ONE = BIND_TABLE(ONE_ROWS, struct ns_held_one, false);

static const struct bind_row HELD_ROWS[] = {
	ROW_STRING("name", REQUIRED, struct ns_held, name),
	ROW_OBJECTS("namespaces", OPTIONAL, struct ns_held, namespaces, ONE),
};
const struct bind_table ns_held_table = BIND_TABLE(HELD_ROWS, struct ns_held, false);

static const struct bind_row LIST_ROWS[] = {
	ROW_OBJECTS("names", OPTIONAL, struct ns_held_list, names, ns_held_table),
};
const struct bind_table ns_held_list_table = BIND_TABLE(LIST_ROWS, struct ns_held_list, false);
// clang-format on
