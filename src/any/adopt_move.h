/* adopt_move.h - processes of a container change their cgroup, and nobody else
 *
 * A cgroup takes processes by their numbers. One that ends between our look and our write may leave
 * its number to anybody. So a process that is in the container's pid namespace is moved by a helper in
 * there, by the number that it has in there: whoever has got that number by then, he is one of the
 * container's. One that is in no such namespace is pinned, looked at again, and moved by its number;
 * should it end in this moment all the same, who got its number goes to where his parent is.
 */
#ifndef ANY_ADOPT_MOVE_H
#define ANY_ADOPT_MOVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/cgroup.h"

struct err;

/**
 * struct adopt_crowd - whose processes are moved
 * @first, @start: the container's first process
 * @from:          a cgroup; outside of the pid namespace only those that are in it are moved. NULL:
 *                 those with the first one's namespaces
 */
struct adopt_crowd {
	pid_t first;
	uint64_t start;
	const struct cgroup_place *from;
};

int adopt_move(const struct adopt_crowd *crowd, const pid_t *pids, size_t n,
	       const struct cgroup_place *to, size_t *ret_moved, struct err *e);
void adopt_put_back(pid_t pid, const struct cgroup_place *to);
int adopt_move_pinned(pid_t pid, const struct adopt_crowd *crowd, const struct cgroup_place *to,
		      struct err *e);

#endif
