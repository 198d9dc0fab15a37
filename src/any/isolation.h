/* isolation.h - how well a container is kept apart from its host, in facts, findings and a grade
 *
 * The facts are the kernel's, of the container's first process: what its configuration wished for does
 * not count. The findings come from one table of rules (isolation_rules.c), each with what it lets the
 * container do; the grade comes from the findings alone.
 */
#ifndef ANY_ISOLATION_H
#define ANY_ISOLATION_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bind.h"
#include "discovery/containers.h"

struct err;

/* How bad a finding is. */
enum isolation_weight {
	WEIGHT_MINOR,    /* a wall the fewer, should another break */
	WEIGHT_MODERATE, /* the kernel's bugs are nearer than they need be */
	WEIGHT_SERIOUS,  /* it sees or disturbs what is not its own */
	WEIGHT_CRITICAL, /* it can become root of the host, or as good as */
};
extern const struct word isolation_weight_words[], isolation_seccomp_words[];

/* What the rules look at, but for capabilities. */
enum isolation_fact {
	FACT_HOST_USER = 1 << 0, /* namespaces that are the host's */
	FACT_HOST_MNT = 1 << 1,
	FACT_HOST_PID = 1 << 2,
	FACT_HOST_NET = 1 << 3,
	FACT_HOST_IPC = 1 << 4,
	FACT_HOST_UTS = 1 << 5,
	FACT_HOST_CGROUP = 1 << 6,
	FACT_HOST_ROOT = 1 << 7,      /* it runs as uid 0 of the host */
	FACT_NO_SECCOMP = 1 << 8,     /* no filter of system calls */
	FACT_NEW_PRIVS = 1 << 9,      /* setuid programs work */
	FACT_ALL_DEVICES = 1 << 10,   /* the devices cgroup lets everything pass */
	FACT_SYSCTLS = 1 << 11,       /* /proc/sys can be written to, as far as mounts go */
	FACT_SYSFS = 1 << 12,         /* /sys likewise */
	FACT_SYSRQ = 1 << 13,         /* /proc/sysrq-trigger likewise */
	FACT_UNCONFINED = 1 << 14,    /* no AppArmor or SELinux, where the kernel has one */
	FACT_BLOCK_DEVICES = 1 << 15, /* the devices cgroup lets it use every disk */
};

/* struct isolation_finding - @rule names the row, @text says what it means for the host */
struct isolation_finding {
	struct opt_word weight;
	char *rule, *text;
};

/* struct isolation_mount - a piece of the host in the container; @what is in words */
struct isolation_mount {
	struct opt_word weight;
	char *what, *source, *target;
	bool writable;
};

struct isolation_range {
	uint32_t inside, outside, size;
};

/**
 * struct isolation - the report
 * @grade:        "A" to "F"
 * @shared:       namespaces that are the host's, by their names in /proc/PID/ns
 * @seccomp:      "none", "strict" or "filter"
 * @confinement:  AppArmor's or SELinux' word for it; NULL where the kernel has none
 * @devices:      rules of the devices cgroup on v1; NULL where the kernel cannot tell, as on v2
 * @writable:     of /proc/sys, /sys and their like, what is not mounted read-only
 * @caps:         what its programs have or can get
 * @facts:        what the rules saw, of enum isolation_fact
 */
struct isolation {
	char *grade;
	LIST(struct isolation_finding) findings;
	char **shared;
	uint64_t caps, effective;
	struct opt_word seccomp;
	bool no_new_privs;
	char *confinement;
	LIST(struct isolation_range) uid_map, gid_map;
	char **devices, **writable;
	LIST(struct isolation_mount) mounts;
	uint64_t facts;
};
extern const struct bind_table isolation_table;

int isolation_inspect(const char *root, const struct container_found *c, struct arena *a,
		      struct isolation *ret, struct err *e);

/* isolation_rules.c: pure */
int isolation_judge(struct isolation *report, struct arena *a);
bool isolation_sensitive(const char *path, bool writable, enum isolation_weight *ret_weight,
			 const char **ret_what);

#endif
