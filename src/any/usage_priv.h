/* usage_priv.h - what usage.c and usage_files.c share */
#ifndef ANY_USAGE_PRIV_H
#define ANY_USAGE_PRIV_H

#include "any/usage.h"

/* Files that stay open: of processor time, of memory. */
enum { USAGE_KEPT_CPU, USAGE_KEPT_MEMORY, USAGE_KEPT };

/**
 * struct usage_files - of one container
 * @read_at, @more_at: nanoseconds, when it was read last; 0: never
 * @first: of its processes
 */
struct usage_files {
	int fd[USAGE_KEPT];
	int64_t read_at, more_at;
	uint32_t first;
};

/* struct usage_process - its /proc/PID/stat, if it is open, and the next one of its container */
struct usage_process {
	int fd;
	uint32_t next;
};
#define USAGE_FILES_NONE ((struct usage_files){ .fd = { FD_NONE, FD_NONE } })

/* struct usage_key - what makes a container the same one in two lists */
struct usage_key {
	int64_t pid;
	uint64_t start;
	size_t index;
};

struct usage_key *usage_keys(const struct containers *all);
size_t usage_find_key(const struct usage_key *keys, size_t n, const struct container_found *c);

/* usage_procs.c */
int usage_procs_open(struct usage_sampler *s);
void usage_procs_close(struct usage_sampler *s);
void usage_procs_carry(struct usage_sampler *s, struct usage_sampler *to);
void usage_procs_sum(struct usage_sampler *s, size_t i, uint64_t *ret_cpu, uint64_t *ret_memory);

/* usage_files.c */
void usage_read_basic(struct usage_sampler *s, size_t i);
void usage_read_details(struct usage_sampler *s, size_t i, unsigned want);

#endif
