/* container.c - tare container: the group of all that is done with containers that are kept */
#include "cli/container.h"

// clang-format off
static const struct command *const commands[] = {
	&container_ls_command,
	&container_create_command,
	&container_start_command,
	&container_stop_command,
	&container_restart_command,
	&container_kill_command,
	&container_wait_command,
	&container_logs_command,
	&container_exec_command,
	&container_inspect_command,
	&container_rm_command,
	NULL,
};
// clang-format on

const struct command container_command = {
	.name = "container",
	.args = "COMMAND",
	.summary = "everything about containers that are kept",
	.section = "CONTAINERS",
	.commands = commands,
};
