/* cli.h - tare-runtime's command line: one table of commands, one file for each family
 *
 * The flags are runc's and crun's; where the two differ both spellings work.
 */
#ifndef OCI_CLI_H
#define OCI_CLI_H

#include "base/command.h"

/**
 * struct cli - what stands before the command
 * @program: the name by which we were called
 * @command: the command's name, once it is known
 * @root:    the state root: --root's, or our choice
 * @made_root: where the choice is kept, if it had to be put together
 */
struct cli {
	const char *program, *command, *root, *log, *log_format, *log_level, *cgroup_manager;
	const char *criu;
	char *made_root;
	bool default_root;
	bool debug, systemd_cgroup, help, version, strict;
};

/* lifecycle.c */
extern const struct command create_command, run_command, start_command, kill_command,
	delete_command;
/* exec.c */
extern const struct command exec_command;
/* documents.c */
extern const struct command spec_command, features_command;
/* pause.c */
extern const struct command pause_command, resume_command;
/* ps.c */
extern const struct command ps_command;
/* query.c */
extern const struct command state_command, list_command;

/* mounts.c */
extern const struct command mounts_command;
/* update.c */
extern const struct command update_command;
/* events.c */
extern const struct command events_command;
/* checkpoint.c */
extern const struct command checkpoint_command, restore_command;
/* plan.c */
extern const struct command plan_command;

const char *cli_unit_prefix(const struct cli *cli);
int cli_cgroup_manager(const struct cli *cli, const char **ret_name, struct err *e);
int cli_open_root(const struct cli *cli, struct err *e);

#endif
