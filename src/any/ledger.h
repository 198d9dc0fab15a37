/* ledger.h - what was changed on containers that others made, so that it can be undone
 *
 * Each container that was changed has a file below /run/tare/changed, written before anything else is
 * touched: the cgroups that were made for it because it had none of its own, and what each control file
 * held before. A container's entry ends with it: whoever looks next removes its cgroups and its file.
 */
#ifndef ANY_LEDGER_H
#define ANY_LEDGER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bind.h"
#include "discovery/containers.h"
#include "os/cgroup.h"

struct err;

/* struct ledger_place - a cgroup that was made, and where its processes were; paths as in
 * /proc/PID/cgroup */
struct ledger_place {
	char *hierarchy, *path, *from;
};

/**
 * struct ledger_change - a control file's old content, or a network interface's (limit_net.c)
 * @set:  changes of one command have the same number; higher is later
 * @text: what restores it
 */
struct ledger_change {
	uint32_t set;
	char *hierarchy, *path, *file, *text;
};

/**
 * struct ledger_entry - all about one container; its first process names it for good
 * @pid_namespace: inode of the one in which @pid is its number; 0: of an older tare's
 */
struct ledger_entry {
	char *engine, *id;
	int64_t pid;
	uint64_t pid_start, pid_namespace;
	LIST(struct ledger_place) places;
	LIST(struct ledger_change) changes;
	struct arena mem;
};

int ledger_open(struct err *e);
int ledger_read(int ledger, const struct container_found *c, struct ledger_entry *ret_entry,
		struct err *e);
int ledger_write(int ledger, const struct ledger_entry *entry, struct err *e);
int ledger_add_place(struct ledger_entry *entry, const struct ledger_place *place, struct err *e);
int ledger_add_change(struct ledger_entry *entry, const struct ledger_change *change,
		      struct err *e);
int ledger_sweep(int ledger, const struct cgroup_world *w, struct err *e);
void ledger_tidy(void);
void ledger_done(struct ledger_entry *entry);
#define own_ledger_entry __attribute__((cleanup(ledger_done)))

#endif
