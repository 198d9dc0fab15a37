/* taskstats.h - what a process has used and waited for, as the kernel's taskstats tell
 *
 * Source: the kernel's Documentation/accounting/taskstats.rst. It speaks to root, in the first network
 * and pid namespaces.
 */
#ifndef OS_TASKSTATS_H
#define OS_TASKSTATS_H

#include <stdint.h>
#include <sys/types.h>

#include "os/netlink.h"

struct err;

/* struct taskstats_link - a way to the kernel; @family: its number for taskstats */
struct taskstats_link {
	struct netlink link;
	unsigned family;
};

/**
 * struct taskstats_use - one process
 * @user, @kernel: microseconds of CPU time, ended threads included
 * @cpu_delay:     nanoseconds of waiting for a CPU
 * @io_delay, @swap_delay, @reclaim_delay: and for disks, swap, and memory; the kernel counts
 *                 these where kernel.task_delayacct is 1
 * @read, @written: bytes from and to disks, of the threads that there are
 */
struct taskstats_use {
	uint64_t user, kernel, cpu_delay, io_delay, swap_delay, reclaim_delay, read, written;
};

int taskstats_open(struct taskstats_link *l, struct err *e);
int taskstats_try_read(struct taskstats_link *l, pid_t pid, struct taskstats_use *ret_use);
void taskstats_close(struct taskstats_link *l);
#define own_taskstats __attribute__((cleanup(taskstats_close)))

#endif
