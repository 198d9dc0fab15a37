/* join.c - one pidfd stands for all namespaces of the container's first process */
#include "runtime/join.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/own.h"
#include "os/process.h"
#include "runtime/container.h"
#include "spec/plan.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* Linux < 5.8: one descriptor for each type. */
static int open_each(const struct state *s, struct plan *p, struct err *e)
{
	static const struct {
		uint64_t type;
		const char *file;
	} files[] = {
		{ CLONE_NEWIPC, "ipc" },       { CLONE_NEWUTS, "uts" },   { CLONE_NEWNET, "net" },
		{ CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWTIME, "time" }, { CLONE_NEWPID, "pid" },
		{ CLONE_NEWNS, "mnt" },        { CLONE_NEWUSER, "user" },
	};

	for (size_t i = 0; i < COUNT(files); i++) {
		char path[48];
		int fd;

		if (!(s->namespaces & files[i].type))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)s->pid, files[i].file);
		fd = fd_open(path, O_RDONLY);
		if (fd < 0)
			return fail_sys(e, "open '%s'", path);
		p->joins.at[p->joins.n++] = (struct plan_join){ (int64_t)files[i].type, fd };
	}
	return 0;
}

/* Without a mount namespace, the root is where the container's process has it, and nowhere else. */
static int open_root(const struct state *s, struct plan *p, struct err *e)
{
	char path[48];
	own_fd int fd = FD_NONE;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)s->pid);
	fd = fd_open(path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fail_sys(e, "open '%s'", path);
	/* or it was somebody else's */
	if (!process_alive((pid_t)s->pid, s->pid_start))
		return fail(e, ERR_CONFLICT, "open '%s': the process has ended", path);
	p->root = give_fd(&fd);
	return 0;
}

/**
 * join_container() - have the plan enter every namespace that the container has of its own
 * @p:         its joins.at has room for JOIN_MAX
 * @ret_pidfd: the container's process, which the plan speaks of; FD_NONE on old kernels
 */
int join_container(const struct container *c, struct plan *p, int *ret_pidfd, struct err *e)
{
	const struct state *s = &c->state;
	uint64_t user = s->namespaces & CLONE_NEWUSER, others = s->namespaces & ~user;

	p->in_userns = s->has_userns;
	if (!(s->namespaces & CLONE_NEWNS) && open_root(s, p, e) < 0)
		return -1;
	p->fork = s->namespaces & CLONE_NEWPID;
	*ret_pidfd = process_open((pid_t)s->pid, s->pid_start, e);
	if (*ret_pidfd < 0)
		return e->sysno == ENOSYS ? open_each(s, p, e) : -1;
	if (others)
		p->joins.at[p->joins.n++] = (struct plan_join){ (int64_t)others, *ret_pidfd };
	if (user)
		p->joins.at[p->joins.n++] = (struct plan_join){ (int64_t)user, *ret_pidfd };
	return 0;
}
