/* mount.c - the mount API, and mount(2) where the kernel has only that */
#include "os/mount.h"

#include <fcntl.h>
#include <linux/stat.h> /* struct statx, which musl 1.2.3 has not */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "os/path.h"
#include "os/sys.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

// clang-format off
static const struct { uint64_t attr; unsigned long ms; } attr_table[] = {
	{ MOUNT_ATTR_RDONLY,      MS_RDONLY      },
	{ MOUNT_ATTR_NOSUID,      MS_NOSUID      },
	{ MOUNT_ATTR_NODEV,       MS_NODEV       },
	{ MOUNT_ATTR_NOEXEC,      MS_NOEXEC      },
	{ MOUNT_ATTR_NOATIME,     MS_NOATIME     },
	{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
	{ MOUNT_ATTR_NODIRATIME,  MS_NODIRATIME  },
	{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};

/* Words that fsconfig takes as flags of the superblock, with their mount(2) bits. */
static const struct { const char *word; unsigned long ms; } super_table[] = {
	{ "ro",       MS_RDONLY      },
	{ "sync",     MS_SYNCHRONOUS },
	{ "dirsync",  MS_DIRSYNC     },
	{ "mand",     MS_MANDLOCK    },
	{ "lazytime", MS_LAZYTIME    },
};
// clang-format on

/* mount_attr_to_ms() - MOUNT_ATTR_* as the MS_* bits of mount(2) */
unsigned long mount_attr_to_ms(uint64_t attrs)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < sizeof(attr_table) / sizeof(*attr_table); i++)
		if (attrs & attr_table[i].attr)
			ms |= attr_table[i].ms;
	return ms;
}

/* What the kernel has to say about a failed step: the last line it left in the fs context. */
static int fail_context(int ctx, const char *fs, const char *step, struct err *e)
{
	int why = errno;
	char log[512];
	ssize_t n = ctx >= 0 ? read(ctx, log, sizeof(log) - 1) : -1;

	if (n <= 2)
		return fail_errno(e, why, "%s file system '%s'", step, fs);
	log[n] = '\0';
	log[strcspn(log, "\n")] = '\0';
	/* each line starts with its level: "e ", "w " or "i " */
	return fail_errno(e, why, "%s file system '%s': the kernel says \"%s\"", step, fs, log + 2);
}

/* Hand over one "key", or "key=value", to the fs context. */
static int configure(int ctx, char *option)
{
	char *value = strchr(option, '=');

	if (!value)
		return sys_fsconfig(ctx, FSCONFIG_SET_FLAG, option, NULL, 0);
	*value = '\0';
	return sys_fsconfig(ctx, FSCONFIG_SET_STRING, option, value + 1, 0);
}

/**
 * mount_option_next() - cut the next option off a list that commas separate
 *
 * In a value's double quotes commas separate nothing, as in context="…:s0:c1,c2" (mount(8)); the
 * quotes are taken off, as fsconfig(2) wants it.
 *
 * Return: the option, or NULL at the end.
 */
char *mount_option_next(char **rest)
{
	char *option = *rest, *w = *rest, *c = *rest;
	bool quoted = false;

	if (!option)
		return NULL;
	for (; *c && (quoted || *c != ','); c++) {
		if (*c == '"')
			quoted = !quoted;
		else
			*w++ = *c;
	}
	*rest = *c ? c + 1 : NULL;
	*w = '\0';
	return option;
}

static int configure_all(int ctx, const char *fs, const char *data, struct err *e)
{
	own_str struct str copy = { 0 };
	char *rest, *option;

	str_add(&copy, data);
	if (!copy.at)
		return fail_errno(e, ENOMEM, "mount '%s'", fs);
	rest = copy.at;
	while ((option = mount_option_next(&rest)))
		if (*option && configure(ctx, option) < 0)
			return fail_context(ctx, fs, "set up", e);
	return 0;
}

/**
 * mount_make_fs() - make a new file system, attached nowhere
 * @fs:     type
 * @source: device or label, NULL for none
 * @data:   its options, comma separated, or NULL
 * @attrs:  MOUNT_ATTR_*
 *
 * Return: a mount descriptor, or -1 with the kernel's own words; e->sysno is ENOSYS where the
 * kernel has no mount API.
 */
int mount_make_fs(const char *fs, const char *source, const char *data, uint64_t attrs,
		  struct err *e)
{
	own_fd int ctx = sys_fsopen(fs, FSOPEN_CLOEXEC);
	int fd;

	if (ctx < 0 && errno == ENODEV) {
		fail(e, ERR_UNSUPPORTED, "unknown file system type '%s'", fs);
		return fail_hint(e, "see /proc/filesystems; a kernel module may be missing");
	}
	if (ctx < 0)
		return fail_context(ctx, fs, "open", e);
	if (source && *source && sys_fsconfig(ctx, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return fail_context(ctx, fs, "set up", e);
	if (data && configure_all(ctx, fs, data, e) < 0)
		return -1;
	if (sys_fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_context(ctx, fs, "create", e);
	fd = sys_fsmount(ctx, FSMOUNT_CLOEXEC, (unsigned)attrs);
	if (fd < 0)
		return fail_context(ctx, fs, "mount", e);
	return fd;
}

/**
 * mount_clone() - a detached copy of the mount (or tree of mounts) at a path
 * @path: relative to @dirfd, or "" for @dirfd itself
 *
 * A plain user cannot copy mounts in the host's namespace. To him that is as on a kernel without
 * the call, and who is root in the container's namespaces can do it there; root's EPERM stays one.
 *
 * Return: a mount descriptor, or -1; e->sysno is ENOSYS where this process has no such call.
 */
int mount_clone(int dirfd, const char *path, bool recursive, bool nofollow, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int fd;

	if (recursive)
		flags |= AT_RECURSIVE;
	if (nofollow)
		flags |= AT_SYMLINK_NOFOLLOW;
	if (!*path)
		flags |= AT_EMPTY_PATH;
	fd = sys_open_tree(dirfd, path, flags);
	if (fd < 0 && errno == EPERM && geteuid() != 0)
		errno = ENOSYS;
	return fd < 0 ? fail_sys(e, "copy the mount at '%s'", path) : fd;
}

static int set_one(int fd, uint64_t set, uint64_t clr, unsigned flags)
{
	struct mount_attr a = { .attr_set = set, .attr_clr = clr };

	if (!set && !clr)
		return 0;
	/* the atime modes are one field: setting any means clearing the others first */
	if (set & MOUNT_ATTR__ATIME)
		a.attr_clr |= MOUNT_ATTR__ATIME;
	if (a.attr_clr & MOUNT_ATTR__ATIME)
		a.attr_clr |= MOUNT_ATTR__ATIME;
	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | flags, &a);
}

/**
 * mount_try_propagate() - make a mount, which may be detached, shared, slave, …
 * @flags: MS_*, with MS_REC for all below it, too
 *
 * A copy of a host's mount is its peer: what the container mounts on it would appear on the host.
 *
 * Return: 0, or -errno; -ENOSYS before Linux 5.12, where a detached copy must not be used.
 */
int mount_try_propagate(int fd, uint64_t flags)
{
	struct mount_attr a = { .propagation = flags & ~(uint64_t)MS_REC };
	unsigned below = flags & MS_REC ? AT_RECURSIVE : 0;

	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | below, &a) < 0 ? -errno : 0;
}

/* What a bind mount loses when it is given flags of its own, as with runc and mount(2). */
#define IMPLIED \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | \
	 MOUNT_ATTR_NOSYMFOLLOW)

#define TIMES (MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)

/* The attributes of a mount as statvfs(3) tells them. Neither bit for access times: all are kept. */
static uint64_t attrs_of(const struct statvfs *fs)
{
	static const struct {
		unsigned long st;
		uint64_t attr;
	} flags[] = {
		{ ST_RDONLY, MOUNT_ATTR_RDONLY },   { ST_NOSUID, MOUNT_ATTR_NOSUID },
		{ ST_NODEV, MOUNT_ATTR_NODEV },     { ST_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ ST_NOATIME, MOUNT_ATTR_NOATIME }, { ST_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	};
	uint64_t attrs = fs->f_flag & (ST_NOATIME | ST_RELATIME) ? 0 : MOUNT_ATTR_STRICTATIME;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (fs->f_flag & flags[i].st)
			attrs |= flags[i].attr;
	return attrs;
}

/* Does a bind mount ask for access times of its own? Words that only say what they shall not be,
 * such as "atime", ask for nothing, as with mount(8). */
static bool chooses_times(const struct mount_attrs *a)
{
	return (a->set & TIMES) || (a->clr & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME;
}

static int settle_times(struct mount_attrs *a, const struct statvfs *locked, struct err *e)
{
	if (!chooses_times(a)) {
		a->clr &= ~(uint64_t)TIMES;
		return 0;
	}
	if (locked && (attrs_of(locked) & TIMES) != (a->set & TIMES))
		return fail_errno(e, EPERM, "choose other access times than the host's mount has");
	a->clr |= TIMES & ~a->set;
	return 0;
}

/* The recursive words take effect after the others, whatever else is asked for. */
static int check_recursive(const struct mount_attrs *a, uint64_t has, struct err *e)
{
	bool times = (a->rec_set | a->rec_clr) & MOUNT_ATTR__ATIME;
	uint64_t gone =
		(a->rec_clr & ~(uint64_t)MOUNT_ATTR__ATIME) | (times ? MOUNT_ATTR__ATIME : 0);
	uint64_t left = (has & ~gone) | (a->rec_set & TIMES);

	if ((has & IMPLIED & gone) || (left & TIMES) != (has & TIMES))
		return fail_errno(e, EPERM, "take flags off that the host's mount has");
	return 0;
}

/* mount_takes_off() - could the recursive words take something off mounts below the first? */
bool mount_takes_off(const struct mount_attrs *a)
{
	return a->rec_clr || (a->rec_set & MOUNT_ATTR__ATIME);
}

/**
 * mount_settle() - what else a bind mount is asked for when flags are: the rest goes, or stays locked
 * @a:      completed, unless it asks for nothing
 * @locked: the source's mount, when a user namespace may take nothing off it; else NULL
 *
 * Access times are one choice of four words (mount(2), MS_REMOUNT | MS_BIND): who makes it makes all
 * of it, and who does not keeps the source's.
 *
 * Return: 0, or -1 with EPERM when what is locked is to be changed (user_namespaces(7)).
 */
int mount_settle(struct mount_attrs *a, const struct statvfs *locked, struct err *e)
{
	uint64_t stay = locked ? attrs_of(locked) & IMPLIED : 0;

	if (locked && check_recursive(a, attrs_of(locked), e) < 0)
		return -1;
	if (!a->set && !a->clr)
		return 0;
	if (a->clr & stay)
		return fail_errno(e, EPERM, "take flags off that the host's mount has");
	a->clr |= IMPLIED & ~a->set & ~stay;
	return settle_times(a, locked, e);
}

/* mount_set() - change the attributes of the mount (not the directory) that @fd is the root of */
int mount_set(int fd, const struct mount_attrs *a, struct err *e)
{
	if (set_one(fd, a->rec_set, a->rec_clr, AT_RECURSIVE) < 0 ||
	    set_one(fd, a->set, a->clr, 0) < 0)
		return fail_sys(e, "change mount attributes");
	return 0;
}

/* mount_idmap() - shift the ids of a detached mount by the maps of a user namespace */
int mount_idmap(int fd, int userns_fd, bool recursive, struct err *e)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns_fd };

	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &a) < 0) {
		fail_sys(e, "map the mount's ids");
		if (errno == EINVAL || errno == EOPNOTSUPP)
			fail_hint(e, "its file system cannot do id-mapped mounts on this kernel");
		return -1;
	}
	return 0;
}

/* mount_attach() - put a detached mount on @target (O_PATH) */
int mount_attach(int fd, int target, struct err *e)
{
	if (sys_move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
	    0)
		return fail_sys(e, "attach the mount");
	return 0;
}

/* Split @data into superblock flags and the rest, which mount(2) passes to the file system. */
static unsigned long split_super_flags(char *data)
{
	unsigned long ms = 0;
	char *out = data, *rest = data, *option;

	while ((option = strsep(&rest, ","))) {
		bool taken = false;
		size_t len = strlen(option);

		for (size_t i = 0; i < sizeof(super_table) / sizeof(*super_table); i++)
			if (strcmp(option, super_table[i].word) == 0) {
				ms |= super_table[i].ms;
				taken = true;
			}
		if (taken || !len)
			continue;
		if (out != data)
			*out++ = ',';
		memmove(out, option, len);
		out += len;
	}
	*out = '\0';
	return ms;
}

static int old_mount_fs(const char *fs, const char *source, const char *data, uint64_t attrs,
			int target, struct err *e)
{
	own_str struct str rest = { 0 };
	char path[32];
	unsigned long ms;

	str_add(&rest, data ? data : "");
	if (!rest.at)
		return fail_errno(e, ENOMEM, "mount '%s'", fs);
	ms = split_super_flags(rest.at) | mount_attr_to_ms(attrs);
	path_fd_link(target, path);
	if (mount(source && *source ? source : fs, path, fs, ms, rest.at) < 0)
		return fail_sys(e, "mount file system '%s'", fs);
	return 0;
}

/* mount_fs_at() - mount_make_fs() and mount_attach() in one, on any kernel */
int mount_fs_at(const char *fs, const char *source, const char *data, uint64_t attrs, int target,
		struct err *e)
{
	own_fd int fd = mount_make_fs(fs, source, data, attrs, e);

	if (fd < 0 && e->sysno == ENOSYS)
		return old_mount_fs(fs, source, data, attrs, target, e);
	if (fd < 0)
		return -1;
	return mount_attach(fd, target, e);
}

/* mount_bind_at() - make what @source (O_PATH, in this mount namespace) is appear on @target */
int mount_bind_at(int source, bool recursive, int target, struct err *e)
{
	own_fd int fd = mount_clone(source, "", recursive, false, e);
	char from[32], to[32];

	if (fd >= 0)
		return mount_attach(fd, target, e);
	if (e->sysno != ENOSYS)
		return -1;
	path_fd_link(source, from);
	path_fd_link(target, to);
	if (mount(from, to, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL) < 0)
		return fail_sys(e, "bind mount");
	return 0;
}

/* The MS_* bits that a mount has now, so that a remount keeps what nobody asked to change. */
static unsigned long current_ms(int fd)
{
	struct statfs st;
	unsigned long ms = 0;

	if (fstatfs(fd, &st) < 0)
		return 0;
	/* ST_* of statvfs(3) have the values of MS_* for these */
	ms = (unsigned long)st.f_flags &
	     (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
	if (st.f_flags & 0x1000) /* ST_RELATIME */
		ms |= MS_RELATIME;
	return ms;
}

/**
 * mount_change_at() - change the attributes of what is mounted at @target
 * @target: O_PATH, opened after the mount was made
 *
 * The recursive forms need mount_setattr (Linux 5.12).
 */
int mount_change_at(int target, const struct mount_attrs *a, struct err *e)
{
	char path[32];
	unsigned long ms;

	if (mount_set(target, a, e) == 0)
		return 0;
	if (e->sysno != ENOSYS)
		return -1;
	if (a->rec_set || a->rec_clr) {
		fail_hint(e, "recursive mount options need Linux 5.12");
		return -1;
	}
	ms = current_ms(target) & ~mount_attr_to_ms(a->clr);
	if (a->set & MOUNT_ATTR__ATIME)
		ms &= ~(unsigned long)(MS_NOATIME | MS_RELATIME | MS_STRICTATIME);
	ms |= mount_attr_to_ms(a->set);
	path_fd_link(target, path);
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | ms, NULL) < 0)
		return fail_sys(e, "change mount attributes");
	return 0;
}

/* mount_propagate_at() - mount_try_propagate() for what is attached, on any kernel */
int mount_propagate_at(int target, uint64_t flags, struct err *e)
{
	uint64_t kind = flags & ~(uint64_t)MS_REC;
	char path[32];
	/* without a path, in case /proc is the container's; one kind at a time is all it takes */
	int r = mount_try_propagate(target, flags);

	if (r == 0)
		return 0;
	if (r != -ENOSYS && (kind & (kind - 1)) == 0)
		return fail_errno(e, -r, "change mount propagation");
	path_fd_link(target, path);
	if (mount(NULL, path, NULL, (unsigned long)flags, NULL) < 0)
		return fail_sys(e, "change mount propagation");
	return 0;
}

/**
 * mount_id() - which mount a path leads to, by the number that mountinfo has for it
 * @path: "": @at itself, which may be a mount that is attached nowhere
 *
 * No other mount of this machine has that number, until this one is gone.
 *
 * Return: the number; 0: it can't be told (Linux before 5.8)
 */
uint64_t mount_id(int at, const char *path)
{
	struct statx st;

	if (syscall(SYS_statx, at, path, AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, &st) < 0)
		return 0;
	return st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
}
