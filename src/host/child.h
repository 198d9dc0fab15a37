/* child.h - the last steps of a program in other namespaces, and waiting for it */
#ifndef HOST_CHILD_H
#define HOST_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"

/**
 * struct child - a forked half of ours
 * @why: where it says why it failed; closed by its exec
 */
struct child {
	pid_t pid;
	int why;
};

int child_fork(struct child *ret_child, int *ret_why, struct err *e);
void child_failed(int why, const struct err *e) __attribute__((noreturn));
int child_wait(struct child *c, int *ret_status, struct err *e);
void child_hold_signals(sigset_t *ret_before);
int child_stand_for(struct child *c, const sigset_t *before, int *ret_status, struct err *e);
int child_not_tried(struct err *e);
int child_exec(char *const argv[], char *const envp[], struct err *e);

#endif
