/* procs.h - the processes of the host, which cgroups they are in, and of some more
 *
 * No more than the search for containers needs, behind an interface that another scan of /proc can
 * serve. All that is wanted of a process is read at once, while the kernel has it at hand; how much
 * that is, its cgroups decide. Processes come and go meanwhile: one that is gone is left out, at
 * whatever step.
 */
#ifndef DISCOVERY_PROCS_H
#define DISCOVERY_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "host/string_map.h"
#include "os/process.h"

struct err;

#define ENGINE_PROCS_NOBODY UINT32_MAX

/* enum engine_look - what is read of a process, beside its cgroups */
enum engine_look {
	ENGINE_LOOK_NO_FURTHER,
	ENGINE_LOOK_ALIVE,      /* whether it is */
	ENGINE_LOOK_STAT,       /* who it is, too */
	ENGINE_LOOK_NAMESPACES, /* mounts and pids; who it is, where only the mounts are its own */
	ENGINE_LOOK_ALL,        /* mounts and pids; who it is, where the mounts are its own */
};

/**
 * struct engine_proc - one process
 * @text:  index of the text of its /proc/PID/cgroup
 * @owner: index of the container it belongs to, or ENGINE_PROCS_NOBODY
 * @alive: it has not ended; only known of whom this was asked, as with @stat
 * @mntns: its mount namespace, where that was looked at; else 0
 * @pidns: likewise
 */
struct engine_proc {
	pid_t pid;
	uint32_t text, owner;
	bool alive;
	uint64_t mntns, pidns;
	struct process_stat stat;
};

/* struct engine_text - a text of /proc/PID/cgroup, which mostly several processes have */
struct engine_text {
	const char *at;
	size_t len;
	uint32_t processes;
	enum engine_look look;
};

/**
 * struct engine_procs - all of them, by ascending pid
 * @fd:         /proc, borrowed
 * @host_mntns: who is in another mount namespace has his own; 0: nobody is asked for his
 * @host_pidns: likewise
 * @judge:      says of each text, when it is first met, what is wanted of who has it; never called
 *              twice at once; 0 or -ENOMEM
 * @ctx:        for @judge
 */
struct engine_procs {
	int fd;
	uint64_t host_mntns, host_pidns;
	int (*judge)(void *ctx, uint32_t text, enum engine_look *ret_look);
	void *ctx;
	struct engine_proc *at;
	size_t n, cap;
	struct engine_text *texts;
	size_t n_texts, cap_texts;
	struct string_map by_text;
	struct arena mem;
};

int engine_procs_scan(struct engine_procs *p, struct err *e);
void engine_procs_done(struct engine_procs *p);
struct engine_proc *engine_procs_find(const struct engine_procs *p, pid_t pid);
int engine_procs_try_stat(const struct engine_procs *p, pid_t pid, struct process_stat *ret);
uint64_t engine_procs_namespace(const struct engine_procs *p, pid_t pid, const char *type);
#define own_engine_procs __attribute__((cleanup(engine_procs_done)))

#endif
