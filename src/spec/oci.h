/* oci.h - the OCI runtime specification's config.json as C structs
 *
 * Source: runtime-spec 1.3, config.md and config-linux.md. Member names are the document's,
 * in snake case. Absent members are zero, NULL or .set == false (see base/bind.h). All
 * memory belongs to the arena that the document was read into.
 */
#ifndef SPEC_OCI_H
#define SPEC_OCI_H

#include "base/bind.h"

#define OCI_VERSION_MIN "1.0.0"
#define OCI_VERSION_MAX "1.3.0"

struct oci_idmap {
	uint32_t container_id, host_id, size;
};
typedef LIST(struct oci_idmap) oci_idmaps;

struct oci_user {
	uint32_t uid, gid;
	struct opt_u64 umask;
	struct numbers additional_gids;
	char *username;
};

struct oci_capabilities {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};
struct oci_rlimit {
	struct opt_word type;
	uint64_t soft, hard;
};
struct oci_scheduler {
	struct opt_word policy;
	int64_t nice, priority;
	uint64_t flags, period;
	struct opt_u64 runtime, deadline;
};
struct oci_io_priority {
	struct opt_word class;
	int64_t priority;
};
struct oci_cpu_affinity {
	char *initial, *final;
};
struct oci_console_size {
	uint64_t height, width;
};

struct oci_process {
	bool terminal, no_new_privileges;
	struct oci_console_size *console_size;
	struct oci_user *user; /* never NULL after oci_process_settle() */
	char **args, **env;
	char *cwd, *apparmor_profile, *selinux_label, *command_line;
	struct oci_capabilities *capabilities;
	LIST(struct oci_rlimit) rlimits;
	struct opt_i64 oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_cpu_affinity *exec_cpu_affinity;
};

struct oci_mount {
	char *destination, *type, *source;
	char **options;
	oci_idmaps uid_mappings, gid_mappings;
};

struct oci_hook {
	char *path;
	char **args, **env;
	struct opt_i64 timeout;
};
typedef LIST(struct oci_hook) oci_hook_list;
struct oci_hooks {
	oci_hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

/* Values of oci_namespace.type are the CLONE_NEW* flags. */
struct oci_namespace {
	struct opt_word type;
	char *path;
};

struct oci_device {
	char *type, *path;
	struct opt_i64 major, minor;
	struct opt_u64 file_mode, uid, gid;
};
struct oci_net_device {
	char *key, *name;
};

struct oci_device_rule {
	bool allow;
	char *type;
	struct opt_i64 major, minor;
	char *access;
};
struct oci_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};
struct oci_cpu {
	struct opt_u64 shares, burst, period, realtime_period;
	struct opt_i64 quota, realtime_runtime, idle;
	char *cpus, *mems;
};
struct oci_weight_device {
	int64_t major, minor;
	struct opt_u64 weight, leaf_weight;
};
struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate;
};
typedef LIST(struct oci_throttle_device) oci_throttles;
struct oci_block_io {
	struct opt_u64 weight, leaf_weight;
	LIST(struct oci_weight_device) weight_device;
	oci_throttles read_bps, write_bps, read_iops, write_iops;
};
struct oci_hugepage {
	char *page_size;
	uint64_t limit;
};
struct oci_net_prio {
	char *name;
	uint32_t priority;
};
struct oci_network {
	struct opt_u64 class_id;
	LIST(struct oci_net_prio) priorities;
};
struct oci_pids {
	struct opt_i64 limit;
};
struct oci_rdma {
	char *key;
	struct opt_u64 hca_handles, hca_objects;
};
struct oci_resources {
	LIST(struct oci_device_rule) devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_block_io *block_io;
	LIST(struct oci_hugepage) hugepage_limits;
	struct oci_network *network;
	struct oci_pids *pids;
	LIST(struct oci_rdma) rdma;
	struct pairs unified;
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	struct opt_word op;
};
struct oci_syscall {
	char **names;
	struct opt_word action;
	struct opt_u64 errno_ret;
	LIST(struct oci_seccomp_arg) args;
};
struct oci_seccomp {
	struct opt_word default_action;
	struct opt_u64 default_errno_ret;
	char **architectures; /* resolved by os/seccomp.c, which knows libseccomp's tokens */
	struct opt_u64 flags; /* SECCOMP_FILTER_FLAG_*; an empty list is not the same as none */
	char *listener_path, *listener_metadata;
	LIST(struct oci_syscall) syscalls;
};

struct oci_intel_rdt {
	char *clos_id, *l3_cache_schema, *mem_bw_schema;
	char **schemata;
	bool enable_monitoring, enable_cmt, enable_mbm;
};
struct oci_memory_policy {
	struct opt_word mode;
	char *nodes;
	uint64_t flags;
};
struct oci_personality {
	struct opt_word domain;
	char **flags;
};
struct oci_time_offset {
	char *key;
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_linux {
	LIST(struct oci_namespace) namespaces;
	oci_idmaps uid_mappings, gid_mappings;
	LIST(struct oci_time_offset) time_offsets;
	LIST(struct oci_device) devices;
	LIST(struct oci_net_device) net_devices;
	char *cgroups_path, *mount_label;
	struct opt_word rootfs_propagation; /* MS_* */
	struct oci_resources *resources;
	struct oci_seccomp *seccomp;
	struct pairs sysctl;
	char **masked_paths, **readonly_paths;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
};

struct oci_root {
	char *path;
	bool readonly;
};

struct oci_config {
	char *oci_version, *hostname, *domainname;
	struct oci_root *root;
	struct oci_process *process;
	LIST(struct oci_mount) mounts;
	struct oci_hooks *hooks;
	struct oci_linux *platform; /* "linux": gnu17 defines that word as 1 */
	struct pairs annotations;
};

extern const struct bind_table oci_config_table, oci_process_table, oci_resources_table,
	oci_seccomp_table, oci_hook_table, oci_hooks_table, oci_idmap_table, oci_device_table,
	oci_mount_table, oci_personality_table, oci_memory_policy_table;
extern const struct word oci_namespace_words[], oci_capability_words[], oci_rlimit_words[],
	oci_seccomp_action_words[], oci_seccomp_op_words[], oci_seccomp_flag_words[],
	oci_propagation_words[];

struct oci_namespace *oci_namespace_of(const struct oci_linux *l, int64_t type);
const char *oci_annotation(const struct oci_config *c, const char *key);
int oci_process_settle(struct oci_process *p, struct arena *a, struct err *e);

#endif
