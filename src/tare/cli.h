/* cli.h - the command line of `tare`: one table of commands, one file for each family */
#ifndef TARE_CLI_H
#define TARE_CLI_H

#include "base/command.h"

/**
 * struct cli - what stands before the command
 * @program: the name by which we were called
 * @argv:    all of our words
 * @root:    where images and containers lie; NULL: the usual place
 * @driver:  of the store's snapshots; NULL: the best that works there
 */
struct cli {
	const char *program, *log_level, *root, *driver;
	char **argv;
	bool debug, help, version;
};

/* Options before the command, and the table; commands.c has tare's, cli/commands.c tare-engine's. */
#define TARE_N_OPTS 6
extern const struct opt tare_opts[TARE_N_OPTS];
extern const struct command tare_command;

/* call.c */
int cli_main(int argc, char **argv);
void cli_complain(const struct cli *cli, struct err *failure);
/* engine.c: commands that tare-engine carries out */
extern const struct command container_run_command, images_command, pull_command, push_command,
	rmi_command, tag_command, save_command, load_command, import_command, history_command,
	login_command, logout_command, search_command, image_command, snapshot_command,
	layer_command, system_command, info_command, create_command, start_command, stop_command,
	restart_command, kill_command, wait_command, rm_command, logs_command, exec_command,
	inspect_command, container_command;

/* completion.c */
extern const struct command completion_command;
/* cg.c, and cg_*.c for libcgroup's programs */
extern const struct command cg_command, cgclassify_command, cgclear_command, cgconfigparser_command,
	cgcreate_command, cgdelete_command, cgexec_command, cgget_command, cgset_command,
	cgrulesengd_command, cgsnapshot_command, lscgroup_command, lssubsys_command;
/* chroot.c */
extern const struct command chroot_command;
/* enter.c */
extern const struct command enter_command;
/* freeze.c */
extern const struct command freeze_command, thaw_command;
/* help.c */
extern const struct command help_command;
/* inspect_host.c */
extern const struct command inspect_host_command;
/* limit.c */
extern const struct command limit_command;
/* man.c */
extern const struct command man_command;
/* ns.c */
extern const struct command ns_command;
/* ps.c */
extern const struct command ps_command;
/* stats.c */
extern const struct command stats_command;
/* top.c */
extern const struct command top_command;
/* version.c */
int version_print(const struct cli *cli);
extern const struct command version_command;

#endif
