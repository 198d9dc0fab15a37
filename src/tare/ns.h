/* ns.h - what the commands for namespaces share */
#ifndef TARE_NS_H
#define TARE_NS_H

#include "base/bind.h"
#include "os/nsfs.h"
#include "tare/cli.h"

// clang-format off
/* Options for the types, as unshare(1) and nsenter(1) call them; @ROW is OPT_MAYBE_ or
 * OPT_MAYBE_SHORT_, @m a const char *[NSFS_TYPES]: NULL, or "", or a file. */
#define NS_TYPE_OPTS(ROW, S, m) \
	ROW("mount",  'm', S, m[NSFS_MNT],    "FILE", "mount namespace"), \
	ROW("uts",    'u', S, m[NSFS_UTS],    "FILE", "UTS namespace (host name)"), \
	ROW("ipc",    'i', S, m[NSFS_IPC],    "FILE", "IPC namespace (System V, message queues)"), \
	ROW("net",    'n', S, m[NSFS_NET],    "FILE", "network namespace"), \
	ROW("pid",    'p', S, m[NSFS_PID],    "FILE", "pid namespace"), \
	ROW("user",   'U', S, m[NSFS_USER],   "FILE", "user namespace"), \
	ROW("cgroup", 'C', S, m[NSFS_CGROUP], "FILE", "cgroup namespace"), \
	ROW("time",   'T', S, m[NSFS_TIME],   "FILE", "time namespace")
// clang-format on

uint64_t ns_given(const char *const files[NSFS_TYPES]);
int ns_parse_id(const char *option, const char *text, struct opt_u64 *ret_id, struct err *e);
int ns_parse_name(const char *option, const char *file, const char *text, uint32_t *ret_id,
		  struct err *e);
int ns_parse_pid(const char *text, pid_t *ret_pid, struct err *e);
int ns_hint_words(const struct word *words, struct err *e);
char **ns_shell(char **args, size_t n_args, char *shell[2]);

/* ns_caps.c */
extern const struct command ns_caps_command;
/* ns_enter.c */
extern const struct command ns_enter_command;
/* ns_hold.c */
extern const struct command ns_hold_command, ns_release_command, ns_held_command;
/* ns_ls.c */
extern const struct command ns_ls_command;
/* ns_mount.c */
extern const struct command ns_mount_command;
/* ns_mounts.c */
extern const struct command ns_mounts_command;
/* ns_net.c */
extern const struct command ns_net_command;
/* ns_pids.c */
extern const struct command ns_pids_command;
/* ns_run.c */
extern const struct command ns_run_command;

#endif
