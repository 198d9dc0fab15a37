/* run.h - the options of `tare run`, as they were given, and what they ask for */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "base/arena.h"
#include "base/opt.h"
#include "cli/session.h"
#include "engine/wish.h"

/* struct run_options - one member for each option */
struct run_options {
	struct opt_list env, env_files, volumes, mounts, tmpfs, cap_add, cap_drop, groups, security,
		ulimits, devices, device_rules, labels, label_files, sysctls, hosts, storage,
		annotations, log_opts, weight_devices, read_bps, write_bps, read_iops, write_iops;
	const char *name, *workdir, *user, *hostname, *domainname, *entrypoint, *network, *memory,
		*memory_swap, *memory_reservation, *memory_swappiness, *cpus, *cpu_shares,
		*cpu_period, *cpu_quota, *cpuset_cpus, *cpuset_mems, *pids_limit, *oom_score_adj,
		*shm_size, *ipc, *pid, *uts, *cgroupns, *userns, *cgroup_parent, *pull, *platform,
		*runtime, *cidfile, *tz, *blkio_weight, *log_driver, *restart, *stop_signal,
		*stop_timeout;
	bool rm, interactive, tty, readonly, privileged, oom_kill_disable, quiet, detach,
		no_healthcheck;
	struct opt_bool untrusted;
};

int run_wish(const struct run_options *o, char **args, size_t n_args, struct arena *a,
	     struct wish *ret_wish, struct err *e);

/* run_image.c */
int run_image(const struct cli *cli, const struct run_options *o, const char *word, struct store *s,
	      struct image_found *ret_image, struct err *e);

/* run_limits.c */
int run_limits(const struct run_options *o, struct arena *a, struct host_config *h, struct err *e);

/* run_mounts.c */
int run_mounts(const struct run_options *o, struct arena *a, struct host_config *h, struct err *e);

#endif
