/* proc_scan.h - one pass over the host's processes, reading of each no more than is wanted
 *
 * A process is looked at through its own folder in /proc, opened once: whatever is read through it
 * is of that process, or an error once it has ended, also when its number has gone to another.
 * Processes come and go meanwhile; one that is gone is left out, and one that may not be looked at
 * is there with what could be seen. Nothing of it is to be trusted: names and command lines are the
 * processes' own choice, and may hold escape sequences.
 */
#ifndef HOST_PROC_SCAN_H
#define HOST_PROC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "os/nsfs.h"
#include "os/process.h"

struct arena;

/* What is read of each process; in brackets the system calls that it costs. */
enum proc_fact {
	PROC_STAT = 1 << 0,     /* name, state, parent, start [3] */
	PROC_STATUS = 1 << 1,   /* ids, capabilities, pids at each level, memory [3] */
	PROC_CGROUP = 1 << 2,   /* [3] */
	PROC_NS = 1 << 3,       /* [8] */
	PROC_CHILDREN = 1 << 4, /* the namespaces that its children will be born into [2] */
	PROC_CMDLINE = 1 << 5,  /* [3] */
	PROC_MAPS = 1 << 6,     /* uid_map and gid_map [6] */
	PROC_OWNER = 1 << 7,    /* who owns its folder, mostly its effective user [1] */
};

#define PROC_LEVELS 32 /* of pid namespaces, one below the other; the kernel has as many */

/* struct proc_status - parts of /proc/PID/status; sizes in bytes */
struct proc_status {
	uint32_t uid[4], gid[4]; /* real, effective, saved, file system */
	pid_t nspid[PROC_LEVELS + 1];
	size_t n_nspid;
	uint64_t cap_inh, cap_prm, cap_eff, cap_bnd, cap_amb;
	uint64_t rss, swap;
	uint32_t threads, seccomp;
	bool no_new_privs, kernel_thread;
};

/**
 * struct proc_entry - one process
 * @have:    PROC_* that was read
 * @denied:  PROC_* that was wanted, and that we may not see
 * @ns:      inodes by enum nsfs_type, 0 where the kernel has no such type
 * @child:   the same for children; 0 where nothing else than @ns
 * @cgroup:  text of /proc/PID/cgroup
 * @cmdline: arguments, each ended by NUL, @cmdline_len bytes; the first page at most
 * Texts are in the scan's buffers: copy what is to stay.
 */
struct proc_entry {
	pid_t pid;
	unsigned have, denied;
	struct process_stat stat;
	struct proc_status status;
	uint32_t owner_uid;
	uint64_t ns[NSFS_TYPES], child[NSFS_TYPES];
	const char *cgroup, *cmdline, *uid_map, *gid_map;
	size_t cmdline_len;
};

/**
 * struct proc_scan - how to look, and what was noticed
 * @want:   PROC_*
 * @each:   called for each process; @dir is its open folder (O_PATH), valid during the call. < 0
 *          ends the scan and must have filled @e
 * @seen:   processes passed to @each
 * @gone:   processes that ended under our eyes
 * @denied: processes that we could see in part only
 * @hidden: /proc does not list everybody (hidepid; see proc(5))
 */
struct proc_scan {
	unsigned want;
	int (*each)(void *ctx, int dir, const struct proc_entry *p, struct err *e);
	void *ctx;
	size_t seen, gone, denied;
	bool hidden;
};

int proc_scan(struct proc_scan *s, struct err *e);
int proc_scan_one(pid_t pid, struct proc_scan *s, struct err *e);
int proc_parse_status(const char *text, struct proc_status *ret_status);

#endif
