/* proc_scan.c - /proc by getdents(2), openat(2) and readlinkat(2), with buffers that are used again
 *
 * A host has thousands of processes, and each call for each of them counts. A file's text comes by
 * one read(2): the kernel hands these records out whole up to the buffer's size. They are looked at in
 * batches, by several processors at once, and told of by one, in order, while their folders are open.
 */
#include "host/proc_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include "base/own.h"
#include "base/parallel.h"

/* The kernel's own maximum of a map is 340 ranges of up to 33 bytes; cgroup is longer on v1. */
#define TEXT_MAX ((size_t)16384)

#define BATCH    256 /* processes that are looked at before any is told of: as many open folders */
/* on a small host, where several are not worth the while: fresh pages cost as much as files */
#define FEW      4

/**
 * struct buffers - texts of one process
 * @kernel_ns: the namespaces of the kernel's threads, or NULL
 */
struct buffers {
	const uint64_t *kernel_ns;
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

/* Half of a small host's processes are threads of the kernel's, and they share all namespaces but the
 * mount namespace, which devtmpfs's thread has of its own. */
static int read_kernel_ns(int dir, const uint64_t *shared, struct proc_entry *p)
{
	enum nsfs_type type;

	memcpy(p->ns, shared, sizeof(p->ns));
	return nsfs_try_link(dir, nsfs_kinds[NSFS_MNT].path, &type, &p->ns[NSFS_MNT]);
}

static bool is_kernels(const struct buffers *b, const struct proc_entry *p)
{
	return b->kernel_ns && (p->have & PROC_STAT) && p->stat.kernel;
}

static int read_ns(int dir, struct buffers *b, struct proc_entry *p)
{
	return is_kernels(b, p) ? read_kernel_ns(dir, b->kernel_ns, p)
				: read_links(dir, false, p->ns);
}

static int read_children(int dir, struct buffers *b, struct proc_entry *p)
{
	return is_kernels(b, p) ? 0 : read_links(dir, true, p->child);
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
	/* stat first: it tells of whom namespaces are known */
	{ PROC_STAT, read_stat },         { PROC_NS, read_ns },
	{ PROC_CHILDREN, read_children }, { PROC_STATUS, read_status },
	{ PROC_CGROUP, read_cgroup },     { PROC_CMDLINE, read_cmdline },
	{ PROC_MAPS, read_maps },         { PROC_OWNER, read_owner },
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
		/* of who has ended all is denied until he is gone */
		if (r == -ESRCH || r == -ENOENT ||
		    (is_denial(r) && faccessat(dir, "stat", F_OK, 0) < 0))
			return 1;
		if (r >= 0)
			p->have |= f->fact;
		else if (is_denial(r))
			p->denied |= f->fact;
	}
	return 0;
}

/**
 * struct slot - one process of a batch
 * @dir: its folder, FD_NONE: it could not be opened for the reason of @failure
 */
struct slot {
	int dir, failure;
	bool gone;
	struct proc_entry p;
	struct buffers text;
};

/**
 * struct batch - @n processes of at most @room; @at has @room slots
 * @kernel_ns: the namespaces of the kernel's first thread, when @has_kernel
 */
struct batch {
	int proc;
	unsigned want;
	bool has_kernel;
	uint64_t kernel_ns[NSFS_TYPES];
	size_t n, room;
	struct slot *at;
};

/* Called by several threads, each with its own slot. */
static void look(void *ctx, size_t i)
{
	struct batch *b = ctx;
	struct slot *t = &b->at[i];
	char name[16];

	(void)snprintf(name, sizeof(name), "%d", (int)t->p.pid);
	t->text.kernel_ns = b->has_kernel ? b->kernel_ns : NULL;
	t->dir = openat(b->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	t->failure = t->dir < 0 ? errno : 0;
	t->gone = t->dir < 0 || look_at(t->dir, b->want, &t->text, &t->p);
}

static int tell_one(const struct slot *t, struct proc_scan *s, struct err *e)
{
	if (t->failure == EMFILE || t->failure == ENFILE || t->failure == ENOMEM)
		return fail_errno(e, t->failure, "open '/proc/%d'", (int)t->p.pid);
	if (t->gone) {
		s->gone++;
		return 0;
	}
	s->seen++;
	s->denied += t->p.denied != 0;
	return s->each(s->ctx, t->dir, &t->p, e);
}

/* Looks at all of the batch, tells of them, and empties it. */
static int work_off(struct batch *b, struct proc_scan *s, struct err *e)
{
	int r = 0;

	parallel_each(b->n, look, b);
	for (size_t i = 0; i < b->n; i++) {
		if (r == 0)
			r = tell_one(&b->at[i], s, e);
		fd_close(&b->at[i].dir);
	}
	b->n = 0;
	return r;
}

/* All threads of the kernel's are born of its second process; in a pid namespace there are none. */
static void learn_kernel(struct batch *b)
{
	own_fd int dir = openat(b->proc, "2", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct proc_entry second = { 0 };

	b->has_kernel = dir >= 0 && read_stat(dir, &b->at[0].text, &second) == 0 &&
			second.stat.kernel && read_links(dir, false, b->kernel_ns) == 0;
}

static int add(struct batch *b, pid_t pid, struct proc_scan *s, struct err *e)
{
	struct slot *t = &b->at[b->n++];

	t->dir = FD_NONE;
	t->p = (struct proc_entry){ .pid = pid };
	return b->n < b->room ? 0 : work_off(b, s, e);
}

static void batch_done(struct batch *b)
{
	free(b->at);
	fd_close(&b->proc);
}
#define own_batch __attribute__((cleanup(batch_done)))

/* Room for @most, or as many as may well be open: the caller's @each opens files, too. */
static int batch_open(struct batch *b, size_t most, struct proc_scan *s, struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 4 < most)
		most = files.rlim_cur / 4;
	*b = (struct batch){ .want = s->want, .room = most ? most : 1 };
	b->proc = fd_open("/proc", O_RDONLY | O_DIRECTORY);
	if (b->proc < 0)
		return fail_sys(e, "open '/proc'");
	b->at = malloc(b->room * sizeof(*b->at));
	return b->at ? 0 : fail_errno(e, ENOMEM, "look at the processes");
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
static int scan_all(struct batch *b, struct proc_scan *s, struct err *e)
{
	char entries[32768] __attribute__((aligned(16)));
	bool first = false;
	long n;

	while ((n = syscall(SYS_getdents64, b->proc, entries, sizeof(entries))) > 0)
		for (long at = 0; at < n;) {
			const struct entry *d = (const struct entry *)(const void *)(entries + at);
			pid_t pid = pid_of(d->name);

			at += d->size;
			first |= pid == 1;
			if (pid && add(b, pid, s, e) < 0)
				return -1;
		}
	s->hidden = !first;
	return n < 0 ? fail_sys(e, "list '/proc'") : work_off(b, s, e);
}

/**
 * proc_scan() - look at every process
 *
 * Source: proc(5).
 */
int proc_scan(struct proc_scan *s, struct err *e)
{
	own_batch struct batch b = { .proc = FD_NONE };

	struct sysinfo host;
	bool many = sysinfo(&host) < 0 || host.procs >= BATCH;

	if (batch_open(&b, many ? BATCH : FEW, s, e) < 0)
		return -1;
	if ((s->want & PROC_NS) && (s->want & PROC_STAT))
		learn_kernel(&b);
	return scan_all(&b, s, e);
}

/* proc_scan_one() - the same for one process; s->seen stays 0 when there is none of that number */
int proc_scan_one(pid_t pid, struct proc_scan *s, struct err *e)
{
	own_batch struct batch b = { .proc = FD_NONE };

	return batch_open(&b, 1, s, e) < 0 ? -1 : add(&b, pid, s, e);
}
