/* call.c - a command line from its words to an exit status: global options, log, errors
 *
 * Shared by tare and tare-engine, which differ in their tables. Called by another program's name (a
 * link to tare), it is that program: the command of this name in the table, if the row allows it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "base/text.h"
#include "tare/cli.h"

static const struct word levels[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warn", LOG_LEVEL_WARN },   { "warning", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },   { "debug", LOG_LEVEL_DEBUG }, { NULL, 0 },
};

static void write_line(void *ctx, enum log_level level, const char *line)
{
	const struct cli *cli = ctx;
	char shown[2048];

	/* names of strangers' files may be in it */
	snprintf(shown, sizeof(shown), "%s", line);
	text_scrub(shown);
	fprintf(stderr, "%s: %s: %s\n", cli->program, word_name(levels, level), shown);
}

static int obey_log_level(struct cli *cli, struct err *e)
{
	struct log_sink sink = { .level = LOG_LEVEL_WARN, .write = write_line, .ctx = cli };
	const struct word *w = cli->log_level ? word_find(levels, cli->log_level) : NULL;

	if (cli->log_level && !w) {
		fail(e, ERR_INPUT, "unknown log level '%s'", cli->log_level);
		return fail_hint(e, "it is error, warn, info or debug");
	}
	if (w)
		sink.level = (enum log_level)w->value;
	if (cli->debug)
		sink.level = LOG_LEVEL_DEBUG;
	log_to(&sink);
	return 0;
}

/* The command, from the words after the global options. */
static int find_call(struct cli *cli, char **words, size_t n, struct command_call *ret_call,
		     struct err *e)
{
	char *none[1];
	struct opt_parse p = {
		.opts = tare_command.opts, .n = tare_command.n, .stop_early = true, .args = none
	};
	size_t used = 0;

	if (opt_parse(&p, words, n, cli, &used, e) < 0 || obey_log_level(cli, e) < 0)
		return -1;
	if (cli->help)
		return command_descend(cli->program, &tare_command, words, 0, ret_call, e);
	if (cli->version) {
		*ret_call = (struct command_call){ .command = &version_command };
		return 0;
	}
	return command_descend(cli->program, &tare_command, words + used, n - used, ret_call, e);
}

static const struct command *find_link(const char *name)
{
	const struct command *c = command_find(tare_command.commands, name);

	return c && c->link ? c : NULL;
}

/* As docker's: what is wrong with the words is 125; 126 and 127 say what is wrong with a program, and
 * most commands start none; the rest is 1. */
static int failure_of(const struct command *c, const struct err *e)
{
	if (c && c->failure)
		return c->failure;
	if (!c || c->stop_early)
		return err_exit_status(e);
	return e->cls == ERR_INPUT || e->cls == ERR_UNSUPPORTED ? err_exit_status(e) : 1;
}

static int run_cli(struct cli *cli, char **words, size_t n, int *ret_status, struct err *e)
{
	struct command_call call = { .command = find_link(cli->program), .words = words, .n = n };
	int r;

	if (call.command) {
		snprintf(call.path, sizeof(call.path), "%s", cli->program);
		r = obey_log_level(cli, e);
	} else {
		r = find_call(cli, words, n, &call, e);
	}
	if (r == 0 && command_run(cli, &call, ret_status, e) == 0)
		return 0;
	*ret_status = failure_of(call.command, e);
	return -1;
}

/* cli_complain() - one line on standard error, as when a command has failed */
void cli_complain(const struct cli *cli, struct err *failure)
{
	char line[2048];

	err_sanitise(failure);
	err_line(failure, line, sizeof(line));
	fprintf(stderr, "%s: %s\n", cli->program, line);
	if (log_on(LOG_LEVEL_DEBUG) && *failure->trace)
		fprintf(stderr, "%s: debug: at %s\n", cli->program, failure->trace);
}

/* cli_main() - what main() does: the exit status */
int cli_main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	struct cli cli = { .program = slash      ? slash + 1
				      : argc > 0 ? argv[0]
						 : "tare",
			   .argv = argv };
	struct err e = { 0 };
	int status = 0;

	/* a caller that ignores it would take our children from us: no status, no wake-up */
	(void)signal(SIGCHLD, SIG_DFL);
	if (argc > 0 && run_cli(&cli, argv + 1, (size_t)argc - 1, &status, &e) == 0) {
		if (fflush(stdout) == 0)
			return status;
		fail_sys(&e, "write the output");
	}
	(void)fflush(stdout);
	cli_complain(&cli, &e);
	return status ? status : 1;
}
