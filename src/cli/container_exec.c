/* container_exec.c - tare exec: another program in a container that runs */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/container.h"
#include "cli/session.h"
#include "cli/words.h"
#include "engine/exec.h"

struct exec_options {
	bool detach, interactive, tty;
	struct opt_list env, env_files;
	const char *user, *workdir;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("detach",      'd', struct exec_options, detach,                   "do not wait for its end"),
	OPT_STRINGS_("env",      'e', struct exec_options, env,     "NAME[=VALUE]",  "an environment variable; without VALUE our own"),
	OPT_STRINGS_("env-file",  0,  struct exec_options, env_files, "FILE",        "environment variables from FILE, a line each"),
	OPT_FLAG_("interactive", 'i', struct exec_options, interactive,              "keep the standard input open"),
	OPT_REFUSED_("privileged", 0, NULL, "can't be honoured yet"),
	OPT_FLAG_("tty",         't', struct exec_options, tty,                      "give it a terminal"),
	OPT_STRING_("user",      'u', struct exec_options, user,    "USER[:GROUP]",  "who it runs as, by name or number"),
	OPT_STRING_("workdir",   'w', struct exec_options, workdir, "FOLDER",        "where it begins"),
};
// clang-format on

static int run_exec(const struct cli *cli, void *options, char **args, size_t n_args,
		    int *ret_status, struct err *e)
{
	const struct exec_options *o = options;
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	char id[CONTAINER_ID];
	struct exec_wish w = {
		.args = args + 1,
		.user = o->user,
		.working_dir = o->workdir,
		.tty = o->tty,
		.open_stdin = o->interactive,
		.detach = o->detach,
	};

	if (n_args < 2)
		return fail(e, ERR_INPUT, "exec: name a program after the container");
	if (o->tty && o->interactive && !o->detach && !isatty(STDIN_FILENO))
		return fail(e, ERR_INPUT, "-t: the standard input is no terminal");
	return words_env(&a, &o->env_files, &o->env, NULL, &w.env, e) < 0 ||
			       session_open(&s, cli, e) < 0 || kept_find(&s, args[0], id, e) < 0
		       ? -1
		       : exec_run(&s, id, &w, ret_status, e);
}

#define EXEC(symbol) \
	const struct command symbol = { \
		.name = "exec", \
		.args = "CONTAINER PROGRAM [ARG...]", \
		.summary = "run another program in a container that runs", \
		.section = "CONTAINERS", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct exec_options), \
		.min = 2, \
		.max = SIZE_MAX, \
		.stop_early = true, \
		.failure = 125, \
		.run = run_exec, \
	}

EXEC(exec_command);
EXEC(container_exec_command);
