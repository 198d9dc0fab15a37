/* process.c - /proc/PID/stat, pidfds */
#include "os/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "os/sys.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; stat shows all of a task's flags */

/* The @n-th blank after @p, or NULL. */
static const char *skip_blanks(const char *p, int n)
{
	while (p && n-- > 0)
		p = strchr(p + 1, ' ');
	return p;
}

/**
 * process_parse_stat() - read the text of /proc/PID/stat
 *
 * The second field, the command's name, may hold anything, blanks and parentheses included;
 * it ends at the last ')'. By hand, as `list` reads a thousand, and scanf is slow.
 * Source: proc_pid_stat(5).
 *
 * Return: 0, or -EINVAL.
 */
int process_parse_stat(const char *text, struct process_stat *ret_stat)
{
	const char *name = strchr(text, '('), *p = strrchr(text, ')'), *flags, *times, *threads,
		   *start, *resident;
	struct process_stat st = { 0 };
	char *end;

	if (!name || !p || p < name || p[1] != ' ' || !p[2] || p[3] != ' ')
		return -EINVAL;
	if ((size_t)(p - name) <= sizeof(st.name))
		memcpy(st.name, name + 1, (size_t)(p - name) - 1);
	st.state = p[2];
	st.parent = (pid_t)strtol(p + 4, &end, 10);
	if (end == p + 4)
		return -EINVAL;
	/* from behind the third field to before the 9th, 14th, 20th, 22nd and 24th */
	flags = skip_blanks(p + 3, 5);
	times = skip_blanks(flags, 5);
	threads = skip_blanks(times, 6);
	start = skip_blanks(threads, 2);
	if (!start)
		return -EINVAL;
	st.kernel = strtoul(flags + 1, NULL, 10) & PF_KTHREAD;
	st.cpu = strtoull(times + 1, &end, 10);
	st.cpu += strtoull(end, NULL, 10);
	st.threads = strtoull(threads + 1, NULL, 10);
	st.start = strtoull(start + 1, &end, 10);
	if (end == start + 1)
		return -EINVAL;
	resident = skip_blanks(start, 2);
	st.resident = resident ? strtoull(resident + 1, NULL, 10) : 0;
	*ret_stat = st;
	return 0;
}

/* process_try_stat() - 0, or -errno (-ENOENT: no such process) */
int process_try_stat(pid_t pid, struct process_stat *ret_stat)
{
	own_fd int fd = FD_NONE;
	char path[32], text[1024];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = fd_open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	/* one record, which the kernel never hands out in parts */
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return process_parse_stat(text, ret_stat);
}

/**
 * process_try_executable() - which file the process executes, as st_dev and st_ino tell
 *
 * What is in memory is enough: the file may be on a file system that never answers.
 *
 * Return: 0, or -errno (-EACCES: we may not look; -ENOSYS: Linux < 4.11).
 */
int process_try_executable(pid_t pid, uint64_t *ret_dev, uint64_t *ret_ino)
{
	struct statx st;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (syscall(SYS_statx, AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &st) < 0)
		return -errno;
	*ret_dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	*ret_ino = st.stx_ino;
	return 0;
}

/**
 * process_has_ended() - does it run no more?
 *
 * When a program's first thread ends before the others the kernel calls the process a zombie, too,
 * and shows little of it: whoever believed that would be hidden from by one system call.
 */
bool process_has_ended(const struct process_stat *st)
{
	return st->state == 'X' || (st->state == 'Z' && st->threads < 2);
}

/**
 * process_try_thread() - where a process is looked at whose first thread has ended
 * @proc:     its folder, /proc/PID
 * @ret_path: below that: task/TID, of a thread that goes on
 *
 * In the folder itself the kernel has no namespaces of such a process then, and the roots for its
 * cgroups of v1.
 *
 * Return: 0, or -errno (-ENOENT: all have ended).
 */
int process_try_thread(int proc, char ret_path[PROCESS_THREAD_ROOM])
{
	own_fd int fd = openat(proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir)
		return -errno;
	(void)give_fd(&fd);
	while ((d = readdir(dir))) {
		char path[PROCESS_THREAD_ROOM], link[64];

		if (*d->d_name == '.')
			continue;
		(void)snprintf(ret_path, PROCESS_THREAD_ROOM, "task/%.12s", d->d_name);
		(void)snprintf(path, sizeof(path), "%s/ns/mnt", ret_path);
		if (readlinkat(proc, path, link, sizeof(link)) >= 0)
			return 0;
	}
	return -ENOENT;
}

/* process_prefer_thread() - put the folder of a thread that goes on in the place of the process's, if
 * the first one has ended; whether it was so */
bool process_prefer_thread(int *proc)
{
	char path[PROCESS_THREAD_ROOM], link[64];
	int fd;

	if (readlinkat(*proc, "ns/mnt", link, sizeof(link)) >= 0 || errno != ENOENT ||
	    process_try_thread(*proc, path) < 0)
		return false;
	fd = openat(*proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	fd_take(proc, fd);
	return true;
}

/**
 * process_try_find() - what is the process doing that started at @start?
 *
 * Return: 1, 0 when it has ended, or -errno when nobody can tell.
 */
int process_try_find(pid_t pid, uint64_t start, struct process_stat *ret_stat)
{
	struct process_stat st = { .state = 'X' };
	int r = pid > 0 ? process_try_stat(pid, &st) : -ESRCH;

	if (r == -ENOENT || r == -ESRCH)
		return 0;
	if (r < 0)
		return r;
	*ret_stat = st;
	return st.start == start && !process_has_ended(&st);
}

/* process_try_alive() - does the process that started at @start still run? 1, 0 or -errno */
int process_try_alive(pid_t pid, uint64_t start)
{
	struct process_stat st;

	return process_try_find(pid, start, &st);
}

/* process_alive() - process_try_alive() for those who wait: what cannot be looked at still runs */
bool process_alive(pid_t pid, uint64_t start)
{
	return process_try_alive(pid, start) != 0;
}

/**
 * process_open() - a pidfd of exactly that process
 *
 * Return: a descriptor; -1 with e->sysno ESRCH when it is gone, ENOSYS without pidfds.
 */
int process_open(pid_t pid, uint64_t start, struct err *e)
{
	own_fd int fd = sys_pidfd_open(pid, 0);
	int alive;

	if (fd < 0)
		return fail_sys(e, "open process %d", (int)pid);
	/* only now is the pid pinned; was it still the same process? */
	alive = process_try_alive(pid, start);
	if (alive <= 0)
		return fail_errno(e, alive < 0 ? -alive : ESRCH, "open process %d", (int)pid);
	return give_fd(&fd);
}

/* process_signal() - send a signal to exactly that process */
int process_signal(pid_t pid, uint64_t start, int sig, struct err *e)
{
	own_fd int fd = process_open(pid, start, e);

	if (fd >= 0)
		return sys_pidfd_send_signal(fd, sig) < 0
			       ? fail_sys(e, "send signal %d to process %d", sig, (int)pid)
			       : 0;
	if (e->sysno != ENOSYS)
		return -1;
	/* Linux < 5.3: the pid may be recycled between the check and the kill */
	if (!process_alive(pid, start))
		return fail_errno(e, ESRCH, "signal process %d", (int)pid);
	return kill(pid, sig) < 0 ? fail_sys(e, "send signal %d to process %d", sig, (int)pid) : 0;
}
