/* ns_child.h - the last steps of a program in other namespaces, and waiting for it */
#ifndef HOST_NS_CHILD_H
#define HOST_NS_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"

/**
 * struct ns_child - a forked half of ours
 * @why: where it says why it failed; closed by its exec
 */
struct ns_child {
	pid_t pid;
	int why;
};

int ns_child_fork(struct ns_child *ret_child, int *ret_why, struct err *e);
void ns_child_failed(int why, const struct err *e) __attribute__((noreturn));
int ns_child_wait(struct ns_child *c, int *ret_status, struct err *e);
void ns_child_hold_signals(sigset_t *ret_before);
int ns_child_stand_for(struct ns_child *c, const sigset_t *before, int *ret_status, struct err *e);
int ns_child_not_tried(struct err *e);
int ns_child_exec(char *const argv[], char *const envp[], struct err *e);

#endif
