/* holders.c - what keeps namespaces alive without a process: bind mounts and descriptors
 *
 * Both are of other people's making. A descriptor is looked at, and opened only if it is a
 * namespace's; a mount is opened below the root of a process that sees it, through no links, and
 * only what is a namespace.
 */
#include <fcntl.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/own.h"
#include "ns/namespaces_priv.h"
#include "os/file.h"
#include "os/mountinfo.h"
#include "os/path.h"

/* A namespace that is new waits for a process to show it. */
static int await(struct finder *f, int ns, int dir, char *path)
{
	int root;

	if (!GROW(&f->awaited))
		return -ENOMEM;
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return 0;
	f->awaited.at[f->awaited.n++] = (struct awaited){ ns, root, path };
	return 0;
}

/* Its root says which, in the words of the links. */
static int add_mount(struct finder *f, int dir, pid_t pid, uint64_t mount_ns,
		     const struct mount_line *m)
{
	struct ns_holder h = { .kind = { true, NS_HELD_MOUNT }, .pid = pid };
	size_t known = f->all.n;
	char link[NSFS_LINK_MAX];
	enum nsfs_type type;
	uint64_t inode;
	int ns;

	if (m->root_len >= sizeof(link))
		return 0;
	memcpy(link, m->root, m->root_len);
	link[m->root_len] = '\0';
	if (nsfs_parse_link(link, &type, &inode) < 0)
		return 0;
	h.path = arena_dup_len(f->arena, m->point, m->point_len);
	ns = finder_meet(f, type, inode);
	if (!h.path || ns < 0)
		return -ENOMEM;
	mountinfo_unescape(h.path);
	h.mount_ns = (struct opt_u64){ true, mount_ns };
	if (f->all.n > known && await(f, ns, dir, h.path) < 0)
		return -ENOMEM;
	return finder_hold(f, ns, &h);
}

/**
 * finder_read_mounts() - find the namespaces that are bound in a mount namespace
 * @dir: folder of a process in it, the first that was met
 *
 * A process that was chrooted sees but the mounts below its root.
 *
 * Return: 0, also when it cannot be read, or -ENOMEM.
 */
int finder_read_mounts(struct finder *f, int dir, pid_t pid, uint64_t mount_ns)
{
	own_mem char *text = NULL;
	struct mount_line m;
	const char *rest;
	struct err e;

	if (file_read(dir, "mountinfo", MOUNTINFO_MAX, &text, &e) < 0)
		return e.sysno == ENOMEM ? -ENOMEM : 0;
	rest = strstr(text, " - nsfs ") ? text : "";
	while (mount_line_next_any(&rest, &m))
		if (mount_line_is(&m, "nsfs") && add_mount(f, dir, pid, mount_ns, &m) < 0)
			return -ENOMEM;
	return 0;
}

/**
 * finder_open_awaited() - open the namespaces that only mounts have shown
 *
 * What is covered by another mount cannot be opened; its owner stays unknown.
 */
int finder_open_awaited(struct finder *f)
{
	for (size_t i = 0; i < f->awaited.n; i++) {
		const struct awaited *a = &f->awaited.at[i];
		own_fd int place = FD_NONE, fd = FD_NONE;
		enum nsfs_type type;
		uint64_t inode;

		if (f->all.at[a->ns].learnt)
			continue;
		place = path_try_open(a->dir, a->path, O_PATH | O_CLOEXEC, PATH_NOLINKS);
		if (place < 0 || nsfs_try_reopen(place, &fd) < 0 ||
		    nsfs_try_look(fd, &type, &inode) < 0 || type != f->all.at[a->ns].type ||
		    inode != f->all.at[a->ns].inode)
			continue;
		if (finder_learn(f, a->ns, fd) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- descriptors ----------------------------------------------------------------------------- */

struct entry {
	uint64_t inode, next;
	uint16_t size;
	uint8_t type;
	char name[];
};

/* Is it a namespace? One that was opened by a bind mount's path has that path for its link, not its
 * own name, so the links do not tell. What is in memory is enough: the file may be on a file system
 * that never answers. */
static bool is_namespace(const struct finder *f, int fds, const char *name)
{
	struct statx st;

	return syscall(SYS_statx, fds, name, AT_STATX_DONT_SYNC, STATX_INO, &st) == 0 &&
	       makedev(st.stx_dev_major, st.stx_dev_minor) == f->nsfs_dev;
}

static int add_fd(struct finder *f, int fds, const char *name, pid_t pid)
{
	struct ns_holder h = { .kind = { true, NS_HELD_FD }, .pid = pid };
	own_fd int fd = FD_NONE;
	enum nsfs_type type;
	uint64_t inode;
	int ns;

	if (!is_namespace(f, fds, name) || nsfs_try_open(fds, name, &fd) < 0 ||
	    nsfs_try_look(fd, &type, &inode) < 0)
		return 0;
	ns = finder_meet(f, type, inode);
	h.fd.set = text_i64(name, &h.fd.v) == 0;
	if (ns < 0 || finder_hold(f, ns, &h) < 0)
		return -ENOMEM;
	return finder_learn(f, ns, fd);
}

/* finder_read_fds() - find the namespaces that a process has open; 0 or -ENOMEM */
int finder_read_fds(struct finder *f, int dir, pid_t pid)
{
	own_fd int fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	while (fds >= 0 && (n = syscall(SYS_getdents64, fds, f->fd_buffer, NS_FD_BUFFER)) > 0)
		for (long at = 0; at < n;) {
			const struct entry *d = (const void *)(f->fd_buffer + at);

			at += d->size;
			if (d->name[0] != '.' && add_fd(f, fds, d->name, pid) < 0)
				return -ENOMEM;
		}
	return 0;
}
