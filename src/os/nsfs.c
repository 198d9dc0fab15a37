/* nsfs.c - the ioctls of namespaces, and setns(2) by pidfd or by /proc/PID/ns */
#include "os/nsfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/own.h"
#include "os/process.h"
#include "os/sys.h"

// clang-format off
const struct nsfs_kind nsfs_kinds[NSFS_TYPES] = {
	[NSFS_CGROUP] = { "cgroup", CLONE_NEWCGROUP, "ns/cgroup", NULL },
	[NSFS_IPC]    = { "ipc",    CLONE_NEWIPC,    "ns/ipc",    NULL },
	[NSFS_MNT]    = { "mnt",    CLONE_NEWNS,     "ns/mnt",    NULL },
	[NSFS_NET]    = { "net",    CLONE_NEWNET,    "ns/net",    NULL },
	[NSFS_PID]    = { "pid",    CLONE_NEWPID,    "ns/pid",    "ns/pid_for_children" },
	[NSFS_TIME]   = { "time",   CLONE_NEWTIME,   "ns/time",   "ns/time_for_children" },
	[NSFS_USER]   = { "user",   CLONE_NEWUSER,   "ns/user",   NULL },
	[NSFS_UTS]    = { "uts",    CLONE_NEWUTS,    "ns/uts",    NULL },
};

/* nsfs_words - types by name, for commands and documents; the values are enum nsfs_type */
const struct word nsfs_words[] = {
	{ "cgroup", NSFS_CGROUP }, { "ipc",  NSFS_IPC  }, { "mnt",  NSFS_MNT  },
	{ "net",    NSFS_NET    }, { "pid",  NSFS_PID  }, { "time", NSFS_TIME },
	{ "user",   NSFS_USER   }, { "uts",  NSFS_UTS  },
	{ "mount",  NSFS_MNT    }, { "network", NSFS_NET },
	{ NULL,     0 },
};
// clang-format on

/* nsfs_type_of() - the type of exactly one CLONE_NEW* flag, or -1 */
int nsfs_type_of(uint64_t flag)
{
	for (int i = 0; i < NSFS_TYPES; i++)
		if (nsfs_kinds[i].flag == flag)
			return i;
	return -1;
}

/**
 * nsfs_parse_link() - read what a link to a namespace says, such as "net:[4026531840]"
 *
 * A file that is called so has a path before its name, so such a text is never forged.
 *
 * Return: 0, or -EINVAL: it is something else.
 */
int nsfs_parse_link(const char *text, enum nsfs_type *ret_type, uint64_t *ret_inode)
{
	size_t name = strcspn(text, ":"), len = strlen(text);
	char digits[NSFS_LINK_MAX];
	uint64_t inode;

	if (text[name] != ':' || text[name + 1] != '[' || len < name + 4 || text[len - 1] != ']' ||
	    len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text + name + 2, len - name - 3);
	digits[len - name - 3] = '\0';
	if (text_u64(digits, UINT64_MAX, &inode) < 0)
		return -EINVAL;
	for (int i = 0; i < NSFS_TYPES; i++)
		if (strlen(nsfs_kinds[i].name) == name &&
		    memcmp(nsfs_kinds[i].name, text, name) == 0) {
			*ret_type = (enum nsfs_type)i;
			*ret_inode = inode;
			return 0;
		}
	return -EINVAL;
}

/**
 * nsfs_try_link() - which namespace does a link lead to? Nothing is opened
 *
 * Return: 0, -EINVAL when to none, or another -errno.
 */
int nsfs_try_link(int dirfd, const char *path, enum nsfs_type *ret_type, uint64_t *ret_inode)
{
	char text[NSFS_LINK_MAX];
	ssize_t n = readlinkat(dirfd, path, text, sizeof(text));

	if (n < 0)
		return -errno;
	if (n == 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	text[n] = '\0';
	return nsfs_parse_link(text, ret_type, ret_inode);
}

static bool is_nsfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

/**
 * nsfs_try_look() - type and inode of an open namespace
 *
 * Return: 0, -ENOTTY when it is something else, or another -errno.
 */
int nsfs_try_look(int fd, enum nsfs_type *ret_type, uint64_t *ret_inode)
{
	struct stat st;
	int flag, type;

	/* the file system first: to a device the number may mean something */
	if (!is_nsfs(fd))
		return -ENOTTY;
	flag = ioctl(fd, NS_GET_NSTYPE);
	if (flag < 0)
		return -errno;
	type = nsfs_type_of((uint64_t)flag);
	if (type < 0)
		return -ENOTTY;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_type = (enum nsfs_type)type;
	*ret_inode = st.st_ino;
	return 0;
}

/* nsfs_try_owner() - a descriptor of the user namespace that owns it, or -errno (-EPERM: it is not
 * below ours) */
int nsfs_try_owner(int fd)
{
	int owner = ioctl(fd, NS_GET_USERNS);

	return owner < 0 ? -errno : owner;
}

/* nsfs_try_parent() - a descriptor of the pid or user namespace above it, or -errno (-EPERM: there
 * is none, or it is not below ours; -EINVAL: other types have none) */
int nsfs_try_parent(int fd)
{
	int parent = ioctl(fd, NS_GET_PARENT);

	return parent < 0 ? -errno : parent;
}

/* nsfs_try_owner_uid() - who made a user namespace, as our user namespace calls him; 0 or -errno */
int nsfs_try_owner_uid(int fd, uint32_t *ret_uid)
{
	uid_t uid;

	if (ioctl(fd, NS_GET_OWNER_UID, &uid) < 0)
		return -errno;
	*ret_uid = uid;
	return 0;
}

/**
 * nsfs_try_reopen() - open the namespace that an O_PATH descriptor stands for
 *
 * Only what is a namespace is opened: the opening of a device or a FIFO has effects.
 *
 * Return: 0, -ENOTTY when it is something else, or another -errno.
 */
int nsfs_try_reopen(int place, int *ret_fd)
{
	char path[32];
	int fd;

	if (!is_nsfs(place))
		return -ENOTTY;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = fd_open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* nsfs_try_open() - open the namespace at a path, and nothing else; 0, -ENOTTY or -errno */
int nsfs_try_open(int dirfd, const char *path, int *ret_fd)
{
	own_fd int place = openat(dirfd, path, O_PATH | O_CLOEXEC);

	return place < 0 ? -errno : nsfs_try_reopen(place, ret_fd);
}

/**
 * nsfs_open() - open the namespace at a path that the user gave
 *
 * Return: a descriptor, or -1.
 */
int nsfs_open(int dirfd, const char *path, enum nsfs_type *ret_type, struct err *e)
{
	own_fd int fd = FD_NONE;
	uint64_t inode;
	int r = nsfs_try_open(dirfd, path, &fd);

	if (r == 0)
		r = nsfs_try_look(fd, ret_type, &inode);
	if (r == -ENOTTY) {
		fail(e, ERR_INPUT, "open the namespace '%s': it is none", path);
		return fail_hint(e, "a file that no namespace is bound to any more says so, too");
	}
	return r < 0 ? fail_errno(e, -r, "open the namespace '%s'", path) : give_fd(&fd);
}

/**
 * nsfs_target_open() - pin a process, so that its number cannot come to mean another
 * @ret_target: for nsfs_target_close()
 */
int nsfs_target_open(pid_t pid, struct nsfs_target *ret_target, struct err *e)
{
	own_target t = { .pid = pid, .pidfd = FD_NONE, .proc = FD_NONE };
	char path[32];

	t.pidfd = sys_pidfd_open(pid, 0);
	if (t.pidfd < 0 && errno != ENOSYS)
		return fail_sys(e, "open process %d", (int)pid);
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	t.proc = fd_open(path, O_PATH | O_DIRECTORY);
	if (t.proc < 0)
		return fail_sys(e, "open '%s'", path);
	/* Alive still: so the folder, opened between, is the same process's. A zombie counts. */
	if (t.pidfd >= 0 && sys_pidfd_send_signal(t.pidfd, 0) < 0 && errno == ESRCH)
		return fail_errno(e, ESRCH, "open process %d", (int)pid);
	t.thread = process_prefer_thread(&t.proc);
	*ret_target = t;
	t.pidfd = t.proc = FD_NONE;
	return 0;
}

void nsfs_target_close(struct nsfs_target *t)
{
	fd_close(&t->pidfd);
	fd_close(&t->proc);
}

/**
 * nsfs_differing() - which of the process's namespaces are not ours?
 * @flags:     CLONE_NEW* of the types that are asked for
 * @ret_flags: those in which the process is elsewhere
 *
 * Entering one's own user namespace is an error, and entering others of one's own is waste.
 */
int nsfs_differing(const struct nsfs_target *t, uint64_t flags, uint64_t *ret_flags, struct err *e)
{
	uint64_t differ = 0;

	for (int i = 0; i < NSFS_TYPES; i++) {
		const struct nsfs_kind *k = &nsfs_kinds[i];
		uint64_t theirs = 0, ours = 0;
		enum nsfs_type type;
		char self[48];
		int r;

		if (!(flags & k->flag))
			continue;
		r = nsfs_try_link(t->proc, k->path, &type, &theirs);
		if (r < 0)
			return fail_errno(e, -r, "look at the %s namespace of process %d", k->name,
					  (int)t->pid);
		snprintf(self, sizeof(self), "/proc/self/%s", k->path);
		r = nsfs_try_link(AT_FDCWD, self, &type, &ours);
		if (r < 0)
			return fail_errno(e, -r, "look at '%s'", self);
		if (ours != theirs)
			differ |= k->flag;
	}
	*ret_flags = differ;
	return 0;
}

static int hint_enter(struct err *e)
{
	if (e->sysno == EPERM)
		return fail_hint(e, "it takes CAP_SYS_ADMIN here and in the user namespace that "
				    "owns it");
	return -1;
}

/* nsfs_enter() - enter one open namespace; for pid and time only children get there */
int nsfs_enter(int fd, enum nsfs_type type, struct err *e)
{
	if (setns(fd, (int)nsfs_kinds[type].flag) == 0)
		return 0;
	fail_sys(e, "enter the %s namespace", nsfs_kinds[type].name);
	return hint_enter(e);
}

/* All are opened before the first is entered: in another mount namespace /proc is another. */
static int enter_each(const struct nsfs_target *t, uint64_t flags, struct err *e)
{
	int fds[NSFS_TYPES], r = 0;
	/* see init/namespaces.c: with privileges here the user namespace is the last, else the first */
	bool user_first = geteuid() != 0;

	for (int i = 0; i < NSFS_TYPES; i++) {
		fds[i] = FD_NONE;
		if (r == 0 && (flags & nsfs_kinds[i].flag)) {
			fds[i] = openat(t->proc, nsfs_kinds[i].path, O_RDONLY | O_CLOEXEC);
			if (fds[i] < 0)
				r = fail_sys(e, "open the %s namespace of process %d",
					     nsfs_kinds[i].name, (int)t->pid);
		}
	}
	if (r == 0 && user_first && fds[NSFS_USER] >= 0)
		r = nsfs_enter(fds[NSFS_USER], NSFS_USER, e);
	for (int i = 0; i < NSFS_TYPES; i++)
		if (r == 0 && i != NSFS_USER && fds[i] >= 0)
			r = nsfs_enter(fds[i], (enum nsfs_type)i, e);
	if (r == 0 && !user_first && fds[NSFS_USER] >= 0)
		r = nsfs_enter(fds[NSFS_USER], NSFS_USER, e);
	for (int i = 0; i < NSFS_TYPES; i++)
		fd_close(&fds[i]);
	return r;
}

/**
 * nsfs_enter_process() - enter namespaces of a process
 * @flags: CLONE_NEW* of those to enter; see nsfs_differing()
 *
 * By one call, all or none, where the kernel has it (Linux 5.8); else one after the other.
 */
int nsfs_enter_process(const struct nsfs_target *t, uint64_t flags, struct err *e)
{
	if (!flags)
		return 0;
	if (t->pidfd < 0)
		return enter_each(t, flags, e);
	if (setns(t->pidfd, (int)flags) == 0)
		return 0;
	/* Linux < 5.8 takes no pidfd */
	if (errno == EBADF || errno == EINVAL || t->thread)
		return enter_each(t, flags, e);
	fail_sys(e, "enter the namespaces of process %d", (int)t->pid);
	return hint_enter(e);
}
