/* main.c - tare-runtime: global options, the command table, log and exit status */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "oci/cli.h"
#include "oci/logfile.h"
#include "os/plain_user.h"
#include "os/probe.h"
#include "runtime/container.h"
#include "spec/oci.h"

#ifndef TARE_COMMIT
#define TARE_COMMIT "unknown"
#endif

static const struct command *const commands[] = {
	&checkpoint_command, &create_command, &delete_command,  &events_command, &exec_command,
	&features_command,   &kill_command,   &list_command,    &mounts_command, &pause_command,
	&plan_command,       &ps_command,     &restore_command, &resume_command, &run_command,
	&spec_command,       &start_command,  &state_command,   &update_command, NULL,
};

// clang-format off
static const struct opt global_opts[] = {
	OPT_STRING_("root",            0,  struct cli, root,           "DIR",    "where containers' states are kept"),
	OPT_STRING_("log",             0,  struct cli, log,            "FILE",   "where log lines go (file:PATH, a path); standard error by default"),
	OPT_STRING_("log-format",      0,  struct cli, log_format,     "FORMAT", "'text' or 'json'"),
	OPT_STRING_("log-level",       0,  struct cli, log_level,      "LEVEL",  "'error', 'warning', 'info' or 'debug'"),
	OPT_FLAG_("debug",             0,  struct cli, debug,                    "log what is done"),
	OPT_FLAG_("systemd-cgroup",    0,  struct cli, systemd_cgroup,           "let systemd manage cgroups"),
	OPT_STRING_("cgroup-manager",  0,  struct cli, cgroup_manager, "NAME",   "'cgroupfs', 'systemd' or 'disabled'"),
	{ "rootless", 0, OPT_IGNORED, 0, "WHEN", "accepted for old callers; what we may do, the kernel says" },
	OPT_STRING_("criu",            0,  struct cli, criu,           "PATH",   "the criu program; found in PATH by default"),
	OPT_FLAG_("strict",            0,  struct cli, strict,                   "unknown members in config.json are errors"),
	OPT_FLAG_("help",              'h', struct cli, help,                    "show this"),
	OPT_FLAG_("version",           'v', struct cli, version,                 "show the version"),
};
// clang-format on

static int fail_command(const char *name, struct err *e)
{
	const char *near = command_nearest(commands, name);

	fail(e, ERR_INPUT, "unknown command '%s': No help topic for '%s'", name, name);
	return near ? fail_hint(e, "did you mean '%s'?", near) : -1;
}

static void print_usage(const struct cli *cli)
{
	own_str struct str out = { 0 };

	str_addf(&out, "NAME:\n   %s - Open Container Initiative runtime\n\n", cli->program);
	str_addf(&out, "Usage: %s [OPTION...] COMMAND [ARG...]\n\nCOMMANDS:\n", cli->program);
	for (size_t i = 0; commands[i]; i++)
		str_addf(&out, "   %-12s %s\n", commands[i]->name, commands[i]->summary);
	str_add(&out, "\nGLOBAL OPTIONS:\n");
	opt_help(global_opts, COUNT(global_opts), &out);
	fputs(out.at ? out.at : "", stdout);
}

/* In crun's order: whoever reads it by a program expects the options there. */
static void print_command_usage(const struct cli *cli, const struct command *c)
{
	own_str struct str out = { 0 };

	str_addf(&out, "NAME:\n   %s %s - %s\n\n", cli->program, c->name, c->summary);
	str_addf(&out, "Usage: %s [OPTION...] %s%s%s\n", cli->program, c->name, *c->args ? " " : "",
		 c->args);
	if (c->n) {
		str_add(&out, "\nOPTIONS:\n");
		opt_help(c->opts, c->n, &out);
	}
	fputs(out.at ? out.at : "", stdout);
}

static void print_version(const struct cli *cli)
{
	printf("%s version %s\ncommit: %s\nspec: %s\n", cli->program, TARE_VERSION, TARE_COMMIT,
	       OCI_VERSION_MAX);
	printf("+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +CRIU +JSON_C\n");
}

/* Where states are kept when --root does not say: a plain user's beside what else is his until he
 * logs out, as runc has it. */
static int choose_root(struct cli *cli, struct err *e)
{
	const char *mine;

	cli->default_root = !cli->root;
	if (cli->root)
		return 0;
	mine = secure_getenv("XDG_RUNTIME_DIR");
	if (!mine || *mine != '/' || !plain_user()) {
		cli->root = CONTAINER_ROOT_DEFAULT;
		return 0;
	}
	if (asprintf(&cli->made_root, "%s/tare", mine) < 0)
		return fail_errno(e, ENOMEM, "name the state root");
	cli->root = cli->made_root;
	return 0;
}

/* cli_open_root() - the state root, which is made only by commands that make something */
int cli_open_root(const struct cli *cli, struct err *e)
{
	return container_open_root(cli->root, cli->default_root, e);
}

/* crun's other words for what others spell alike */
static char *respell(char *word)
{
	static const struct {
		const char *theirs, *ours;
	} spellings[] = {
		{ "-?", "--help" },
		{ "--usage", "--help" },
		{ "-h", "--help" },
		{ "-V", "--version" },
	};

	for (size_t i = 0; i < COUNT(spellings); i++)
		if (strcmp(word, spellings[i].theirs) == 0)
			return (char *)spellings[i].ours;
	return word;
}

static int run_command_words(const struct cli *cli, const struct command *c, char **words, size_t n,
			     int *ret_status, struct err *e)
{
	struct command_call call = { .command = c, .words = words, .n = n };
	const char *manager;

	if (command_wants_help(c, words, n)) {
		print_command_usage(cli, c);
		return 0;
	}
	snprintf(call.path, sizeof(call.path), "%s %s", cli->program, c->name);
	/* a word that means nothing is refused even where it would not be looked at */
	if (cli_cgroup_manager(cli, &manager, e) < 0)
		return -1;
	return command_run(cli, &call, ret_status, e);
}

static int run_cli(struct cli *cli, char **words, size_t n, int *ret_status, struct err *e)
{
	char *none[1];
	struct opt_parse p = {
		.opts = global_opts, .n = COUNT(global_opts), .stop_early = true, .args = none
	};
	const struct command *c;
	size_t used = 0;

	for (size_t i = 0; i < n && words[i][0] == '-'; i++)
		words[i] = respell(words[i]);
	if (opt_parse(&p, words, n, cli, &used, e) < 0)
		return -1;
	if (cli->version) {
		print_version(cli);
		*ret_status = 0;
		return 0;
	}
	if (logfile_open(cli, e) < 0 || choose_root(cli, e) < 0)
		return -1;
	if (cli->help || used == n) {
		*ret_status = 0;
		print_usage(cli);
		return 0;
	}
	c = command_find(commands, words[used]);
	if (!c)
		return fail_command(words[used], e);
	cli->command = c->name;
	*ret_status = 0;
	if (run_command_words(cli, c, words + used + 1, n - used - 1, ret_status, e) == 0)
		return 0;
	*ret_status = c->failure ? c->failure : 1;
	return -1;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	struct cli cli = { .program = slash ? slash + 1 : argc > 0 ? argv[0] : "tare-runtime" };
	struct err e = { 0 };
	int status = 1;

	/* a caller that ignores it would take our children from us: no status, no wake-up */
	(void)signal(SIGCHLD, SIG_DFL);
	probe_lack_by_env();
	if (argc > 0 && run_cli(&cli, argv + 1, (size_t)argc - 1, &status, &e) == 0)
		status = fflush(stdout) == 0 ? status : 1;
	else {
		logfile_failure(&cli, &e);
		status = status ? status : 1;
	}
	free(cli.made_root);
	return status;
}
