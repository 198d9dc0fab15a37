/* container.c - see container.h */
#include "spec/container.h"

// clang-format off
static const struct bind_row device_rows[] = {
	ROW_STRING("PathOnHost",        REQUIRED, struct host_device, host),
	ROW_STRING("PathInContainer",   OPTIONAL, struct host_device, inside),
	ROW_STRING("CgroupPermissions", OPTIONAL, struct host_device, access),
};
static const struct bind_table device_table = BIND_TABLE(device_rows, struct host_device, true);

static const struct bind_row ulimit_rows[] = {
	ROW_STRING("Name", REQUIRED, struct host_ulimit, name),
	ROW_I64("Soft",    OPTIONAL, struct host_ulimit, soft),
	ROW_I64("Hard",    OPTIONAL, struct host_ulimit, hard),
};
static const struct bind_table ulimit_table = BIND_TABLE(ulimit_rows, struct host_ulimit, true);

static const struct bind_row bind_options_rows[] = {
	ROW_STRING("Propagation",          OPTIONAL, struct host_bind_options, propagation),
	ROW_BOOL("NonRecursive",           OPTIONAL, struct host_bind_options, non_recursive),
	ROW_BOOL("CreateMountpoint",       OPTIONAL, struct host_bind_options, create_mountpoint),
	ROW_BOOL("ReadOnlyNonRecursive",   OPTIONAL, struct host_bind_options, read_only_non_recursive),
	ROW_BOOL("ReadOnlyForceRecursive", OPTIONAL, struct host_bind_options, read_only_force_recursive),
};
static const struct bind_table bind_options_table =
	BIND_TABLE(bind_options_rows, struct host_bind_options, true);

static const struct bind_row tmpfs_options_rows[] = {
	ROW_I64("SizeBytes", OPTIONAL, struct host_tmpfs_options, size),
	ROW_I64("Mode",      OPTIONAL, struct host_tmpfs_options, mode),
};
static const struct bind_table tmpfs_options_table =
	BIND_TABLE(tmpfs_options_rows, struct host_tmpfs_options, true);

static const struct bind_row mount_rows[] = {
	ROW_STRING("Type",         REQUIRED, struct host_mount, type),
	ROW_STRING("Source",       OPTIONAL, struct host_mount, source),
	ROW_STRING("Target",       REQUIRED, struct host_mount, target),
	ROW_BOOL("ReadOnly",       OPTIONAL, struct host_mount, read_only),
	ROW_OBJECT("BindOptions",  OPTIONAL, struct host_mount, bind, bind_options_table),
	ROW_OBJECT("TmpfsOptions", OPTIONAL, struct host_mount, tmpfs, tmpfs_options_table),
};
static const struct bind_table mount_table = BIND_TABLE(mount_rows, struct host_mount, true);

static const struct bind_row weight_rows[] = {
	ROW_STRING("Path", REQUIRED, struct host_weight, path),
	ROW_U32("Weight",  REQUIRED, struct host_weight, weight),
};
static const struct bind_table weight_table = BIND_TABLE(weight_rows, struct host_weight, true);

static const struct bind_row rate_rows[] = {
	ROW_STRING("Path", REQUIRED, struct host_rate, path),
	ROW_U64("Rate",    REQUIRED, struct host_rate, rate),
};
static const struct bind_table rate_table = BIND_TABLE(rate_rows, struct host_rate, true);

static const struct bind_row log_rows[] = {
	ROW_STRING("Type",  OPTIONAL, struct host_log, type),
	ROW_PAIRS("Config", OPTIONAL, struct host_log, config),
};
static const struct bind_table log_table = BIND_TABLE(log_rows, struct host_log, true);

static const struct bind_row restart_rows[] = {
	ROW_STRING("Name",           OPTIONAL, struct host_restart, name),
	ROW_I64("MaximumRetryCount", OPTIONAL, struct host_restart, maximum_retry_count),
};
static const struct bind_table restart_table = BIND_TABLE(restart_rows, struct host_restart, true);

static const struct bind_row host_config_rows[] = {
	ROW_STRINGS("Binds",              OPTIONAL, struct host_config, binds),
	ROW_STRING("ContainerIDFile",     OPTIONAL, struct host_config, id_file),
	ROW_OBJECT("LogConfig",           OPTIONAL, struct host_config, log, log_table),
	ROW_OBJECT("RestartPolicy",       OPTIONAL, struct host_config, restart, restart_table),
	ROW_STRING("NetworkMode",         OPTIONAL, struct host_config, network),
	ROW_BOOL("AutoRemove",            OPTIONAL, struct host_config, auto_remove),
	ROW_OBJECTS("Mounts",             OPTIONAL, struct host_config, mounts, mount_table),
	ROW_PAIRS("Annotations",          OPTIONAL, struct host_config, annotations),
	ROW_STRINGS("CapAdd",             OPTIONAL, struct host_config, cap_add),
	ROW_STRINGS("CapDrop",            OPTIONAL, struct host_config, cap_drop),
	ROW_STRING("CgroupnsMode",        OPTIONAL, struct host_config, cgroupns),
	ROW_STRINGS("ExtraHosts",         OPTIONAL, struct host_config, extra_hosts),
	ROW_STRINGS("GroupAdd",           OPTIONAL, struct host_config, group_add),
	ROW_STRING("IpcMode",             OPTIONAL, struct host_config, ipc),
	ROW_OPT_I64("OomScoreAdj",        OPTIONAL, struct host_config, oom_score_adj),
	ROW_STRING("PidMode",             OPTIONAL, struct host_config, pid),
	ROW_BOOL("Privileged",            OPTIONAL, struct host_config, privileged),
	ROW_BOOL("ReadonlyRootfs",        OPTIONAL, struct host_config, readonly_rootfs),
	ROW_STRINGS("SecurityOpt",        OPTIONAL, struct host_config, security_opt),
	ROW_PAIRS("StorageOpt",           OPTIONAL, struct host_config, storage_opt),
	ROW_PAIRS("Tmpfs",                OPTIONAL, struct host_config, tmpfs),
	ROW_STRING("UTSMode",             OPTIONAL, struct host_config, uts),
	ROW_STRING("UsernsMode",          OPTIONAL, struct host_config, userns),
	ROW_I64("ShmSize",                OPTIONAL, struct host_config, shm_size),
	ROW_PAIRS("Sysctls",              OPTIONAL, struct host_config, sysctls),
	ROW_STRING("Runtime",             OPTIONAL, struct host_config, runtime),
	ROW_STRINGS("MaskedPaths",        OPTIONAL, struct host_config, masked_paths),
	ROW_STRINGS("ReadonlyPaths",      OPTIONAL, struct host_config, readonly_paths),
	ROW_U64("CpuShares",              OPTIONAL, struct host_config, cpu_shares),
	ROW_I64("Memory",                 OPTIONAL, struct host_config, memory),
	ROW_STRING("CgroupParent",        OPTIONAL, struct host_config, cgroup_parent),
	ROW_U32("BlkioWeight",            OPTIONAL, struct host_config, blkio_weight),
	ROW_OBJECTS("BlkioWeightDevice",  OPTIONAL, struct host_config, blkio_weight_device, weight_table),
	ROW_OBJECTS("BlkioDeviceReadBps", OPTIONAL, struct host_config, read_bps, rate_table),
	ROW_OBJECTS("BlkioDeviceWriteBps", OPTIONAL, struct host_config, write_bps, rate_table),
	ROW_OBJECTS("BlkioDeviceReadIOps", OPTIONAL, struct host_config, read_iops, rate_table),
	ROW_OBJECTS("BlkioDeviceWriteIOps", OPTIONAL, struct host_config, write_iops, rate_table),
	ROW_U64("CpuPeriod",              OPTIONAL, struct host_config, cpu_period),
	ROW_I64("CpuQuota",               OPTIONAL, struct host_config, cpu_quota),
	ROW_STRING("CpusetCpus",          OPTIONAL, struct host_config, cpuset_cpus),
	ROW_STRING("CpusetMems",          OPTIONAL, struct host_config, cpuset_mems),
	ROW_OBJECTS("Devices",            OPTIONAL, struct host_config, devices, device_table),
	ROW_STRINGS("DeviceCgroupRules",  OPTIONAL, struct host_config, device_cgroup_rules),
	ROW_I64("MemoryReservation",      OPTIONAL, struct host_config, memory_reservation),
	ROW_I64("MemorySwap",             OPTIONAL, struct host_config, memory_swap),
	ROW_OPT_I64("MemorySwappiness",   OPTIONAL, struct host_config, memory_swappiness),
	ROW_I64("NanoCpus",               OPTIONAL, struct host_config, nano_cpus),
	ROW_OPT_BOOL("OomKillDisable",    OPTIONAL, struct host_config, oom_kill_disable),
	ROW_OPT_I64("PidsLimit",          OPTIONAL, struct host_config, pids_limit),
	ROW_OBJECTS("Ulimits",            OPTIONAL, struct host_config, ulimits, ulimit_table),
};
// clang-format on

const struct bind_table host_config_table = BIND_TABLE(host_config_rows, struct host_config, true);
