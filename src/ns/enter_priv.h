/* enter_priv.h - what enter.c and its neighbours share */
#ifndef NS_ENTER_PRIV_H
#define NS_ENTER_PRIV_H

#include "ns/enter.h"

struct seccomp_copy;

/**
 * struct entering - all that is open before the first step
 * @enters:  CLONE_NEW* of everything that is entered
 * @by_pid:  those of the process, entered by its pidfd
 * @fds:     those of paths and names
 * @root, @wd: descriptors, or FD_NONE
 * @env:     or NULL; into @env_text
 * @bound:   capabilities that the program may have at most, with struct ns_enter.confined
 * @no_new_privs: it may gain no privileges by exec, likewise
 * @seccomp: the process's filters, or NULL
 * @label:   what is written to attr/exec, or NULL
 * @as_root: @uid and @gid are not the user's choice, but nsenter's
 */
struct entering {
	struct nsfs_target target;
	uint64_t enters, by_pid;
	int fds[NSFS_TYPES];
	int root, wd;
	char *env_text, **env, *label;
	struct opt_u64 uid, gid;
	uint64_t bound;
	bool no_new_privs, as_root;
	struct seccomp_copy *seccomp;
};

int ns_enter_follow(const struct ns_enter *n, struct entering *in, struct err *e);

/* enter_seccomp.c */
int ns_enter_follow_seccomp(struct entering *in, struct err *e);
int ns_enter_seccomp_keep(const struct entering *in, struct err *e);
int ns_enter_seccomp_put(const struct entering *in, struct err *e);
void ns_enter_seccomp_done(struct entering *in);

#endif
