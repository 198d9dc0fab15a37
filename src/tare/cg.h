/* cg.h - what the commands of `tare cg`, and the links to them, share */
#ifndef TARE_CG_H
#define TARE_CG_H

#include "cg/translate.h"
#include "tare/cli.h"

/**
 * struct cg_codes - the exit statuses that one of libcgroup's programs is known by
 * @unmounted: no hierarchy has the controller
 * @absent, @denied: what the kernel said
 * @other: anything else
 */
struct cg_codes {
	int unmounted, absent, denied, other;
};

int cg_answer(const struct cli *cli, const struct cg_codes *codes, int r, int *ret_status,
	      struct err *e);
void cg_explain(const char *name, const struct cg_said *said);
int cg_parse_groups(const struct cgroup_world *w, const struct opt_list *words,
		    struct cg_group **ret_groups, struct err *e);

/* cg_account.c */
int cg_places(const struct cg_group *g, struct arena *a, struct cgroup *cg, struct err *e);
extern const struct command cg_account_command;
/* cg_make.c */
extern const struct command cg_create_command, cg_delete_command;
/* cg_mount.c */
extern const struct command cg_mount_command, cg_notify_command, cg_release_agent_command;
/* cg_snapshot.c */
extern const struct command cg_restore_command, cg_snapshot_command;
/* cg_set.c */
extern const struct command cg_set_command;
/* cg_get.c */
extern const struct command cg_get_command;
/* cg_move.c */
extern const struct command cg_classify_command, cg_exec_command;
/* cg_rules.c */

/**
 * struct cg_apply - what rules are applied to
 * @file:  see cg_rules_load()
 * @pids:  @n numbers as words; NULL: every process
 * @print: the number of each that is moved
 */
struct cg_apply {
	const char *file;
	char **pids;
	size_t n;
	bool print;
};
int cg_rules_apply(const struct cli *cli, const struct cg_apply *to, struct err *e);
extern const struct command cg_rules_command;
/* cg_rules_run.c */
extern const struct command cg_rules_run_command;
/* cg_shares.c */
extern const struct command cg_shares_command;
/* cg_watch.c */
extern const struct command cg_watch_command;

/* cg_control.c */
extern const struct command cg_freeze_command, cg_kill_command, cg_thaw_command;
/* cg_ls.c */
extern const struct command cg_ls_command, cg_subsystems_command;

#endif
