/* rules_daemon.h - rules are applied to whatever starts, or becomes another user, until a signal
 *
 * SIGUSR2 and SIGHUP have the rules read again, SIGUSR1 the templates, SIGTERM and SIGINT end it. What
 * is wrong with rules that are read again leaves the old ones in force.
 */
#ifndef CG_RULES_DAEMON_H
#define CG_RULES_DAEMON_H

#include "cg/rules.h"

enum cg_rules_news {
	CG_RULES_READ,      /* the rules, for the first time or again */
	CG_RULES_STARTED,   /* everybody is where he belongs, and whoever comes will be */
	CG_RULES_AGAIN,     /* a signal says to read the rules, */
	CG_TEMPLATES_AGAIN, /* or the templates, again */
	CG_RULES_MOVED,     /* a process */
	CG_RULES_FAILED,    /* to move it; or there is something wrong with a rule (no process) */
	CG_RULES_OVERRUN,   /* the kernel had more news than room for it: all are looked at again */
	CG_RULES_STOPPED,
};

/**
 * struct cg_rules_how - how the daemon is to work
 * @file:   see cg_rules_load()
 * @buffer: bytes that the kernel keeps for it
 * @uid, @gid: who owns its socket
 * @tell:   hears of everything; @p and @why where there is one
 */
struct cg_rules_how {
	const char *file;
	size_t buffer;
	uint32_t uid, gid;
	void (*tell)(void *ctx, enum cg_rules_news what, const struct cg_rules *rules,
		     const struct cg_process *p, struct err *why);
	void *ctx;
};
#define CG_RULES_BUFFER ((size_t)4 << 20)

int cg_rules_serve(const struct cg_rules_how *how, struct err *e);

#endif
