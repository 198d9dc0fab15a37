/* container.h - what a container is asked to be: HostConfig of the Docker Engine API as C structs
 *
 * Source: Docker Engine API 1.47. The other half, Config, is struct image_run (spec/image.h): an image's
 * document and the API share it. Members that are not honoured are not here, so that who reads a
 * request by this table sees them as unknown. Absent members are zero, NULL or .set == false.
 */
#ifndef SPEC_CONTAINER_H
#define SPEC_CONTAINER_H

#include "spec/image.h"

/* struct host_device - @inside: NULL: the same path; @access: of r, w and m; NULL: all three */
struct host_device {
	char *host, *inside, *access;
};

/* struct host_ulimit - @name without RLIMIT_, in small letters; -1: unlimited */
struct host_ulimit {
	char *name;
	int64_t soft, hard;
};

struct host_bind_options {
	char *propagation;
	bool non_recursive, create_mountpoint, read_only_non_recursive, read_only_force_recursive;
};

struct host_tmpfs_options {
	int64_t size, mode; /* bytes; as chmod(2) */
};

/* struct host_mount - @type: "bind" or "tmpfs" */
struct host_mount {
	char *type, *source, *target;
	bool read_only;
	struct host_bind_options *bind;
	struct host_tmpfs_options *tmpfs;
};

/* struct host_weight, host_rate - of one block device; @rate: bytes or operations a second */
struct host_weight {
	char *path;
	uint32_t weight;
};
struct host_rate {
	char *path;
	uint64_t rate;
};
typedef LIST(struct host_rate) host_rates;

/* struct host_log - @type: "json-file" or "none" */
struct host_log {
	char *type;
	struct pairs config;
};

/* struct host_restart - @name: "", "no", "always", "unless-stopped" or "on-failure" */
struct host_restart {
	char *name;
	int64_t maximum_retry_count;
};

/**
 * struct host_config - one container's
 * @binds:   "SOURCE:TARGET[:OPTION,...]"
 * @tmpfs:   target to options
 * @network: "none" or "host"
 * @memory, @memory_swap, @memory_reservation, @shm_size: bytes; -1 of @memory_swap: unlimited
 * @nano_cpus: billionths of a processor
 * @cpu_period, @cpu_quota: microseconds
 * @pids_limit: absent or 0: the default; negative: none
 */
struct host_config {
	char **binds, **cap_add, **cap_drop, **group_add, **extra_hosts, **security_opt,
		**device_cgroup_rules, **masked_paths, **readonly_paths;
	char *network, *ipc, *pid, *uts, *cgroupns, *userns, *cgroup_parent, *cpuset_cpus,
		*cpuset_mems, *runtime, *id_file;
	struct host_log *log;
	struct host_restart *restart;
	LIST(struct host_mount) mounts;
	LIST(struct host_ulimit) ulimits;
	LIST(struct host_device) devices;
	LIST(struct host_weight) blkio_weight_device;
	host_rates read_bps, write_bps, read_iops, write_iops;
	struct pairs tmpfs, sysctls, storage_opt, annotations;
	bool privileged, readonly_rootfs, auto_remove;
	int64_t memory, memory_swap, memory_reservation, shm_size, nano_cpus, cpu_quota;
	uint64_t cpu_shares, cpu_period;
	uint32_t blkio_weight;
	struct opt_i64 memory_swappiness, oom_score_adj, pids_limit;
	struct opt_bool oom_kill_disable;
};

extern const struct bind_table host_config_table;

#endif
