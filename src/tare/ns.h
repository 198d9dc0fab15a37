/* ns.h - what the commands for namespaces share */
#ifndef TARE_NS_H
#define TARE_NS_H

#include "base/bind.h"
#include "ns/maps.h"
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

/* Options for the maps of a new user namespace, as unshare(1) calls them; @m a struct ns_map_opts. */
#define NS_MAP_OPTS(S, m) \
	OPT_STRING_("map-user",        0,  S, m.user,    "USER", "map the caller to this user; makes a user namespace"), \
	OPT_STRING_("map-group",       0,  S, m.group,   "GROUP", "map the caller's group to this one; likewise"), \
	OPT_FLAG_("map-root-user",    'r', S, m.root,    "map the caller to root; likewise"), \
	OPT_FLAG_("map-current-user", 'c', S, m.current, "map the caller to himself; likewise"), \
	OPT_FLAG_("map-auto",          0,  S, m.automatic, "map the caller's subordinate ids; likewise"), \
	OPT_STRINGS_("map-users",      0,  S, m.users,   "RANGE", "map users: INSIDE:OUTSIDE:COUNT, OUTSIDE,INSIDE,COUNT, auto, subids or all"), \
	OPT_STRINGS_("map-groups",     0,  S, m.groups,  "RANGE", "map groups"), \
	OPT_STRING_("setgroups",       0,  S, m.setgroups, "WORD", "'allow' or 'deny' setgroups(2)")
// clang-format on

/* struct ns_map_opts - NS_MAP_OPTS(), as they were given */
struct ns_map_opts {
	bool root, current, automatic;
	const char *user, *group, *setgroups;
	struct opt_list users, groups;
};

uint64_t ns_given(const char *const files[NSFS_TYPES]);
int ns_parse_id(const char *option, const char *text, struct opt_u64 *ret_id, struct err *e);
int ns_parse_name(const char *option, const char *file, const char *text, uint32_t *ret_id,
		  struct err *e);
int ns_parse_pid(const char *text, pid_t *ret_pid, struct err *e);
int ns_parse_word(const char *option, const struct word *words, const char *text, int64_t fallback,
		  int64_t *ret, struct err *e);
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
/* ns_maps.c */
int ns_parse_maps(const struct ns_map_opts *o, struct ns_maps *ret_maps, struct err *e);
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
