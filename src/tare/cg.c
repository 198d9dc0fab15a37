/* cg.c - tare cg: cgroups by hand, and the exit statuses of libcgroup's programs */
#include "tare/cg.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/own.h"

/**
 * cg_answer() - how a link ends that stands for one of libcgroup's programs
 * @r: what its work returned
 *
 * A command line that makes no sense is left to the command's own status; of other failures it is
 * said why, and the status is the program's.
 */
int cg_answer(const struct cli *cli, const struct cg_codes *codes, int r, int *ret_status,
	      struct err *e)
{
	if (r == 0)
		return 0;
	if (e->cls == ERR_INPUT && !e->sysno)
		return -1;
	cli_complain(cli, e);
	*ret_status = codes->other;
	if (e->cls == ERR_UNSUPPORTED && !e->sysno)
		*ret_status = codes->unmounted;
	else if (e->sysno == ENOENT)
		*ret_status = codes->absent;
	else if (e->sysno == EACCES || e->sysno == EPERM)
		*ret_status = codes->denied;
	return 0;
}

/* cg_parse_groups() - a list of CONTROLLERS:PATH; the caller frees *@ret_groups */
int cg_parse_groups(const struct cgroup_world *w, const struct opt_list *words,
		    struct cg_group **ret_groups, struct err *e)
{
	own_mem struct cg_group *groups = calloc(words->n + 1, sizeof(*groups));

	if (!groups)
		return fail_errno(e, ENOMEM, "read the groups' names");
	for (size_t i = 0; i < words->n; i++)
		if (cg_group_parse(w, words->at[i], &groups[i], e) < 0)
			return -1;
	*ret_groups = give(groups);
	return 0;
}

/* cg_explain() - one line on standard error: where a value is here, and by which formula */
void cg_explain(const char *name, const struct cg_said *said)
{
	int version = said->in.at ? (int)said->in.at->version : 0;

	if (!said->pair)
		fprintf(stderr, "%s is a file of cgroup v%d, as this host has it\n", name, version);
	else
		fprintf(stderr, "%s is %s of cgroup v%d here: %s\n", name,
			version == CGROUP_V2 ? said->pair->v2 : said->pair->v1, version,
			said->pair->formula);
}

// clang-format off
static const struct command *const commands[] = {
	&cg_account_command,
	&cg_classify_command,
	&cg_create_command,
	&cg_delete_command,
	&cg_exec_command,
	&cg_freeze_command,
	&cg_get_command,
	&cg_kill_command,
	&cg_ls_command,
	&cg_mount_command,
	&cg_notify_command,
	&cg_release_agent_command,
	&cg_restore_command,
	&cg_rules_command,
	&cg_set_command,
	&cg_shares_command,
	&cg_snapshot_command,
	&cg_subsystems_command,
	&cg_thaw_command,
	&cg_watch_command,
	NULL,
};
// clang-format on

const struct command cg_command = {
	.name = "cg",
	.args = "COMMAND [ARG...]",
	.summary = "cgroups by hand, of both versions",
	.section = "CGROUPS",
	.about = "Groups are named CONTROLLERS:PATH, as in memory,cpu:/students. The same words do "
		 "the same on hosts with cgroup v1, v2, and both.\n\n"
		 "libcgroup's programs (cgcreate, cgset, …) are links to tare.",
	.commands = commands,
};
