/* container.h - the commands of `tare container`, each in the file of its name or in container_life.c */
#ifndef CLI_CONTAINER_H
#define CLI_CONTAINER_H

#include "engine/kept.h"
#include "tare/cli.h"

/* Those of the group; docker's short ones, which are the same, are in tare/cli.h. */
extern const struct command container_create_command, container_exec_command,
	container_inspect_command, container_kill_command, container_logs_command,
	container_ls_command, container_restart_command, container_rm_command,
	container_start_command, container_stop_command, container_wait_command;

/* struct container_call - one word's container, for a command that does the same with each */
struct container_call {
	const struct cli *cli;
	struct store *s;
	const void *options;
	const char *word;
	struct kept kept;
};

/* each_container() - @act on each; what fails is told, and the others go on: *ret_status is 1 then */
int each_container(const struct cli *cli, const void *options, char **words, size_t n,
		   int (*act)(struct container_call *c, struct err *e), int *ret_status,
		   struct err *e);

#endif
