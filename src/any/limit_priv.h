/* limit_priv.h - what the parts of limit.c share: the report and the ledger of one command */
#ifndef ANY_LIMIT_PRIV_H
#define ANY_LIMIT_PRIV_H

#include "any/limit.h"

/**
 * struct limit_work - one command's changes of one container
 * @set: their number in the ledger
 */
struct limit_work {
	const struct limit_target *t;
	struct limit_report *report;
	uint32_t set;
};

int limit_note(struct limit_work *w, const struct ledger_change *change, struct err *e);
void limit_forget_last(struct limit_work *w);
int limit_add_line(struct limit_work *w, const struct limit_line *line, struct err *e);

/* The "hierarchy" of the ledger's changes that are not of a control file but of a device. */
#define LIMIT_NETWORK "net"

/* limit_net.c */
int limit_net_put(struct limit_work *w, const struct limit_request *r, struct err *e);
int limit_net_restore(struct limit_work *w, const struct ledger_change *c, struct err *e);

#endif
