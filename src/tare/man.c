/* man.c - tare man: the manual, made from the table of commands */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "os/file.h"
#include "tare/cli.h"

struct man {
	const char *all;
};

static const struct opt man_opts[] = {
	OPT_STRING_("all", 0, struct man, all, "DIR",
		    "write the page of tare, and one for each of its commands, into this folder"),
};

/* The command's page, in a folder: tare-ns.1. */
static int write_page(int dir, const struct command *c, const char *path, struct err *e)
{
	own_str struct str page = { 0 };
	char name[160];

	snprintf(name, sizeof(name), "%s.1", path);
	for (char *at = name; *at; at++)
		if (*at == ' ')
			*at = '-';
	command_man(c, path, &page);
	if (page.torn)
		return fail_errno(e, ENOMEM, "write the manual");
	return file_replace(dir, name, page.at, page.len, e);
}

static int write_all(const char *folder, struct err *e)
{
	own_fd int dir = fd_open(folder, O_RDONLY | O_DIRECTORY);

	if (dir < 0)
		return fail_sys(e, "open '%s'", folder);
	if (write_page(dir, &tare_command, tare_command.name, e) < 0)
		return -1;
	for (size_t i = 0; tare_command.commands[i]; i++) {
		const struct command *c = tare_command.commands[i];
		char path[128];

		snprintf(path, sizeof(path), "%s %s", tare_command.name, c->name);
		if (write_page(dir, c, path, e) < 0)
			return -1;
	}
	return 0;
}

static int print_page(char **words, size_t n, struct err *e)
{
	own_str struct str page = { 0 };
	struct command_call call;

	if (command_descend(tare_command.name, &tare_command, words, n, &call, e) < 0)
		return -1;
	command_man(call.command, call.path, &page);
	if (page.torn)
		return fail_errno(e, ENOMEM, "print the manual");
	fputs(page.at, stdout);
	return 0;
}

static int run_man(const struct cli *cli __attribute__((unused)), void *options, char **args,
		   size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct man *o = options;

	if (!o->all)
		return print_page(args, n_args, e);
	if (n_args)
		return fail(e, ERR_INPUT, "man: --all and '%s' exclude each other", args[0]);
	return write_all(o->all, e);
}

const struct command man_command = {
	.name = "man",
	.args = "[COMMAND...]",
	.summary = "print a command's manual page",
	.about = "The page is source for man(1):\n"
		 "\n"
		 "\ttare man ns | man -l -\n",
	.section = "ABOUT TARE",
	.opts = man_opts,
	.n = COUNT(man_opts),
	.size = sizeof(struct man),
	.max = 8,
	.words = WORDS_COMMAND,
	.run = run_man,
};
