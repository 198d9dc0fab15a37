/* command.c - finds a command in its table, reads its options and runs it */
#include "base/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

static bool is_called(const struct command *c, const char *name)
{
	if (strcmp(c->name, name) == 0)
		return true;
	for (size_t i = 0; c->aliases && c->aliases[i]; i++)
		if (strcmp(c->aliases[i], name) == 0)
			return true;
	return false;
}

/* command_find() - the row with this name or alias; NULL if there is none */
const struct command *command_find(const struct command *const *commands, const char *name)
{
	for (; *commands; commands++)
		if (is_called(*commands, name))
			return *commands;
	return NULL;
}

/* The first row with a name or an alias that begins so. */
static const struct command *find_beginning(const struct command *const *commands, const char *word)
{
	for (; *word && *commands; commands++) {
		const struct command *c = *commands;

		if (text_starts(c->name, word))
			return c;
		for (size_t i = 0; c->aliases && c->aliases[i]; i++)
			if (text_starts(c->aliases[i], word))
				return c;
	}
	return NULL;
}

/* command_nearest() - the name that was meant, perhaps; NULL if none is like it */
const char *command_nearest(const struct command *const *commands, const char *name)
{
	struct text_near near = text_near(name);

	for (; *commands; commands++)
		text_near_try(&near, (*commands)->name);
	return near.best;
}

static void go_down(struct command_call *call)
{
	size_t len = strlen(call->path);

	snprintf(call->path + len, sizeof(call->path) - len, " %s", call->command->name);
	call->words++;
	call->n--;
}

/**
 * command_descend() - follow the first words down the table
 * @program:  how the program was called
 * @top:      the table: a group
 * @ret_call: the command, or the group in which the words end or ask for help
 *
 * Fails if a word names no command; @ret_call is the group then in which it was looked for.
 */
int command_descend(const char *program, const struct command *top, char **words, size_t n,
		    struct command_call *ret_call, struct err *e)
{
	struct command_call *call = ret_call;

	*call = (struct command_call){ .command = top, .words = words, .n = n };
	snprintf(call->path, sizeof(call->path), "%s", program);
	while (call->command->commands && call->n && call->words[0][0] != '-') {
		const struct command *in = call->command;
		const struct command *below = command_find(in->commands, call->words[0]);
		const char *near;

		if (!below && in->beginnings)
			below = find_beginning(in->commands, call->words[0]);
		if (below) {
			call->command = below;
			go_down(call);
			continue;
		}
		near = command_nearest(in->commands, call->words[0]);
		fail(e, ERR_INPUT, "'%s %s' is not a command", call->path, call->words[0]);
		if (near)
			return fail_hint(e, "did you mean '%s'?", near);
		return fail_hint(e, "see '%s --help'", call->path);
	}
	return 0;
}

static bool has_letter(const struct command *c, char letter)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->opts[i].letter == letter)
			return true;
	return false;
}

static bool is_help(const struct command *c, const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "--usage") == 0 ||
	       (strcmp(word, "-h") == 0 && !has_letter(c, 'h')) ||
	       (strcmp(word, "-?") == 0 && !has_letter(c, '?'));
}

/* command_wants_help() - whether --help, or crun's other words for it, stands where options may */
bool command_wants_help(const struct command *c, char **words, size_t n)
{
	if (c->raw)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], "--") == 0 || (c->stop_early && words[i][0] != '-'))
			return false;
		if (is_help(c, words[i]))
			return true;
	}
	return false;
}

static int print_help(const struct command_call *call, struct err *e)
{
	own_str struct str out = { 0 };

	command_help(call->command, call->path, &out);
	if (out.torn)
		return fail_errno(e, ENOMEM, "print the help");
	fputs(out.at, stdout);
	return 0;
}

/* Names the command; but not the program, with whose name the line begins anyway. */
static int fail_in_command(const struct command_call *call, struct err *e)
{
	const char *blank = strchr(call->path, ' ');

	return blank ? fail_in(e, "%s", blank + 1) : -1;
}

static int check_count(const struct command_call *call, size_t n, struct err *e)
{
	const struct command *c = call->command;

	if (n >= c->min && n <= c->max)
		return 0;
	fail(e, ERR_INPUT, "%s arguments", n < c->min ? "too few" : "too many");
	(void)fail_in_command(call, e);
	return fail_hint(e, "usage: %s%s%s", call->path, *c->args ? " " : "", c->args);
}

/**
 * command_run() - read the options of a command and run it; print its help, or its group's
 * @cli: handed on
 */
int command_run(const struct cli *cli, const struct command_call *call, int *ret_status,
		struct err *e)
{
	const struct command *c = call->command;
	own_mem void *options = calloc(1, c->size ? c->size : 1);
	own_mem char **args = calloc(call->n + 1, sizeof(*args));
	struct opt_parse p = {
		.opts = c->opts, .n = c->n, .stop_early = c->stop_early, .args = args
	};
	size_t used = 0;

	if (!options || !args)
		return fail_errno(e, ENOMEM, "read the command line");
	if (command_wants_help(c, call->words, call->n))
		return print_help(call, e);
	if (!c->raw && opt_parse(&p, call->words, call->n, options, &used, e) < 0)
		return fail_in_command(call, e);
	if (!c->run)
		return print_help(call, e);
	while (used < call->n)
		args[p.n_args++] = call->words[used++];
	if (check_count(call, p.n_args, e) < 0)
		return -1;
	return c->run(cli, options, args, p.n_args, ret_status, e);
}
