/* proc_scan.c - /proc by getdents(2), openat(2) and readlinkat(2), with buffers that are used again
 *
 * A host has thousands of processes, and each call for each of them counts. A file's text comes by
 * one read(2): the kernel hands these records out whole up to the buffer's size.
 */
#include "host/proc_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/own.h"

/* The kernel's own maximum of a map is 340 ranges of up to 33 bytes; cgroup is longer on v1. */
#define TEXT_MAX ((size_t)16384)

struct buffers {
	char entries[32768] __attribute__((aligned(16)));
	char stat[1024], status[8192], cgroup[TEXT_MAX], cmdline[4096], uid_map[TEXT_MAX],
		gid_map[TEXT_MAX];
};

/* linux_dirent64; libc's struct dirent is larger than what getdents64 writes */
struct entry {
	uint64_t inode, next;
	uint16_t size;
	uint8_t type;
	char name[];
};

static bool is_denial(int r)
{
	return r == -EACCES || r == -EPERM;
}

/* The file's first @size - 1 bytes, NUL-terminated: length or -errno. */
static int read_at(int dir, const char *name, char *text, size_t size)
{
	own_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return (int)n;
}

static int read_stat(int dir, struct buffers *b, struct proc_entry *p)
{
	int r = read_at(dir, "stat", b->stat, sizeof(b->stat));

	return r < 0 ? r : process_parse_stat(b->stat, &p->stat);
}

static int read_status(int dir, struct buffers *b, struct proc_entry *p)
{
	int r = read_at(dir, "status", b->status, sizeof(b->status));

	return r < 0 ? r : proc_parse_status(b->status, &p->status);
}

static int read_cgroup(int dir, struct buffers *b, struct proc_entry *p)
{
	int r = read_at(dir, "cgroup", b->cgroup, sizeof(b->cgroup));

	p->cgroup = r < 0 ? NULL : b->cgroup;
	return r;
}

static int read_cmdline(int dir, struct buffers *b, struct proc_entry *p)
{
	int r = read_at(dir, "cmdline", b->cmdline, sizeof(b->cmdline));

	p->cmdline = r < 0 ? NULL : b->cmdline;
	p->cmdline_len = r < 0 ? 0 : (size_t)r;
	return r;
}

static int read_maps(int dir, struct buffers *b, struct proc_entry *p)
{
	int r = read_at(dir, "uid_map", b->uid_map, sizeof(b->uid_map));

	if (r >= 0)
		r = read_at(dir, "gid_map", b->gid_map, sizeof(b->gid_map));
	p->uid_map = r < 0 ? NULL : b->uid_map;
	p->gid_map = r < 0 ? NULL : b->gid_map;
	return r;
}

/* A zombie is in no namespaces but its pid and user namespace, a type that this kernel lacks has no
 * link, and neither has a namespace for children that nobody was born into; who has ended has none. */
static int read_links(int dir, bool children, uint64_t inodes[NSFS_TYPES])
{
	bool any = children;

	for (int i = 0; i < NSFS_TYPES; i++) {
		const char *path = children ? nsfs_kinds[i].children : nsfs_kinds[i].path;
		enum nsfs_type type;
		int r;

		if (!path)
			continue;
		r = nsfs_try_link(dir, path, &type, &inodes[i]);
		if (r < 0 && r != -ENOENT)
			return r;
		any |= r == 0;
	}
	return any ? 0 : -ESRCH;
}

static int read_ns(int dir, struct buffers *b, struct proc_entry *p)
{
	return read_links(dir, false, p->ns);
}

static int read_children(int dir, struct buffers *b, struct proc_entry *p)
{
	return read_links(dir, true, p->child);
}

static int read_owner(int dir, struct buffers *b, struct proc_entry *p)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	p->owner_uid = st.st_uid;
	return 0;
}

static const struct fact_row {
	unsigned fact;
	int (*read)(int dir, struct buffers *b, struct proc_entry *p);
} FACTS[] = {
	/* what may be denied to us comes first: what has ended shows there, too */
	{ PROC_NS, read_ns },         { PROC_CHILDREN, read_children },
	{ PROC_STAT, read_stat },     { PROC_STATUS, read_status },
	{ PROC_CGROUP, read_cgroup }, { PROC_CMDLINE, read_cmdline },
	{ PROC_MAPS, read_maps },     { PROC_OWNER, read_owner },
};

/* Read what is wanted: 0; 1 when the process has ended meanwhile. */
static int look_at(int dir, unsigned want, struct buffers *b, struct proc_entry *p)
{
	for (size_t i = 0; i < COUNT(FACTS); i++) {
		const struct fact_row *f = &FACTS[i];
		int r;

		if (!(want & f->fact))
			continue;
		/* one check guards both */
		if (f->fact == PROC_CHILDREN && (p->denied & PROC_NS))
			r = -EACCES;
		else
			r = f->read(dir, b, p);
		if (r == -ESRCH || r == -ENOENT)
			return 1;
		if (r >= 0)
			p->have |= f->fact;
		else if (is_denial(r))
			p->denied |= f->fact;
	}
	return 0;
}

static int look(int proc, const char *name, pid_t pid, struct proc_scan *s, struct buffers *b,
		struct err *e)
{
	own_fd int dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct proc_entry p = { .pid = pid };

	if (dir < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return fail_sys(e, "open '/proc/%s'", name);
	if (dir < 0 || look_at(dir, s->want, b, &p)) {
		s->gone++;
		return 0;
	}
	s->seen++;
	s->denied += p.denied != 0;
	return s->each(s->ctx, dir, &p, e);
}

/* The number of a process, or 0 for the other names in /proc. */
static pid_t pid_of(const char *name)
{
	long pid = 0;

	for (; *name >= '0' && *name <= '9' && pid < INT_MAX; name++)
		pid = pid * 10 + (*name - '0');
	return *name || pid > INT_MAX ? 0 : (pid_t)pid;
}

/* hidepid hides the first process from whom it hides anything, unless we are in its place. */
static int scan_all(int proc, struct proc_scan *s, struct buffers *b, struct err *e)
{
	bool first = false;
	long n;

	while ((n = syscall(SYS_getdents64, proc, b->entries, sizeof(b->entries))) > 0)
		for (long at = 0; at < n;) {
			const struct entry *d =
				(const struct entry *)(const void *)(b->entries + at);
			pid_t pid = pid_of(d->name);

			at += d->size;
			first |= pid == 1;
			if (pid && look(proc, d->name, pid, s, b, e) < 0)
				return -1;
		}
	s->hidden = !first;
	return n < 0 ? fail_sys(e, "list '/proc'") : 0;
}

/**
 * proc_scan() - look at every process
 *
 * Source: proc(5).
 */
int proc_scan(struct proc_scan *s, struct err *e)
{
	own_fd int proc = fd_open("/proc", O_RDONLY | O_DIRECTORY);
	own_mem struct buffers *b = malloc(sizeof(*b));

	if (proc < 0)
		return fail_sys(e, "open '/proc'");
	return b ? scan_all(proc, s, b, e) : fail_errno(e, ENOMEM, "look at the processes");
}

/* proc_scan_one() - the same for one process; s->seen stays 0 when there is none of that number */
int proc_scan_one(pid_t pid, struct proc_scan *s, struct err *e)
{
	own_fd int proc = fd_open("/proc", O_PATH | O_DIRECTORY);
	own_mem struct buffers *b = malloc(sizeof(*b));
	char name[16];

	if (proc < 0)
		return fail_sys(e, "open '/proc'");
	if (!b)
		return fail_errno(e, ENOMEM, "look at process %d", (int)pid);
	(void)snprintf(name, sizeof(name), "%d", (int)pid);
	return look(proc, name, pid, s, b, e);
}
