/* usage.h - what every container of the host uses, again and again, at little cost
 *
 * Looking for containers costs more than reading what they use, so they are looked for no more often than
 * that takes half a hundredth of a processor, and hardly ever while nobody is born; the files that every reading needs stay open. A container
 * without cgroups of its own is counted by its processes.
 */
#ifndef ANY_USAGE_H
#define ANY_USAGE_H

#include <stdint.h>

#include "discovery/containers.h"
#include "os/cgroup.h"

struct err;

#define USAGE_UNKNOWN UINT64_MAX

/* What is read of a container beyond processor time and memory. */
enum usage_want {
	USAGE_LIMITS = 1 << 0, /* memory's limit and cache, processes */
	USAGE_IO = 1 << 1,
	USAGE_NET = 1 << 2,
	USAGE_PRESSURE = 1 << 3,
};
#define USAGE_ALL 0xfu

/**
 * struct usage - one container's; USAGE_UNKNOWN where the kernel does not tell
 * @cpu:      nanoseconds in all
 * @cpu_rate: thousandths of a processor, since the last reading; 0 in the first
 * @memory:   bytes, with @cache
 * @cache:    bytes of files that could be dropped
 * @limit:    bytes; USAGE_UNKNOWN without one
 * @pressure: hundredths of a percent of the last 10 s in which some process waited for memory
 * @read, @written, @received, @sent: bytes in all; the net's are of its network namespace
 * @read_rate, …: bytes a second since the last reading
 */
struct usage {
	uint64_t cpu, cpu_rate, memory, cache, limit, pressure, pids;
	uint64_t read, written, received, sent;
	uint64_t read_rate, written_rate, received_rate, sent_rate;
};

/* struct usage_files - of one container: descriptors that stay open, and its last reading */
struct usage_files;
struct usage_process;

/**
 * struct usage_sampler - all containers, and their usage in the same order
 * @services: systemd's services, too
 */
struct usage_sampler {
	struct containers all;
	struct usage *usage;
	bool services;
	/* private */
	struct cgroup_world world;
	struct usage_files *files;
	struct usage_process *processes;
	int64_t looked, look_cost;
	uint64_t newest;
	uint64_t host_net;
	size_t open, open_max;
};

int usage_open(struct usage_sampler *s, bool services, struct err *e);
int usage_look(struct usage_sampler *s, struct err *e);
void usage_read_all(struct usage_sampler *s);
void usage_read_more(struct usage_sampler *s, size_t i, unsigned want);
void usage_close(struct usage_sampler *s);
uint64_t usage_host_memory(void);
#define own_usage_sampler __attribute__((cleanup(usage_close)))

/* Pure parts, for tests. */
bool usage_parse_net(const char *text, uint64_t *ret_received, uint64_t *ret_sent);
bool usage_parse_io(const char *text, uint64_t *ret_read, uint64_t *ret_written);
uint64_t usage_parse_key(const char *text, const char *key);

#endif
