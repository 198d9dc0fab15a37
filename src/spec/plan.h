/* plan.h - what tare-runtime tells tare-init to do, and the protocol between them
 *
 * tare-runtime reads the config, checks it, opens everything that lies on the host, and
 * packs the result with bind_pack(). tare-init, which runs inside the new namespaces from a
 * sealed memory file, unpacks it and carries it out. The plan holds no policy: it is ordered,
 * resolved and complete, so that `tare-runtime plan` can print it and init can stay small.
 *
 * Descriptors are passed by inheritance: numbers in the plan are valid in init, everything
 * else is closed by its exec. Members called fd are -1 when absent.
 */
#ifndef SPEC_PLAN_H
#define SPEC_PLAN_H

#include "base/bind.h"
#include "base/recipe.h"
#include "spec/oci.h"

enum plan_mount_kind {
	PLAN_FS,      /* a new file system of type .fs */
	PLAN_BIND,    /* the tree at .fd, or at .source on kernels without open_tree */
	PLAN_MOVE,    /* a detached mount that the runtime has made, at .fd */
	PLAN_REMOUNT, /* change the attributes of what is mounted at .target */
	PLAN_SYMLINK, /* .target becomes a link to .source */
	PLAN_KINDS
};

/* How far a missing mount target is made. */
enum plan_target { PLAN_TARGET_DIR, PLAN_TARGET_FILE, PLAN_TARGET_LINK };

struct plan_mount {
	uint32_t kind, shape;     /* enum plan_mount_kind, enum plan_target */
	char *target;             /* below the root, from config.json */
	char *label;              /* SELinux label of its root, where no mount option sets it */
	char *fs, *source, *data; /* data: comma-separated options for the file system */
	char *origin;             /* "/mounts/3", for messages */
	int64_t fd;
	bool recursive; /* bind the whole tree */
	bool tmpcopyup; /* fill the new tmpfs with what it covers */
	bool optional;  /* a failure is not an error (a controller that went away) */
	bool late;      /* made in LATE_MOUNTS: its source is made meanwhile, or it must be last */
	bool src_nofollow, dest_nofollow;
	bool inside;       /* .source is a path below the root, as the mounts before have made it */
	bool rec_idmap;    /* with .userns_fd: the whole tree */
	int64_t userns_fd; /* inside: ids are shifted by its maps; -1: they are not */
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* for this mount */
	uint64_t rec_set, rec_clr;   /* the same for its whole tree */
	uint64_t propagation;        /* MS_SHARED …, with MS_REC; 0 leaves it */
};

struct plan_device {
	char *path, *origin;
	uint32_t mode; /* S_IFCHR, S_IFBLK or S_IFIFO with the permission bits */
	uint64_t rdev;
	uint32_t uid, gid;
	int64_t fd;      /* a detached mount of the node, made outside; -1: make it */
	bool is_default; /* of the runtime, not of the config: an existing node is kept */
};

struct plan_link {
	char *target, *path;
};

/* A namespace to enter: its CLONE_NEW* flag and an open descriptor. */
struct plan_join {
	int64_t type, fd;
};

struct plan_rootfs {
	char *path; /* on the host, absolute */
	int64_t fd; /* a detached copy of its mount tree, or -1: bind it by path */
	bool readonly, no_pivot, devices_by_bind;
	bool in_place;        /* hooks of the host look for the root's mounts at .path */
	bool make_dev;        /* /dev is ours to fill: default nodes and links */
	uint64_t propagation; /* rootfsPropagation, MS_* */
	LIST(struct plan_mount) mounts;
	LIST(struct plan_device) devices;
	LIST(struct plan_link) links;
	char **masked, **readonly_paths;
	char *mask_data; /* options of the tmpfs that covers folders; NULL: the usual */
};

struct plan {
	char *id;
	uint64_t stages;  /* bits of enum stage that are to be walked */
	uint64_t lacking; /* enum sys_feature bits, see os/probe.h */
	LIST(struct plan_join) joins;
	uint64_t unshare;      /* CLONE_NEW* flags that clone could not make */
	bool fork;             /* become a child of the joined or new pid namespace */
	bool in_userns;        /* this process is, or will be, in a user namespace of its own */
	int64_t root;          /* exec: the root, where no mount namespace leads to it, or 0 */
	int64_t home;          /* the mount namespace to return to, or 0 */
	bool cgroup_namespace; /* unshare it once inside the cgroup */
	struct numbers cgroup_tasks; /* open v1 "tasks" files to write "0" to */
	char **cgroup_files;         /* the same by path, for ENTER_CGROUP_LATE */
	struct plan_rootfs *rootfs;  /* NULL for exec */
	char *hostname, *domainname;
	struct pairs sysctl;
	struct oci_process *process;
	bool terminal;         /* make a pty and send its master */
	int64_t start_fd;      /* listening socket that `start` connects to, or -1 */
	uint32_t preserve_fds; /* descriptors 3 … 3+n-1 belong to the program */
	oci_hook_list create_container, start_container;
	char *state_created, *state_start; /* state documents those hooks read */
	char **hook_env;                   /* environment of createContainer hooks that have none */
	int64_t hook_out, hook_err; /* where hooks write; 0: their output is kept for errors */
	/* the last step, see init/privileges.h */
	struct bytes seccomp; /* struct sock_filter array */
	bool has_seccomp, seccomp_notify;
	uint64_t seccomp_flags;
	bool new_keyring, keep_groups, rlimits_done, setgroups_denied;
	uint32_t last_cap;
	struct oci_personality *personality;
	struct oci_memory_policy *memory_policy;
	char *cpu_initial, *cpu_final;
	char *selinux_label, *apparmor_profile;
};

extern const struct bind_table plan_table;

/* The stages of a start, in order (see base/recipe.h). */
#define STAGES(X) \
	/* name            side     phrase, read as "cannot …" */ \
	X(MAP_IDS, RUNTIME, "map user and group ids") \
	X(JOIN, INIT, "join namespaces") \
	X(SCOPE, RUNTIME, "have systemd make the cgroup") \
	X(ENTER_CGROUP, INIT, "enter the cgroup") \
	X(HOST_FACTS, RUNTIME, "prepare what only the host side can") \
	X(RDT, RUNTIME, "enter the resctrl group") \
	X(NET_DEVICES, RUNTIME, "move network devices") \
	X(UTS, INIT, "set the host name") \
	X(LOOPBACK, INIT, "bring up the loopback device") \
	X(SYSCTL, INIT, "set kernel parameters") \
	X(ROOTFS, INIT, "prepare the root file system") \
	X(MOUNTS, INIT, "make the mounts") \
	X(DEVICES, INIT, "make the devices") \
	X(MASKS, INIT, "cover masked and read-only paths") \
	X(MAKE_CGROUP, RUNTIME, "make the cgroup") \
	X(ENTER_CGROUP_LATE, INIT, "enter the cgroup") \
	X(LATE_MOUNTS, INIT, "make the last mounts") \
	X(HOOKS_RUNTIME, RUNTIME, "run the createRuntime hooks") \
	X(HOOKS_CONTAINER, INIT, "run the createContainer hooks") \
	X(PIVOT, INIT, "switch to the root file system") \
	X(CONSOLE, INIT, "set up the terminal") \
	X(HOME, INIT, "return to the runtime's mount namespace") \
	X(PROGRAM, INIT, "find the program") \
	X(PRIVILEGES, INIT, "set up the process") \
	X(CREATED, RUNTIME, "record the container") \
	X(WAIT_START, INIT, "wait for the start command") \
	X(PRIVILEGES_LATE, INIT, "set up the process") \
	X(SEAL, INIT, "lock the process up") \
	X(HOOKS_START, INIT, "run the startContainer hooks") \
	X(EXEC, INIT, "start the program") \
	/* in a container that runs already, after JOIN */ \
	X(HOT_ADD, INIT, "add the mounts") \
	X(HOT_REMOVE, INIT, "remove the mounts") \
	X(HOT_END, RUNTIME, "record the mounts")

enum stage {
#define X(name, side, phrase) STAGE_##name,
	STAGES(X)
#undef X
		STAGE_COUNT
};

int plan_each_fd(const struct plan *p, int (*visit)(void *ctx, int fd, struct err *e), void *ctx,
		 struct err *e);

#define STAGE_BIT(name) (1ULL << STAGE_##name)

extern const struct recipe_row stage_rows[STAGE_COUNT];

#endif
