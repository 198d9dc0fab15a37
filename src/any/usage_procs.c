/* usage_procs.c - what containers use that have no cgroup of their own: the sum over their processes
 *
 * A process' file stays open as a cgroup's does. When the kernel gives its number to another, what is
 * open tells that it has ended, and so nobody else is counted in its place.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/own.h"
#include "any/usage_priv.h"
#include "os/process.h"

#define NONE UINT32_MAX

/* usage_procs_open() - one entry for each member, the container's chained; 0 or -ENOMEM */
int usage_procs_open(struct usage_sampler *s)
{
	size_t n = s->all.n_members;

	s->processes = calloc(n + 1, sizeof(*s->processes));
	if (!s->processes)
		return -ENOMEM;
	for (size_t i = 0; i < s->all.n; i++)
		s->files[i].first = NONE;
	for (size_t k = n; k-- > 0;) {
		uint32_t *first = &s->files[s->all.members[k].container].first;

		s->processes[k] = (struct usage_process){ FD_NONE, *first };
		*first = (uint32_t)k;
	}
	return 0;
}

static void forget(struct usage_sampler *s, struct usage_process *p)
{
	if (p->fd >= 0)
		s->open--;
	fd_close(&p->fd);
}

void usage_procs_close(struct usage_sampler *s)
{
	for (size_t k = 0; s->processes && k < s->all.n_members; k++)
		forget(s, &s->processes[k]);
	free(s->processes);
	s->processes = NULL;
}

/* usage_procs_carry() - hand what is open from the old list to the new; both go by their numbers */
void usage_procs_carry(struct usage_sampler *s, struct usage_sampler *to)
{
	const struct containers *old = &s->all, *new = &to->all;

	for (size_t i = 0, k = 0; i < old->n_members && k < new->n_members;) {
		pid_t before = old->members[i].pid, now = new->members[k].pid;

		if (before == now && s->processes) {
			to->processes[k].fd = s->processes[i].fd;
			s->processes[i].fd = FD_NONE;
		}
		i += before <= now;
		k += now <= before;
	}
}

static int open_stat(pid_t pid)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return fd_open(path, O_RDONLY);
}

static bool read_stat(int fd, struct process_stat *ret)
{
	char text[1024];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return process_parse_stat(text, ret) == 0;
}

/* Of the process that was found under the number; it stays open as long as there may be so many. */
static bool look_at(struct usage_sampler *s, size_t k, struct process_stat *ret)
{
	struct usage_process *p = &s->processes[k];
	own_fd int now = FD_NONE;

	if (p->fd >= 0 && read_stat(p->fd, ret))
		return true;
	forget(s, p);
	now = open_stat(s->all.members[k].pid);
	if (!read_stat(now, ret))
		return false;
	if (s->open < s->open_max) {
		p->fd = give_fd(&now);
		s->open++;
	}
	return true;
}

/**
 * usage_procs_sum() - processor time and memory of the @i-th container's processes
 *
 * What has ended is not counted any more, as it would be by a cgroup.
 */
void usage_procs_sum(struct usage_sampler *s, size_t i, uint64_t *ret_cpu, uint64_t *ret_memory)
{
	static uint64_t tick, page; /* nanoseconds, bytes */
	struct process_stat st;

	if (!tick) {
		tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
		page = (uint64_t)sysconf(_SC_PAGESIZE);
	}
	*ret_cpu = *ret_memory = 0;
	for (uint32_t k = s->files[i].first; k != NONE; k = s->processes[k].next)
		if (look_at(s, k, &st)) {
			*ret_cpu += st.cpu * tick;
			*ret_memory += st.resident * page;
		}
}
