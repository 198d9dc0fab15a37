/* limit.h - limits of a container that runs, whoever made it; with the way back
 *
 * One vocabulary for v1 and v2. Each change is noted in the ledger before it is made, and read back after.
 */
#ifndef ANY_LIMIT_H
#define ANY_LIMIT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bind.h"
#include "discovery/containers.h"
#include "any/ledger.h"
#include "os/cgroup.h"

struct err;

#define LIMIT_NONE INT64_MAX /* no limit */

/* struct limit_io - of one block device; bytes and operations a second */
struct limit_io {
	uint32_t major, minor;
	struct opt_i64 read_bps, write_bps, read_iops, write_iops;
};

/**
 * struct limit_request - what is to change; what is not set stays
 * @memory: bytes
 * @swap:   bytes of memory and swap together
 * @cpus:   thousandths of a processor
 * @pids:   tasks
 * @cpuset: processors, as in "0-2,7"; NULL: stays
 * @net_in, @net_out: of each network interface, what it receives and sends; bytes a second
 */
struct limit_request {
	struct opt_i64 memory, swap, cpus, pids, net_in, net_out;
	const char *cpuset;
	LIST(const struct limit_io) io;
};

/**
 * struct limit_line - a control file's old and new content, in words and as it is
 * @unit: systemd's, which was told; or NULL
 */
struct limit_line {
	char *what, *file, *before, *after, *unit;
};

/* struct limit_report - what was changed, or restored */
struct limit_report {
	LIST(struct limit_line) lines;
	struct arena mem;
};

/* struct limit_target - a container, and what is needed to change it */
struct limit_target {
	const struct containers *all;
	const struct container_found *container;
	const struct cgroup_world *world;
	int ledger;
	struct ledger_entry *entry;
};

int limit_apply(const struct limit_target *t, const struct limit_request *r,
		struct limit_report *ret_report, struct err *e);
int limit_undo(const struct limit_target *t, struct limit_report *ret_report, struct err *e);
void limit_report_done(struct limit_report *report);
#define own_limit_report __attribute__((cleanup(limit_report_done)))

#endif
