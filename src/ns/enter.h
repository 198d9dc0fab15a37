/* enter.h - a program in the namespaces of another process, as nsenter(1) runs it
 *
 * What is entered may be hostile. Everything that is taken from it (root, working directory,
 * environment, ids, label) is opened or read through its pinned folder in /proc before the first
 * namespace is entered, and nothing of it is opened by name while we have the host's view. From
 * then on we are undumpable, so that nobody in there gets at our memory or our executable through
 * /proc, until the program replaces us. What that program may do is what the caller asks for: with
 * the user namespace it has the container's privileges, without it the caller's.
 */
#ifndef NS_ENTER_H
#define NS_ENTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bind.h"
#include "base/err.h"
#include "os/nsfs.h"

/**
 * struct ns_enter - where to, and as whom
 * @pid:        the process to follow, or 0
 * @start:      its start time (struct process_stat), if the caller knows: another process of that
 *              number is refused; 0: whoever it is
 * @held:       name of held namespaces (hold.h), or NULL; all of them are entered
 * @types:      CLONE_NEW* of the process's namespaces
 * @all:        all of them in which it is elsewhere; not more, so a type in @types must differ
 * @paths:      files of single namespaces (by enum nsfs_type), before those of @held and @pid
 * @root:       the process's root becomes ours
 * @wd:         and its working directory
 * @env:        and its environment, in place of ours; with @confined a fresh one, if the program is
 *              another user's than the process, which is not root's
 * @cgroup:     and its cgroups
 * @context:    and its security label (SELinux, AppArmor), at exec
 * @user:       and its user and group
 * @root_path, @wd_path: folders of the caller's view, in place of the process's, or NULL
 * @wd_inside:  working directory by path, inside; or NULL
 * @uid, @gid:  ids inside; without, and without @user: 0 when a user namespace is entered
 * @keep_creds: or what they are
 * @confined:   no more capabilities than the process can get, and no new privileges if it may gain
 *              none: what is run in there may be hostile
 * @seccomp:    the process's seccomp filters, with @confined: a warning where the kernel does not show
 *              them, an error where somebody keeps us from reading them
 * @sealed:     of what the caller has open the program gets the streams, and none that is a folder
 * @session:    it has a session of its own, in which the first terminal among its streams is its own;
 *              signals that reach us go on to it, and it stops alone
 * @set_env:    "NAME=VALUE"s that go before those of the environment; ends with NULL; or NULL
 * @no_fork:    become the program also where a new pid namespace takes but children
 */
struct ns_enter {
	pid_t pid;
	uint64_t start;
	const char *held;
	uint64_t types;
	bool all;
	const char *paths[NSFS_TYPES];
	bool root, wd, env, cgroup, context, user;
	const char *root_path, *wd_path, *wd_inside;
	struct opt_u64 uid, gid;
	bool keep_creds, no_fork, confined, seccomp, sealed, session;
	char *const *set_env;
	char *const *argv;
};

int ns_enter(const struct ns_enter *n, int *ret_status, struct err *e);
int ns_enter_map_id(const char *map, uint32_t outside, uint32_t *ret_inside);
bool ns_enter_split_env(char *text, size_t len, char ***ret_env);

#endif
