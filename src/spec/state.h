/* state.h - what the runtime remembers of a container, and what it tells others
 *
 * struct state is our own file, "status" in the container's directory, written before the first
 * effect and again once the process exists. struct oci_state is the specification's document
 * (runtime.md "State"), which `state` prints and hooks read.
 */
#ifndef SPEC_STATE_H
#define SPEC_STATE_H

#include "base/bind.h"
#include "spec/oci.h"

/* A directory of ours in one cgroup hierarchy; the layout is os/cgroup.h's struct cgroup_note. */
struct state_cgroup {
	char *hierarchy, *mount, *path;
	uint32_t made;
	uint64_t id;
};

/* A group in the resctrl file system on @root: @made is ours to remove, and so is @monitor's. */
struct state_rdt {
	char *root, *group, *monitor;
	bool made;
};

struct state {
	char *oci_version, *id, *bundle, *rootfs, *created, *owner;
	int64_t pid;                 /* 0 until the process exists */
	uint64_t pid_start;          /* clock ticks; with pid it names the process */
	uint64_t init_dev, init_ino; /* tare-init's memory file; inode 0: not recorded */
	bool forerunner;             /* .pid only leads into a pid namespace; its child goes on */
	bool started;                /* the program was executed */
	bool systemd_cgroup, no_subreaper, terminal, has_userns;
	uint64_t namespaces;  /* CLONE_NEW* flags in which it differs from the host */
	bool own_pidns;       /* a new pid namespace: when its first process ends, all do */
	char *cgroup_manager; /* "cgroupfs", "systemd", "disabled" */
	char *systemd_unit;
	struct state_rdt *intel_rdt; /* NULL: none */
	LIST(struct state_cgroup) cgroups;
	char *freezer; /* the file of one of them that tells whether they are frozen; NULL: none */
	struct pairs annotations;
	LIST(struct oci_mount) mounts;   /* added while it ran */
	struct oci_resources *resources; /* in force since an update; NULL: the config's */
	char **tolerated;                /* what could not be done and was let pass, in words */
	char *external_descriptors;      /* CRIU's names of stdio, a JSON array in a string */
};

extern const struct bind_table state_table;

/* The four words of runtime.md, and runc's "paused". */
enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED
};
extern const struct word status_words[];

struct oci_state {
	char *oci_version, *id, *status;
	int64_t pid;
	char *bundle, *rootfs, *created;
	struct pairs annotations;
	char *owner, *systemd_scope;
};

extern const struct bind_table oci_state_table;

#endif
