/* procs.h - the processes of the host, and which cgroups they are in
 *
 * No more than the search for containers needs, behind an interface that another scan of /proc can
 * serve. Processes come and go meanwhile: one that is gone is left out, at whatever step.
 */
#ifndef DISCOVERY_PROCS_H
#define DISCOVERY_PROCS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "host/string_map.h"
#include "os/process.h"

struct err;

#define ENGINE_PROCS_NOBODY UINT32_MAX

/**
 * struct engine_proc - one process
 * @text:  index of the text of its /proc/PID/cgroup
 * @owner: index of the container it belongs to, or ENGINE_PROCS_NOBODY
 * @mntns: its mount namespace, where that was looked at already; else 0
 */
struct engine_proc {
	pid_t pid;
	uint32_t text, owner;
	uint64_t mntns;
};

/* struct engine_text - a text of /proc/PID/cgroup, which mostly several processes have */
struct engine_text {
	const char *at;
	size_t len;
	uint32_t processes;
};

/**
 * struct engine_procs - all of them, by ascending pid
 * @fd: /proc, borrowed
 */
struct engine_procs {
	int fd;
	struct engine_proc *at;
	size_t n, cap;
	struct engine_text *texts;
	size_t n_texts, cap_texts;
	struct string_map by_text;
	struct arena mem;
};

int engine_procs_scan(int procfd, struct engine_procs *ret, struct err *e);
void engine_procs_done(struct engine_procs *p);
struct engine_proc *engine_procs_find(const struct engine_procs *p, pid_t pid);
int engine_procs_try_stat(const struct engine_procs *p, pid_t pid, struct process_stat *ret);
uint64_t engine_procs_namespace(const struct engine_procs *p, pid_t pid, const char *type);
#define own_engine_procs __attribute__((cleanup(engine_procs_done)))

#endif
