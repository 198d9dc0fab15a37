/* rdt.h - linux.intelRdt: the container's group in the resctrl file system */
#ifndef RUNTIME_RDT_H
#define RUNTIME_RDT_H

#include <sys/types.h>

struct container;
struct creation;
struct err;
struct oci_config;
struct state;

/* struct rdt_change - for update; NULL leaves it as it is */
struct rdt_change {
	const char *l3_cache, *mem_bw;
};

int rdt_check(const struct oci_config *c, const char *id, struct err *e);
int rdt_prepare(struct creation *c, struct err *e);
int rdt_apply(struct creation *c, struct err *e);
int rdt_enter(const struct state *s, pid_t pid, struct err *e);
int rdt_update(const struct container *c, const struct rdt_change *change, struct err *e);
int rdt_remove(const struct state *s, struct err *e);

#endif
