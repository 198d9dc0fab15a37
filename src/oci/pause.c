/* pause.c - pause, resume and ps: commands that go through the container's cgroup */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "oci/cli.h"
#include "os/spawn.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"
#include "runtime/freezer.h"

static int set_frozen(const struct cli *cli, const char *id, bool frozen, struct err *e)
{
	own_container struct container c = { .dir = FD_NONE };
	own_fd int root = cli_open_root(cli, e);
	enum container_status status;

	if (root < 0 || container_open(&c, root, id, e) < 0 || container_lock(&c, e) < 0 ||
	    container_status(&c, &status, e) < 0)
		return -1;
	if (frozen && status != STATUS_RUNNING && status != STATUS_CREATED)
		return fail(e, ERR_CONFLICT, "container '%s' is not running: it is %s", id,
			    word_name(status_words, status));
	if (!frozen && status != STATUS_PAUSED)
		return fail(e, ERR_CONFLICT, "container '%s' is not paused: it is %s", id,
			    word_name(status_words, status));
	return freezer_set(&c, frozen, e);
}

static int run_pause(const struct cli *cli, void *options __attribute__((unused)), char **args,
		     size_t n_args __attribute__((unused)),
		     int *ret_status __attribute__((unused)), struct err *e)
{
	return set_frozen(cli, args[0], true, e);
}

static int run_resume(const struct cli *cli, void *options __attribute__((unused)), char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	return set_frozen(cli, args[0], false, e);
}

const struct command pause_command = {
	.name = "pause", .args = "CONTAINER", .summary = "stop every process of a container",
	.min = 1, .max = 1, .run = run_pause,
};

const struct command resume_command = {
	.name = "resume", .args = "CONTAINER", .summary = "let a paused container go on",
	.min = 1, .max = 1, .run = run_resume,
};

struct ps { const char *format; };

static const struct opt ps_opts[] = {
	OPT_STRING_("format", 'f', struct ps, format, "FORMAT", "'table' or 'json'"),
};

static bool is_listed(const struct numbers *pids, long long pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->at[i] == pid)
			return true;
	return false;
}

/* The host's ps, and of its lines those whose PID column names one of ours. */
static int print_table(const struct numbers *pids, char **ps_args, size_t n_ps_args,
		       struct err *e)
{
	char command[512] = "ps";
	char line[4096];
	size_t used = 2;
	int column = -1;
	FILE *ps;

	for (size_t i = 0; i < n_ps_args; i++) {
		/* they end up in a shell's hands, so only what an option of ps can hold */
		if (ps_args[i][strspn(ps_args[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
						  "0123456789-=,:._+%")])
			return fail(e, ERR_INPUT, "ps: '%s' is no option of ps", ps_args[i]);
		used += (size_t)snprintf(command + used, sizeof(command) - used, " %s", ps_args[i]);
		if (used >= sizeof(command))
			return fail(e, ERR_LIMIT, "ps: the options are too long");
	}
	if (!n_ps_args)
		memcpy(command, "ps -ef", sizeof("ps -ef"));
	ps = popen(command, "r");
	if (!ps)
		return fail_sys(e, "run ps");
	while (fgets(line, sizeof(line), ps)) {
		char copy[sizeof(line)], *rest = copy, *word;
		long long pid = -1;
		int at = 0;

		memcpy(copy, line, sizeof(copy));
		while ((word = strtok_r(rest, " \t\n", &rest))) {
			if (column < 0 && strcmp(word, "PID") == 0) {
				column = at;
				fputs(line, stdout);
				break;
			}
			if (column >= 0 && at == column) {
				pid = strtoll(word, NULL, 10);
				break;
			}
			at++;
		}
		if (pid > 0 && is_listed(pids, pid))
			fputs(line, stdout);
	}
	return pclose(ps) == 0 ? 0 : fail(e, ERR_SYSTEM, "ps failed");
}

static void print_json(const struct numbers *pids)
{
	fputs("[", stdout);
	for (size_t i = 0; i < pids->n; i++)
		printf("%s%lld", i ? "," : "", (long long)pids->at[i]);
	puts("]");
}

static int run_ps(const struct cli *cli, void *options, char **args, size_t n_args,
		  int *ret_status __attribute__((unused)), struct err *e)
{
	const struct ps *p = options;
	own_container struct container c = { .dir = FD_NONE };
	own_container_cgroup struct container_cgroup g = { .present = false };
	own_fd int root = cli_open_root(cli, e);
	struct numbers pids = { 0 };

	if (p->format && strcmp(p->format, "table") != 0 && strcmp(p->format, "json") != 0)
		return fail(e, ERR_INPUT, "ps: unknown format '%s': it is neither table nor json",
			    p->format);
	if (root < 0 || container_open(&c, root, args[0], e) < 0 || cgroups_recall(&g, &c, e) < 0)
		return -1;
	if (!g.present)
		return fail(e, ERR_UNSUPPORTED, "ps: container '%s' has no cgroup", args[0]);
	if (cgroup_pids(&g.cgroup, &pids, &c.mem, e) < 0)
		return -1;
	if (p->format && strcmp(p->format, "json") == 0) {
		print_json(&pids);
		return 0;
	}
	return print_table(&pids, args + 1, n_args - 1, e);
}

const struct command ps_command = {
	.name = "ps", .args = "CONTAINER [ps options]",
	.summary = "list the processes of a container",
	.opts = ps_opts, .n = COUNT(ps_opts), .size = sizeof(struct ps),
	.min = 1, .max = 64, .stop_early = true, .run = run_ps,
};
