/* wish.h - what a container is asked to be: Docker's Config and HostConfig, the members that are honoured
 *
 * The command line fills it (cli/run_wish.c), as the Engine API will; engine/config.c makes the OCI
 * config of it. Names and units are the Engine API's. Absent members are zero or NULL; all memory is an
 * arena's of whoever fills it.
 */
#ifndef ENGINE_WISH_H
#define ENGINE_WISH_H

#include <string.h>

#include "spec/oci.h"

/**
 * struct wish_mount - a file or folder of the host, or memory, in the container
 * @source:  an absolute path; NULL: memory (tmpfs)
 * @target:  an absolute path
 * @options: of mount(8), as OCI has them; NULL-terminated, or NULL
 * @create:  a source that isn't there is made, as a folder (-v does so, --mount does not)
 */
struct wish_mount {
	char *source, *target, **options;
	bool create;
};

/**
 * struct wish - one container
 * @entrypoint: NULL: the image's; an empty list: none
 * @cmd:        NULL: the image's, unless @entrypoint is given
 * @network:    "none" or "host"
 * @ipc, @pid, @uts: "host", or NULL or "private": its own
 * @memory, @memory_swap, @memory_reservation, @shm_size: bytes; -1 of @memory_swap: unlimited
 * @nano_cpus:  billionths of a processor
 * @cpu_period, @cpu_quota: microseconds
 * @pids_limit: 0: the default; -1: none
 * @size:       bytes that may be written to its root; 0: any number
 */
struct wish {
	char *hostname, *domainname, *user, *working_dir, *tz;
	char **env, **cmd, **entrypoint, **groups, **add_hosts;
	struct pairs labels, sysctls;
	bool tty, open_stdin;

	LIST(struct wish_mount) mounts;
	LIST(struct oci_rlimit) ulimits;
	LIST(struct oci_device) devices;
	LIST(struct oci_device_rule) device_rules;
	char *network, *ipc, *pid, *uts, *cgroup_parent, *cpus, *mems, *seccomp;
	char **cap_add, **cap_drop;
	bool privileged, readonly, no_new_privileges, seccomp_unconfined;
	int64_t memory, memory_swap, memory_reservation, shm_size, nano_cpus, pids_limit;
	uint64_t cpu_shares, cpu_period, size;
	int64_t cpu_quota;
	struct opt_i64 oom_score_adj;
	struct opt_u64 swappiness;
};

/* wish_is_host() - is it the host's own, of network, ipc, pid and uts? */
static inline bool wish_is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

#endif
