/* oci.c - the rows that bind config.json to spec/oci.h, and the words that it uses
 *
 * The order is the specification's: config.md first, then config-linux.md.
 */
#include "spec/oci.h"

#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/err.h"

/* Values that Debian 12's headers or musl do not name yet. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define MPOL_WEIGHTED_INTERLEAVE_ 6

// clang-format off
const struct word oci_namespace_words[] = {
	{ "mount",   CLONE_NEWNS     },
	{ "pid",     CLONE_NEWPID    },
	{ "network", CLONE_NEWNET    },
	{ "uts",     CLONE_NEWUTS    },
	{ "ipc",     CLONE_NEWIPC    },
	{ "user",    CLONE_NEWUSER   },
	{ "cgroup",  CLONE_NEWCGROUP },
	{ "time",    CLONE_NEWTIME   },
	{ NULL, 0 },
};

#define CAP(name) { "CAP_" #name, 1LL << CAP_##name }
const struct word oci_capability_words[] = {
	CAP(CHOWN), CAP(DAC_OVERRIDE), CAP(DAC_READ_SEARCH), CAP(FOWNER), CAP(FSETID), CAP(KILL),
	CAP(SETGID), CAP(SETUID), CAP(SETPCAP), CAP(LINUX_IMMUTABLE), CAP(NET_BIND_SERVICE),
	CAP(NET_BROADCAST), CAP(NET_ADMIN), CAP(NET_RAW), CAP(IPC_LOCK), CAP(IPC_OWNER),
	CAP(SYS_MODULE), CAP(SYS_RAWIO), CAP(SYS_CHROOT), CAP(SYS_PTRACE), CAP(SYS_PACCT),
	CAP(SYS_ADMIN), CAP(SYS_BOOT), CAP(SYS_NICE), CAP(SYS_RESOURCE), CAP(SYS_TIME),
	CAP(SYS_TTY_CONFIG), CAP(MKNOD), CAP(LEASE), CAP(AUDIT_WRITE), CAP(AUDIT_CONTROL),
	CAP(SETFCAP), CAP(MAC_OVERRIDE), CAP(MAC_ADMIN), CAP(SYSLOG), CAP(WAKE_ALARM),
	CAP(BLOCK_SUSPEND), CAP(AUDIT_READ), CAP(PERFMON), CAP(BPF), CAP(CHECKPOINT_RESTORE),
	{ NULL, 0 },
};
#undef CAP

#define LIMIT(name) { "RLIMIT_" #name, RLIMIT_##name }
const struct word oci_rlimit_words[] = {
	LIMIT(AS), LIMIT(CORE), LIMIT(CPU), LIMIT(DATA), LIMIT(FSIZE), LIMIT(LOCKS),
	LIMIT(MEMLOCK), LIMIT(MSGQUEUE), LIMIT(NICE), LIMIT(NOFILE), LIMIT(NPROC), LIMIT(RSS),
	LIMIT(RTPRIO), LIMIT(RTTIME), LIMIT(SIGPENDING), LIMIT(STACK),
	{ NULL, 0 },
};
#undef LIMIT

const struct word oci_propagation_words[] = {
	{ "private",     MS_PRIVATE             },
	{ "shared",      MS_SHARED              },
	{ "slave",       MS_SLAVE               },
	{ "unbindable",  MS_UNBINDABLE          },
	{ "rprivate",    MS_PRIVATE | MS_REC    },
	{ "rshared",     MS_SHARED | MS_REC     },
	{ "rslave",      MS_SLAVE | MS_REC      },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ NULL, 0 },
};

/* Kernel return values; the errno or trace number is or-ed in where the filter is made. */
const struct word oci_seccomp_action_words[] = {
	{ "SCMP_ACT_KILL",         SECCOMP_RET_KILL_THREAD  },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD",  SECCOMP_RET_KILL_THREAD  },
	{ "SCMP_ACT_TRAP",         SECCOMP_RET_TRAP         },
	{ "SCMP_ACT_ERRNO",        SECCOMP_RET_ERRNO        },
	{ "SCMP_ACT_TRACE",        SECCOMP_RET_TRACE        },
	{ "SCMP_ACT_ALLOW",        SECCOMP_RET_ALLOW        },
	{ "SCMP_ACT_LOG",          SECCOMP_RET_LOG          },
	{ "SCMP_ACT_NOTIFY",       SECCOMP_RET_USER_NOTIF   },
	{ NULL, 0 },
};

/* enum scmp_compare, whose values are part of libseccomp's ABI */
const struct word oci_seccomp_op_words[] = {
	{ "SCMP_CMP_NE",        1 },
	{ "SCMP_CMP_LT",        2 },
	{ "SCMP_CMP_LE",        3 },
	{ "SCMP_CMP_EQ",        4 },
	{ "SCMP_CMP_GE",        5 },
	{ "SCMP_CMP_GT",        6 },
	{ "SCMP_CMP_MASKED_EQ", 7 },
	{ NULL, 0 },
};

const struct word oci_seccomp_flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC",              SECCOMP_FILTER_FLAG_TSYNC              },
	{ "SECCOMP_FILTER_FLAG_LOG",                SECCOMP_FILTER_FLAG_LOG                },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW",         SECCOMP_FILTER_FLAG_SPEC_ALLOW         },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ NULL, 0 },
};

/* uapi linux/sched.h's numbers; libc's sched.h and the kernel's cannot both be included */
static const struct word scheduler_words[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR",       2 }, { "SCHED_BATCH", 3 },
	{ "SCHED_ISO",   4 }, { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 },
	{ NULL, 0 },
};

static const struct word scheduler_flag_words[] = {
	{ "SCHED_FLAG_RESET_ON_FORK",  0x01 },
	{ "SCHED_FLAG_RECLAIM",        0x02 },
	{ "SCHED_FLAG_DL_OVERRUN",     0x04 },
	{ "SCHED_FLAG_KEEP_POLICY",    0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS",    0x10 },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
	{ NULL, 0 },
};

static const struct word io_class_words[] = {
	{ "IOPRIO_CLASS_RT",   IOPRIO_CLASS_RT   },
	{ "IOPRIO_CLASS_BE",   IOPRIO_CLASS_BE   },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ NULL, 0 },
};

static const struct word memory_policy_words[] = {
	{ "MPOL_DEFAULT",             MPOL_DEFAULT              },
	{ "MPOL_PREFERRED",           MPOL_PREFERRED            },
	{ "MPOL_BIND",                MPOL_BIND                 },
	{ "MPOL_INTERLEAVE",          MPOL_INTERLEAVE           },
	{ "MPOL_LOCAL",               MPOL_LOCAL                },
	{ "MPOL_PREFERRED_MANY",      MPOL_PREFERRED_MANY       },
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE_ },
	{ NULL, 0 },
};

static const struct word memory_policy_flag_words[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES",   MPOL_F_STATIC_NODES   },
	{ NULL, 0 },
};

/* PER_LINUX and PER_LINUX32 of linux/personality.h */
static const struct word personality_words[] = {
	{ "LINUX", 0 }, { "LINUX32", 8 }, { NULL, 0 },
};

#define TABLE(name, S, guarded) const struct bind_table name = BIND_TABLE(name##_rows, S, guarded)
#define STATIC_TABLE(name, S, guarded) static TABLE(name, S, guarded)

static const struct bind_row oci_idmap_table_rows[] = {
	ROW_U32("containerID", REQUIRED, struct oci_idmap, container_id),
	ROW_U32("hostID",      REQUIRED, struct oci_idmap, host_id),
	ROW_U32("size",        REQUIRED, struct oci_idmap, size),
};
TABLE(oci_idmap_table, struct oci_idmap, true);

/* 2^32 - 1 means "as it was" to setresuid(2) */
#define MAX_ID (UINT32_MAX - 1)

static const struct bind_row user_rows[] = {
	{ .key = "uid", .kind = BIND_U32, .at = offsetof(struct oci_user, uid), .max = MAX_ID },
	{ .key = "gid", .kind = BIND_U32, .at = offsetof(struct oci_user, gid), .max = MAX_ID },
	ROW_OPT_U64("umask",          OPTIONAL, struct oci_user, umask),
	ROW_NUMBERS("additionalGids", OPTIONAL, struct oci_user, additional_gids, 0, MAX_ID),
	ROW_STRING("username",        OPTIONAL, struct oci_user, username),
};
static const struct bind_table user = BIND_TABLE(user_rows, struct oci_user, true);

/* config.md: what is no capability of the kernel is to be logged, and must not fail */
static const struct bind_row capabilities_rows[] = {
	ROW_FLAGS_KNOWN("bounding",    OPTIONAL, struct oci_capabilities, bounding,    oci_capability_words),
	ROW_FLAGS_KNOWN("effective",   OPTIONAL, struct oci_capabilities, effective,   oci_capability_words),
	ROW_FLAGS_KNOWN("inheritable", OPTIONAL, struct oci_capabilities, inheritable, oci_capability_words),
	ROW_FLAGS_KNOWN("permitted",   OPTIONAL, struct oci_capabilities, permitted,   oci_capability_words),
	ROW_FLAGS_KNOWN("ambient",     OPTIONAL, struct oci_capabilities, ambient,     oci_capability_words),
};
STATIC_TABLE(capabilities, struct oci_capabilities, true);

static const struct bind_row rlimit_rows[] = {
	ROW_WORD("type", REQUIRED, struct oci_rlimit, type, oci_rlimit_words),
	ROW_U64("soft",  REQUIRED, struct oci_rlimit, soft),
	ROW_U64("hard",  REQUIRED, struct oci_rlimit, hard),
};
static const struct bind_table rlimit_table = BIND_TABLE(rlimit_rows, struct oci_rlimit, true);

static const struct bind_row scheduler_rows[] = {
	ROW_WORD("policy",   REQUIRED, struct oci_scheduler, policy, scheduler_words),
	ROW_I64("nice",      OPTIONAL, struct oci_scheduler, nice),
	ROW_I64("priority",  OPTIONAL, struct oci_scheduler, priority),
	ROW_FLAGS("flags",   OPTIONAL, struct oci_scheduler, flags, scheduler_flag_words),
	ROW_OPT_U64("runtime",   OPTIONAL, struct oci_scheduler, runtime),
	ROW_OPT_U64("deadline",  OPTIONAL, struct oci_scheduler, deadline),
	ROW_U64("period",    OPTIONAL, struct oci_scheduler, period),
};
STATIC_TABLE(scheduler, struct oci_scheduler, true);

static const struct bind_row io_priority_rows[] = {
	ROW_WORD("class",   REQUIRED, struct oci_io_priority, class, io_class_words),
	ROW_I64("priority", OPTIONAL, struct oci_io_priority, priority),
};
STATIC_TABLE(io_priority, struct oci_io_priority, true);

static const struct bind_row cpu_affinity_rows[] = {
	ROW_STRING("initial", OPTIONAL, struct oci_cpu_affinity, initial),
	ROW_STRING("final",   OPTIONAL, struct oci_cpu_affinity, final),
};
STATIC_TABLE(cpu_affinity, struct oci_cpu_affinity, true);

static const struct bind_row console_size_rows[] = {
	ROW_U64("height", REQUIRED, struct oci_console_size, height),
	ROW_U64("width",  REQUIRED, struct oci_console_size, width),
};
STATIC_TABLE(console_size, struct oci_console_size, false);

static const struct bind_row oci_process_table_rows[] = {
	ROW_BOOL("terminal",           OPTIONAL, struct oci_process, terminal),
	ROW_OBJECT("consoleSize",      OPTIONAL, struct oci_process, console_size, console_size),
	ROW_OBJECT("user",             OPTIONAL, struct oci_process, user, user),
	ROW_STRINGS("args",            OPTIONAL, struct oci_process, args),
	ROW_STRING("commandLine",      OPTIONAL, struct oci_process, command_line),
	ROW_STRINGS("env",             OPTIONAL, struct oci_process, env),
	ROW_STRING("cwd",              REQUIRED, struct oci_process, cwd),
	ROW_OBJECT("capabilities",     OPTIONAL, struct oci_process, capabilities, capabilities),
	ROW_OBJECTS("rlimits",         OPTIONAL, struct oci_process, rlimits, rlimit_table),
	ROW_BOOL("noNewPrivileges",    OPTIONAL, struct oci_process, no_new_privileges),
	ROW_STRING("apparmorProfile",  OPTIONAL, struct oci_process, apparmor_profile),
	ROW_OPT_I64("oomScoreAdj",     OPTIONAL, struct oci_process, oom_score_adj),
	ROW_OBJECT("scheduler",        OPTIONAL, struct oci_process, scheduler, scheduler),
	ROW_STRING("selinuxLabel",     OPTIONAL, struct oci_process, selinux_label),
	ROW_OBJECT("ioPriority",       OPTIONAL, struct oci_process, io_priority, io_priority),
	ROW_OBJECT("execCPUAffinity",  OPTIONAL, struct oci_process, exec_cpu_affinity, cpu_affinity),
};
TABLE(oci_process_table, struct oci_process, true);

static const struct bind_row oci_mount_table_rows[] = {
	ROW_STRING("destination",  REQUIRED, struct oci_mount, destination),
	ROW_STRING("type",         OPTIONAL, struct oci_mount, type),
	ROW_STRING("source",       OPTIONAL, struct oci_mount, source),
	ROW_STRINGS("options",     OPTIONAL, struct oci_mount, options),
	ROW_OBJECTS("uidMappings", OPTIONAL, struct oci_mount, uid_mappings, oci_idmap_table),
	ROW_OBJECTS("gidMappings", OPTIONAL, struct oci_mount, gid_mappings, oci_idmap_table),
};
TABLE(oci_mount_table, struct oci_mount, true);

static const struct bind_row oci_hook_table_rows[] = {
	ROW_STRING("path",     REQUIRED, struct oci_hook, path),
	ROW_STRINGS("args",    OPTIONAL, struct oci_hook, args),
	ROW_STRINGS("env",     OPTIONAL, struct oci_hook, env),
	ROW_OPT_I64("timeout", OPTIONAL, struct oci_hook, timeout),
};
TABLE(oci_hook_table, struct oci_hook, true);

static const struct bind_row oci_hooks_table_rows[] = {
	ROW_OBJECTS("prestart",        OPTIONAL, struct oci_hooks, prestart,         oci_hook_table),
	ROW_OBJECTS("createRuntime",   OPTIONAL, struct oci_hooks, create_runtime,   oci_hook_table),
	ROW_OBJECTS("createContainer", OPTIONAL, struct oci_hooks, create_container, oci_hook_table),
	ROW_OBJECTS("startContainer",  OPTIONAL, struct oci_hooks, start_container,  oci_hook_table),
	ROW_OBJECTS("poststart",       OPTIONAL, struct oci_hooks, poststart,        oci_hook_table),
	ROW_OBJECTS("poststop",        OPTIONAL, struct oci_hooks, poststop,         oci_hook_table),
};
TABLE(oci_hooks_table, struct oci_hooks, true);

static const struct bind_row namespace_rows[] = {
	ROW_WORD("type",   REQUIRED, struct oci_namespace, type, oci_namespace_words),
	ROW_STRING("path", OPTIONAL, struct oci_namespace, path),
};
STATIC_TABLE(namespace, struct oci_namespace, true);

static const struct bind_row time_offset_rows[] = {
	ROW_I64("secs",     OPTIONAL, struct oci_time_offset, secs),
	ROW_U32("nanosecs", OPTIONAL, struct oci_time_offset, nanosecs),
};
STATIC_TABLE(time_offset, struct oci_time_offset, true);

static const struct bind_row oci_device_table_rows[] = {
	ROW_STRING("type",      REQUIRED, struct oci_device, type),
	ROW_STRING("path",      REQUIRED, struct oci_device, path),
	ROW_OPT_I64("major",    OPTIONAL, struct oci_device, major),
	ROW_OPT_I64("minor",    OPTIONAL, struct oci_device, minor),
	ROW_OPT_U64("fileMode", OPTIONAL, struct oci_device, file_mode),
	ROW_OPT_U64("uid",      OPTIONAL, struct oci_device, uid),
	ROW_OPT_U64("gid",      OPTIONAL, struct oci_device, gid),
};
TABLE(oci_device_table, struct oci_device, true);

static const struct bind_row net_device_rows[] = {
	ROW_STRING("name", OPTIONAL, struct oci_net_device, name),
};
STATIC_TABLE(net_device, struct oci_net_device, true);

static const struct bind_row device_rule_rows[] = {
	ROW_BOOL("allow",    REQUIRED, struct oci_device_rule, allow),
	ROW_STRING("type",   OPTIONAL, struct oci_device_rule, type),
	ROW_OPT_I64("major", OPTIONAL, struct oci_device_rule, major),
	ROW_OPT_I64("minor", OPTIONAL, struct oci_device_rule, minor),
	ROW_STRING("access", OPTIONAL, struct oci_device_rule, access),
};
STATIC_TABLE(device_rule, struct oci_device_rule, true);

static const struct bind_row memory_rows[] = {
	ROW_OPT_I64("limit",              OPTIONAL, struct oci_memory, limit),
	ROW_OPT_I64("reservation",        OPTIONAL, struct oci_memory, reservation),
	ROW_OPT_I64("swap",               OPTIONAL, struct oci_memory, swap),
	ROW_OPT_I64("kernel",             OPTIONAL, struct oci_memory, kernel),
	ROW_OPT_I64("kernelTCP",          OPTIONAL, struct oci_memory, kernel_tcp),
	ROW_OPT_U64("swappiness",         OPTIONAL, struct oci_memory, swappiness),
	ROW_OPT_BOOL("disableOOMKiller",  OPTIONAL, struct oci_memory, disable_oom_killer),
	ROW_OPT_BOOL("useHierarchy",      OPTIONAL, struct oci_memory, use_hierarchy),
	ROW_OPT_BOOL("checkBeforeUpdate", OPTIONAL, struct oci_memory, check_before_update),
};
STATIC_TABLE(memory, struct oci_memory, true);

static const struct bind_row cpu_rows[] = {
	ROW_OPT_U64("shares",          OPTIONAL, struct oci_cpu, shares),
	ROW_OPT_I64("quota",           OPTIONAL, struct oci_cpu, quota),
	ROW_OPT_U64("burst",           OPTIONAL, struct oci_cpu, burst),
	ROW_OPT_U64("period",          OPTIONAL, struct oci_cpu, period),
	ROW_OPT_I64("realtimeRuntime", OPTIONAL, struct oci_cpu, realtime_runtime),
	ROW_OPT_U64("realtimePeriod",  OPTIONAL, struct oci_cpu, realtime_period),
	ROW_OPT_I64("idle",            OPTIONAL, struct oci_cpu, idle),
	ROW_STRING("cpus",             OPTIONAL, struct oci_cpu, cpus),
	ROW_STRING("mems",             OPTIONAL, struct oci_cpu, mems),
};
STATIC_TABLE(cpu, struct oci_cpu, true);

static const struct bind_row weight_device_rows[] = {
	ROW_I64("major",          REQUIRED, struct oci_weight_device, major),
	ROW_I64("minor",          REQUIRED, struct oci_weight_device, minor),
	ROW_OPT_U64("weight",     OPTIONAL, struct oci_weight_device, weight),
	ROW_OPT_U64("leafWeight", OPTIONAL, struct oci_weight_device, leaf_weight),
};
STATIC_TABLE(weight_device, struct oci_weight_device, true);

static const struct bind_row throttle_rows[] = {
	ROW_I64("major", REQUIRED, struct oci_throttle_device, major),
	ROW_I64("minor", REQUIRED, struct oci_throttle_device, minor),
	ROW_U64("rate",  OPTIONAL, struct oci_throttle_device, rate),
};
STATIC_TABLE(throttle, struct oci_throttle_device, true);

static const struct bind_row block_io_rows[] = {
	ROW_OPT_U64("weight",                  OPTIONAL, struct oci_block_io, weight),
	ROW_OPT_U64("leafWeight",              OPTIONAL, struct oci_block_io, leaf_weight),
	ROW_OBJECTS("weightDevice",            OPTIONAL, struct oci_block_io, weight_device, weight_device),
	ROW_OBJECTS("throttleReadBpsDevice",   OPTIONAL, struct oci_block_io, read_bps, throttle),
	ROW_OBJECTS("throttleWriteBpsDevice",  OPTIONAL, struct oci_block_io, write_bps, throttle),
	ROW_OBJECTS("throttleReadIOPSDevice",  OPTIONAL, struct oci_block_io, read_iops, throttle),
	ROW_OBJECTS("throttleWriteIOPSDevice", OPTIONAL, struct oci_block_io, write_iops, throttle),
};
STATIC_TABLE(block_io, struct oci_block_io, true);

static const struct bind_row hugepage_rows[] = {
	ROW_STRING("pageSize", REQUIRED, struct oci_hugepage, page_size),
	ROW_U64("limit",       REQUIRED, struct oci_hugepage, limit),
};
STATIC_TABLE(hugepage, struct oci_hugepage, true);

static const struct bind_row net_prio_rows[] = {
	ROW_STRING("name",  REQUIRED, struct oci_net_prio, name),
	ROW_U32("priority", REQUIRED, struct oci_net_prio, priority),
};
STATIC_TABLE(net_prio, struct oci_net_prio, true);

static const struct bind_row network_rows[] = {
	{ .key = "classID", .kind = BIND_OPT_U64, .at = offsetof(struct oci_network, class_id), .max = UINT32_MAX },
	ROW_OBJECTS("priorities", OPTIONAL, struct oci_network, priorities, net_prio),
};
STATIC_TABLE(network, struct oci_network, true);

static const struct bind_row pids_rows[] = {
	ROW_OPT_I64("limit", OPTIONAL, struct oci_pids, limit),
};
STATIC_TABLE(pids, struct oci_pids, true);

static const struct bind_row rdma_rows[] = {
	{ .key = "hcaHandles", .kind = BIND_OPT_U64, .at = offsetof(struct oci_rdma, hca_handles), .max = UINT32_MAX },
	{ .key = "hcaObjects", .kind = BIND_OPT_U64, .at = offsetof(struct oci_rdma, hca_objects), .max = UINT32_MAX },
};
STATIC_TABLE(rdma, struct oci_rdma, true);

static const struct bind_row oci_resources_table_rows[] = {
	ROW_OBJECTS("devices",        OPTIONAL, struct oci_resources, devices, device_rule),
	ROW_OBJECT("memory",          OPTIONAL, struct oci_resources, memory, memory),
	ROW_OBJECT("cpu",             OPTIONAL, struct oci_resources, cpu, cpu),
	ROW_OBJECT("blockIO",         OPTIONAL, struct oci_resources, block_io, block_io),
	ROW_OBJECTS("hugepageLimits", OPTIONAL, struct oci_resources, hugepage_limits, hugepage),
	ROW_OBJECT("network",         OPTIONAL, struct oci_resources, network, network),
	ROW_OBJECT("pids",            OPTIONAL, struct oci_resources, pids, pids),
	ROW_MAP("rdma",               OPTIONAL, struct oci_resources, rdma, rdma),
	ROW_PAIRS("unified",          OPTIONAL, struct oci_resources, unified),
};
TABLE(oci_resources_table, struct oci_resources, true);

static const struct bind_row seccomp_arg_rows[] = {
	{ .key = "index", .kind = BIND_U32, .need = REQUIRED, .at = offsetof(struct oci_seccomp_arg, index), .max = 5 },
	ROW_U64("value",    REQUIRED, struct oci_seccomp_arg, value),
	ROW_U64("valueTwo", OPTIONAL, struct oci_seccomp_arg, value_two),
	ROW_WORD("op",      REQUIRED, struct oci_seccomp_arg, op, oci_seccomp_op_words),
};
STATIC_TABLE(seccomp_arg, struct oci_seccomp_arg, true);

static const struct bind_row syscall_rows[] = {
	ROW_STRINGS("names",    REQUIRED, struct oci_syscall, names),
	ROW_WORD("action",      REQUIRED, struct oci_syscall, action, oci_seccomp_action_words),
	ROW_OPT_U64("errnoRet", OPTIONAL, struct oci_syscall, errno_ret),
	ROW_OBJECTS("args",     OPTIONAL, struct oci_syscall, args, seccomp_arg),
};
static const struct bind_table syscall_table = BIND_TABLE(syscall_rows, struct oci_syscall, true);

static const struct bind_row oci_seccomp_table_rows[] = {
	ROW_WORD("defaultAction",      REQUIRED, struct oci_seccomp, default_action, oci_seccomp_action_words),
	ROW_OPT_U64("defaultErrnoRet", OPTIONAL, struct oci_seccomp, default_errno_ret),
	ROW_STRINGS("architectures",   OPTIONAL, struct oci_seccomp, architectures),
	ROW_OPT_FLAGS("flags",         OPTIONAL, struct oci_seccomp, flags, oci_seccomp_flag_words),
	ROW_STRING("listenerPath",     OPTIONAL, struct oci_seccomp, listener_path),
	ROW_STRING("listenerMetadata", OPTIONAL, struct oci_seccomp, listener_metadata),
	ROW_OBJECTS("syscalls",        OPTIONAL, struct oci_seccomp, syscalls, syscall_table),
};
TABLE(oci_seccomp_table, struct oci_seccomp, true);

static const struct bind_row intel_rdt_rows[] = {
	ROW_STRING("closID",          OPTIONAL, struct oci_intel_rdt, clos_id),
	ROW_STRINGS("schemata",       OPTIONAL, struct oci_intel_rdt, schemata),
	ROW_STRING("l3CacheSchema",   OPTIONAL, struct oci_intel_rdt, l3_cache_schema),
	ROW_STRING("memBwSchema",     OPTIONAL, struct oci_intel_rdt, mem_bw_schema),
	ROW_BOOL("enableMonitoring",  OPTIONAL, struct oci_intel_rdt, enable_monitoring),
	ROW_BOOL("enableCMT",         OPTIONAL, struct oci_intel_rdt, enable_cmt),
	ROW_BOOL("enableMBM",         OPTIONAL, struct oci_intel_rdt, enable_mbm),
};
STATIC_TABLE(intel_rdt, struct oci_intel_rdt, true);

static const struct bind_row oci_memory_policy_table_rows[] = {
	ROW_WORD("mode",    REQUIRED, struct oci_memory_policy, mode, memory_policy_words),
	ROW_STRING("nodes", OPTIONAL, struct oci_memory_policy, nodes),
	ROW_FLAGS("flags",  OPTIONAL, struct oci_memory_policy, flags, memory_policy_flag_words),
};
TABLE(oci_memory_policy_table, struct oci_memory_policy, true);

static const struct bind_row oci_personality_table_rows[] = {
	ROW_WORD("domain",   REQUIRED, struct oci_personality, domain, personality_words),
	ROW_STRINGS("flags", OPTIONAL, struct oci_personality, flags),
};
TABLE(oci_personality_table, struct oci_personality, true);

static const struct bind_row linux_rows[] = {
	ROW_OBJECTS("namespaces",    OPTIONAL, struct oci_linux, namespaces, namespace),
	ROW_OBJECTS("uidMappings",   OPTIONAL, struct oci_linux, uid_mappings, oci_idmap_table),
	ROW_OBJECTS("gidMappings",   OPTIONAL, struct oci_linux, gid_mappings, oci_idmap_table),
	ROW_MAP("timeOffsets",       OPTIONAL, struct oci_linux, time_offsets, time_offset),
	ROW_OBJECTS("devices",       OPTIONAL, struct oci_linux, devices, oci_device_table),
	ROW_MAP("netDevices",        OPTIONAL, struct oci_linux, net_devices, net_device),
	ROW_STRING("cgroupsPath",    OPTIONAL, struct oci_linux, cgroups_path),
	ROW_WORD("rootfsPropagation",OPTIONAL, struct oci_linux, rootfs_propagation, oci_propagation_words),
	ROW_OBJECT("resources",      OPTIONAL, struct oci_linux, resources, oci_resources_table),
	ROW_OBJECT("seccomp",        OPTIONAL, struct oci_linux, seccomp, oci_seccomp_table),
	ROW_PAIRS("sysctl",          OPTIONAL, struct oci_linux, sysctl),
	ROW_STRINGS("maskedPaths",   OPTIONAL, struct oci_linux, masked_paths),
	ROW_STRINGS("readonlyPaths", OPTIONAL, struct oci_linux, readonly_paths),
	ROW_STRING("mountLabel",     OPTIONAL, struct oci_linux, mount_label),
	ROW_OBJECT("intelRdt",       OPTIONAL, struct oci_linux, intel_rdt, intel_rdt),
	ROW_OBJECT("memoryPolicy",   OPTIONAL, struct oci_linux, memory_policy, oci_memory_policy_table),
	ROW_OBJECT("personality",    OPTIONAL, struct oci_linux, personality, oci_personality_table),
};
static const struct bind_table linux_table = BIND_TABLE(linux_rows, struct oci_linux, true);

static const struct bind_row root_rows[] = {
	ROW_STRING("path",   REQUIRED, struct oci_root, path),
	ROW_BOOL("readonly", OPTIONAL, struct oci_root, readonly),
};
STATIC_TABLE(root, struct oci_root, true);

static const struct bind_row oci_config_table_rows[] = {
	ROW_STRING("ociVersion",  REQUIRED, struct oci_config, oci_version),
	ROW_OBJECT("process",     OPTIONAL, struct oci_config, process, oci_process_table),
	ROW_OBJECT("root",        OPTIONAL, struct oci_config, root, root),
	ROW_STRING("hostname",    OPTIONAL, struct oci_config, hostname),
	ROW_STRING("domainname",  OPTIONAL, struct oci_config, domainname),
	ROW_OBJECTS("mounts",     OPTIONAL, struct oci_config, mounts, oci_mount_table),
	ROW_OBJECT("hooks",       OPTIONAL, struct oci_config, hooks, oci_hooks_table),
	ROW_PAIRS("annotations",  OPTIONAL, struct oci_config, annotations),
	ROW_OBJECT("linux",       OPTIONAL, struct oci_config, platform, linux_table),
};
TABLE(oci_config_table, struct oci_config, true);
// clang-format on

/* oci_namespace_of() - the entry for one CLONE_NEW* type, or NULL when the config has none */
struct oci_namespace *oci_namespace_of(const struct oci_linux *l, int64_t type)
{
	for (size_t i = 0; l && i < l->namespaces.n; i++)
		if (l->namespaces.at[i].type.v == type)
			return &l->namespaces.at[i];
	return NULL;
}

/* oci_annotation() - an annotation's value, or NULL */
const char *oci_annotation(const struct oci_config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (strcmp(c->annotations.at[i].key, key) == 0)
			return c->annotations.at[i].value;
	return NULL;
}

/**
 * oci_process_settle() - give absent parts of a process that was read their defaults
 * @a: owns what is added
 *
 * Return: 0, or -1 when memory ran out.
 */
int oci_process_settle(struct oci_process *p, struct arena *a, struct err *e)
{
	static struct oci_capabilities none;

	if (!p->user)
		p->user = arena_alloc(a, sizeof(*p->user));
	if (!p->env)
		p->env = arena_array(a, 1, sizeof(*p->env));
	if (!p->capabilities)
		p->capabilities = &none;
	return p->user && p->env ? 0 : fail(e, ERR_LIMIT, "read the process: out of memory");
}
