/* cgroup_stats.h - what a cgroup has used, and being told when its memory runs out
 *
 * One struct for v1 and v2; what a host does not count stays zero. Times are nanoseconds,
 * sizes bytes. A limit of UINT64_MAX is "none".
 */
#ifndef OS_CGROUP_STATS_H
#define OS_CGROUP_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"

struct arena;
struct cgroup;
struct err;

typedef LIST(uint64_t) cgroup_counts;

struct cgroup_usage {
	uint64_t usage, max_usage, failcnt, limit;
};

/* Pressure stall information: shares of time in hundredths of a percent, total microseconds. */
struct cgroup_stall {
	uint64_t avg10, avg60, avg300, total;
};
struct cgroup_pressure {
	bool present;
	struct cgroup_stall some, full;
};

struct cgroup_io_entry {
	uint64_t major, minor, value;
	const char *op;
};
typedef LIST(struct cgroup_io_entry) cgroup_io_list;

struct cgroup_raw {
	const char *key;
	uint64_t value;
};
struct cgroup_hugepage {
	const char *size;
	uint64_t usage, max_usage, failcnt;
};
struct cgroup_rdma {
	const char *device;
	uint64_t handles, objects;
};

/**
 * struct cgroup_stats - one reading
 * @cpu:    the percpu lists are v1's alone
 * @cpuset: v1's alone
 * @memory: @swap is memory and swap together, as v1 counts; @raw is memory.stat as it is
 * @io:     v2's io.stat appears in v1's terms (bytes and operations, "Read" and "Write")
 */
struct cgroup_stats {
	struct {
		uint64_t total, user, kernel, periods, throttled_periods, throttled_time;
		cgroup_counts percpu, percpu_kernel, percpu_user;
		struct cgroup_pressure pressure;
	} cpu;
	struct {
		cgroup_counts cpus, mems;
		uint64_t cpu_exclusive, mem_hardwall, mem_exclusive, memory_migrate, spread_page,
			spread_slab, memory_pressure, load_balance;
		int64_t relax_domain_level;
	} cpuset;
	struct {
		uint64_t cache;
		struct cgroup_usage usage, swap, kernel, kernel_tcp;
		LIST(struct cgroup_raw) raw;
		struct cgroup_pressure pressure;
	} memory;
	struct {
		uint64_t current, limit;
	} pids; /* limit 0: none */
	struct {
		cgroup_io_list service_bytes, serviced, queued, service_time, wait_time, merged,
			time, sectors;
		struct cgroup_pressure pressure;
	} io;
	LIST(struct cgroup_hugepage) hugetlb;
	LIST(struct cgroup_rdma) rdma_current, rdma_limit;
};

int cgroup_stats(const struct cgroup *cg, struct arena *a, struct cgroup_stats *ret_stats,
		 struct err *e);

/* Pure parts, for tests and fuzzing. */
bool cgroup_pressure_parse(const char *text, struct cgroup_pressure *ret);
bool cgroup_io_stat_parse(const char *text, struct arena *a, struct cgroup_stats *s);
bool cgroup_blkio_parse(const char *text, struct arena *a, cgroup_io_list *ret_list);

enum cgroup_level { CGROUP_PRESSURE_LOW, CGROUP_PRESSURE_MEDIUM, CGROUP_PRESSURE_CRITICAL };

/* What a readable watch means. */
enum cgroup_news { CGROUP_NOTHING, CGROUP_HAPPENED, CGROUP_GONE };

/**
 * struct cgroup_watch - something to poll for; own one per kind of news
 * @fd:     poll this one
 * @events: for these
 */
struct cgroup_watch {
	int fd, source, dir;
	short events;
	bool v2, oom;
	uint64_t seen;
};

int cgroup_watch_oom(const struct cgroup *cg, struct cgroup_watch *ret_watch, struct err *e);
int cgroup_watch_pressure(const struct cgroup *cg, enum cgroup_level level,
			  struct cgroup_watch *ret_watch, struct err *e);
int cgroup_watch_threshold(const struct cgroup *cg, uint64_t bytes, struct cgroup_watch *ret_watch,
			   struct err *e);
enum cgroup_news cgroup_watch_read(struct cgroup_watch *w);
void cgroup_watch_close(struct cgroup_watch *w);

#endif
