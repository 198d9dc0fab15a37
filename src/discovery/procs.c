/* procs.c - all that is wanted of each process, read by several at a time
 *
 * That is three system calls for its cgroup file, three for stat and two for its namespaces.
 */
#include "discovery/procs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/parallel.h"
#include "base/text.h"

#define TEXT_MAX 65536 /* a dozen hierarchies, and paths that people can bear to look at */

/* Makes room for one more of @size bytes each. */
static void *grown(void *at, size_t n, size_t *cap, size_t size)
{
	size_t wider = *cap ? *cap * 2 : 256;
	void *to;

	if (n < *cap)
		return at;
	to = reallocarray(at, wider, size);
	if (to)
		*cap = wider;
	return to;
}

/* The index of a text that is @at here, and may be gone later. */
static int intern(struct engine_procs *p, const char *at, size_t len, uint32_t *ret_index)
{
	uint32_t known = string_map_get(&p->by_text, at, len), *place;
	struct engine_text *wider;
	char *copy;

	if (known != STRING_MAP_NONE) {
		*ret_index = known;
		return 0;
	}
	wider = grown(p->texts, p->n_texts, &p->cap_texts, sizeof(*wider));
	if (!wider)
		return -ENOMEM;
	p->texts = wider;
	copy = arena_dup_len(&p->mem, at, len);
	place = copy ? string_map_put(&p->by_text, copy, len) : NULL;
	if (!place)
		return -ENOMEM;
	*place = *ret_index = (uint32_t)p->n_texts;
	p->texts[p->n_texts++] = (struct engine_text){ .at = copy, .len = len };
	return p->judge(p->ctx, *ret_index, &p->texts[*ret_index].look);
}

#define PATH_ROOM 96 /* for a pid, and what lies in its folder */

/* "PID/@file"; printf(3) would take as long as the kernel does to find it. */
static const char *path_of(pid_t pid, const char *file, char buf[PATH_ROOM])
{
	char digits[12], *at = digits + sizeof(digits);
	char *to = buf;

	do
		*--at = (char)('0' + pid % 10);
	while ((pid /= 10) > 0);
	to = mempcpy(to, at, (size_t)(digits + sizeof(digits) - at));
	*to++ = '/';
	(void)stpcpy(to, file);
	return buf;
}

/* One file of a process, as much of it as @size holds; its length, or -errno. */
static ssize_t read_file(int procfd, pid_t pid, const char *file, char *buf, size_t size)
{
	own_fd int fd = FD_NONE;
	char path[PATH_ROOM];
	size_t len = 0;
	ssize_t n;

	fd = openat(procfd, path_of(pid, file, path),
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	/* the kernel hands out whole records; what fills a page may go on */
	while (n > 0 && (len += (size_t)n) < size - 1 && len >= 4096 &&
	       (n = read(fd, buf + len, size - 1 - len)) > 0)
		;
	if (n < 0)
		return -errno;
	buf[len] = '\0';
	return (ssize_t)len;
}

/* --- who has lost the first thread ------------------------------------------------------ */

/* Of such a process the kernel calls the cgroups of v1 roots, and has no namespaces: what any other
 * of its threads has is looked at. */

#define THREAD_FILE_ROOM (PROCESS_THREAD_ROOM + 16)

/* "task/TID/@file" of a thread that goes on; false when none does. */
static bool find_thread(int procfd, pid_t pid, const char *file, char ret[THREAD_FILE_ROOM])
{
	own_fd int proc = FD_NONE;
	char path[PATH_ROOM], thread[PROCESS_THREAD_ROOM];

	proc = openat(procfd, path_of(pid, "", path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0 || process_try_thread(proc, thread) < 0)
		return false;
	(void)snprintf(ret, THREAD_FILE_ROOM, "%s/%.15s", thread, file);
	return true;
}

/* Is it in the roots of all v1 hierarchies, if there is any? */
static bool is_in_roots(const char *text)
{
	bool any = false;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");

		if (text_starts(line, "0::"))
			continue;
		if (len < 2 || memcmp(line + len - 2, ":/", 2) != 0)
			return false;
		any = true;
	}
	return any;
}

/* The number in what a link such as ns/mnt says: 0, or -errno. */
static int read_number(int procfd, pid_t pid, const char *file, uint64_t *ret_number)
{
	char path[PATH_ROOM], link[64];
	ssize_t n = readlinkat(procfd, path_of(pid, file, path), link, sizeof(link) - 1);
	const char *open;

	if (n < 0)
		return -errno;
	if (n == 0 || link[n - 1] != ']')
		return -EINVAL;
	link[n - 1] = '\0';
	open = strchr(link, '[');
	return open && text_u64(open + 1, UINT64_MAX, ret_number) == 0 ? 0 : -EINVAL;
}

/* Its cgroup file, or that of a thread which can tell. What was seen of its mounts is kept. */
static ssize_t read_cgroup(int procfd, struct engine_proc *p, char *buf, size_t size)
{
	char file[THREAD_FILE_ROOM];
	ssize_t n;

	*buf = '\0';
	n = read_file(procfd, p->pid, "cgroup", buf, size);
	if (n < 0 || !is_in_roots(buf) ||
	    read_number(procfd, p->pid, "ns/mnt", &p->mntns) != -ENOENT ||
	    !find_thread(procfd, p->pid, "cgroup", file))
		return n;
	return read_file(procfd, p->pid, file, buf, size);
}

/* --- all of them ------------------------------------------------------------------------ */

static int add(struct engine_procs *p, pid_t pid)
{
	struct engine_proc *wider = grown(p->at, p->n, &p->cap, sizeof(*wider));

	if (!wider)
		return -ENOMEM;
	p->at = wider;
	p->at[p->n++] = (struct engine_proc){ .pid = pid,
					      .text = ENGINE_PROCS_NOBODY,
					      .owner = ENGINE_PROCS_NOBODY };
	return 0;
}

/* struct reading - the texts are kept, and judged, by one at a time */
struct reading {
	struct engine_procs *procs;
	pthread_mutex_t one;
	bool failed;
};

/* Notes its text, and says what else is wanted. */
static enum engine_look keep_text(struct reading *r, struct engine_proc *p, const char *at,
				  size_t len)
{
	struct engine_procs *all = r->procs;
	enum engine_look look = ENGINE_LOOK_NO_FURTHER;

	(void)pthread_mutex_lock(&r->one);
	if (intern(all, at, len, &p->text) < 0) {
		r->failed = true;
	} else {
		all->texts[p->text].processes++;
		look = all->texts[p->text].look;
	}
	(void)pthread_mutex_unlock(&r->one);
	return look;
}

static void look_who(const struct engine_procs *all, struct engine_proc *p)
{
	p->alive =
		engine_procs_try_stat(all, p->pid, &p->stat) == 0 && !process_has_ended(&p->stat);
}

/* Who has ended is in no mount namespace: to see it is one system call, where we may. */
static void look_alive(const struct engine_procs *all, struct engine_proc *p)
{
	p->alive = engine_procs_namespace(all, p->pid, "ns/mnt") != 0;
	if (!p->alive)
		look_who(all, p);
}

static void look_namespaces(const struct engine_procs *all, struct engine_proc *p, bool who)
{
	if (all->host_mntns && !p->mntns)
		p->mntns = engine_procs_namespace(all, p->pid, "ns/mnt");
	if (!p->mntns || p->mntns == all->host_mntns)
		return;
	p->alive = true;
	p->pidns = engine_procs_namespace(all, p->pid, "ns/pid");
	if (who || !p->pidns || p->pidns == all->host_pidns)
		look_who(all, p);
}

static void look_further(const struct engine_procs *all, struct engine_proc *p,
			 enum engine_look look)
{
	switch (look) {
	case ENGINE_LOOK_NO_FURTHER:
		break;
	case ENGINE_LOOK_ALIVE:
		look_alive(all, p);
		break;
	case ENGINE_LOOK_STAT:
		look_who(all, p);
		break;
	case ENGINE_LOOK_NAMESPACES:
	case ENGINE_LOOK_ALL:
		look_namespaces(all, p, look == ENGINE_LOOK_ALL);
		break;
	}
}

static void read_one(void *ctx, size_t i)
{
	struct reading *r = ctx;
	struct engine_proc *p = &r->procs->at[i];
	char buf[TEXT_MAX];
	ssize_t len = read_cgroup(r->procs->fd, p, buf, sizeof(buf));

	if (len >= 0)
		look_further(r->procs, p, keep_text(r, p, buf, (size_t)len));
}

/* Reads of everybody, and drops who has no cgroups: he has ended. */
static int read_all(struct engine_procs *p)
{
	struct reading r = { .procs = p, .one = PTHREAD_MUTEX_INITIALIZER };
	size_t kept = 0;

	parallel_each(p->n, read_one, &r);
	for (size_t i = 0; i < p->n; i++)
		if (p->at[i].text != ENGINE_PROCS_NOBODY)
			p->at[kept++] = p->at[i];
	p->n = kept;
	return r.failed ? -ENOMEM : 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct engine_proc *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int list(struct engine_procs *p)
{
	int fd = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	own_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while (r == 0 && (d = readdir(dir))) {
		uint64_t pid;

		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' &&
		    text_u64(d->d_name, INT32_MAX, &pid) == 0)
			r = add(p, (pid_t)pid);
	}
	return r;
}

/**
 * engine_procs_scan() - look at all processes that there are
 * @p: without processes; @p->fd is a directory that is /proc, or looks like it, and stays open.
 *     Release it with engine_procs_done(), also after a failure
 */
int engine_procs_scan(struct engine_procs *p, struct err *e)
{
	int r = list(p);

	if (r == 0)
		r = read_all(p);
	if (r < 0)
		return fail_errno(e, -r, "list the host's processes");
	if (p->n)
		qsort(p->at, p->n, sizeof(p->at[0]), by_pid);
	return 0;
}

void engine_procs_done(struct engine_procs *p)
{
	free(p->at);
	free(p->texts);
	string_map_done(&p->by_text);
	arena_done(&p->mem);
	*p = (struct engine_procs){ .fd = FD_NONE };
}

/* engine_procs_find() - the process called @pid, or NULL */
struct engine_proc *engine_procs_find(const struct engine_procs *p, pid_t pid)
{
	struct engine_proc key = { .pid = pid };

	return p->n ? bsearch(&key, p->at, p->n, sizeof(p->at[0]), by_pid) : NULL;
}

/* engine_procs_try_stat() - as process_try_stat(), below our /proc: 0, or -errno */
int engine_procs_try_stat(const struct engine_procs *p, pid_t pid, struct process_stat *ret)
{
	char text[1024];
	ssize_t n = read_file(p->fd, pid, "stat", text, sizeof(text));

	return n < 0 ? (int)n : process_parse_stat(text, ret);
}

/**
 * engine_procs_namespace() - the number of one of a process' namespaces
 * @type: its name in /proc/PID, such as "ns/mnt"
 *
 * Return: its inode number; 0 when we may not look, or the process is gone.
 */
uint64_t engine_procs_namespace(const struct engine_procs *p, pid_t pid, const char *type)
{
	char file[THREAD_FILE_ROOM];
	uint64_t number = 0;

	if (read_number(p->fd, pid, type, &number) == -ENOENT &&
	    find_thread(p->fd, pid, type, file))
		(void)read_number(p->fd, pid, file, &number);
	return number;
}
