/* commands.c - the table of all commands */
#include "tare/cli.h"

// clang-format off
/* in the order of the help, one a line */
static const struct command *const commands[] = {
	&container_run_command,
	&create_command,
	&start_command,
	&stop_command,
	&restart_command,
	&kill_command,
	&wait_command,
	&logs_command,
	&exec_command,
	&rm_command,
	&container_command,
	&ps_command,
	&stats_command,
	&top_command,
	&enter_command,
	&limit_command,
	&freeze_command,
	&thaw_command,
	&inspect_host_command,
	&ns_command,
	&chroot_command,
	&cg_command,
	&images_command,
	&pull_command,
	&push_command,
	&rmi_command,
	&tag_command,
	&save_command,
	&load_command,
	&import_command,
	&history_command,
	&search_command,
	&login_command,
	&logout_command,
	&image_command,
	&snapshot_command,
	&layer_command,
	&info_command,
	&system_command,
	&help_command,
	&man_command,
	&completion_command,
	&version_command,

	/* links that stand for libcgroup's programs */
	&cgclassify_command,
	&cgclear_command,
	&cgconfigparser_command,
	&cgcreate_command,
	&cgdelete_command,
	&cgexec_command,
	&cgget_command,
	&cgrulesengd_command,
	&cgset_command,
	&cgsnapshot_command,
	&lscgroup_command,
	&lssubsys_command,
	NULL,
};

// clang-format on

const struct command tare_command = {
	.name = "tare",
	.args = "COMMAND [ARG...]",
	.summary = "containers, and the kernel's parts that they are made of",
	.about = "tare works on any container of the host, whoever made it, and on namespaces and "
		 "cgroups by hand.",
	.commands = commands,
	.opts = tare_opts,
	.n = TARE_N_OPTS,
	.size = sizeof(struct cli),
};
