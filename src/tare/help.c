/* help.c - tare help: what --help says, for those who ask in words */
#include <stdio.h>

#include "tare/cli.h"

static int run_help(const struct cli *cli, void *options __attribute__((unused)), char **args,
		    size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	own_str struct str out = { 0 };
	struct command_call call;

	if (command_descend(cli->program, &tare_command, args, n_args, &call, e) < 0)
		return -1;
	command_help(call.command, call.path, &out);
	if (out.torn)
		return fail_errno(e, ENOMEM, "print the help");
	fputs(out.at, stdout);
	return 0;
}

const struct command help_command = {
	.name = "help",
	.args = "[COMMAND...]",
	.summary = "explain a command",
	.section = "ABOUT TARE",
	.max = 8,
	.words = WORDS_COMMAND,
	.run = run_help,
};
