/* sched.h - scheduling policy and CPU affinity of any process */
#ifndef OS_SCHED_H
#define OS_SCHED_H

#include <stdint.h>
#include <sys/types.h>

struct err;
struct numlist;

/**
 * struct sched_want - the kernel's struct sched_attr, version 0
 * @size:     set by sched_set_policy()
 * @policy:   SCHED_*
 * @flags:    SCHED_FLAG_*
 * @nice:     for SCHED_OTHER and SCHED_BATCH
 * @priority: for SCHED_FIFO and SCHED_RR
 * @runtime, @deadline, @period: nanoseconds, for SCHED_DEADLINE
 */
struct sched_want {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int sched_set_policy(pid_t pid, struct sched_want want, struct err *e);
int sched_set_cpus(pid_t pid, const struct numlist *cpus, const char *text, struct err *e);
int sched_try_all_cpus(pid_t pid);

#endif
