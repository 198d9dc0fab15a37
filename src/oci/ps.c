/* ps.c - ps: the processes of a container, as ids or as the host's ps shows them */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "oci/cli.h"
#include "os/spawn.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"

#define PS_OUTPUT_MAX ((size_t)64 << 20)

struct ps {
	const char *format;
};

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

/* The @n-th word of a line, counted from 0; NULL when there are fewer. */
static const char *word_at(const char *line, size_t n)
{
	line += strspn(line, " \t");
	while (n-- > 0) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t");
	}
	return *line && *line != '\n' ? line : NULL;
}

/* In which column of ps' header the process id stands; -1: it is not there. */
static int pid_column(const char *header)
{
	const char *word;

	for (int i = 0; (word = word_at(header, (size_t)i)); i++)
		if (strcspn(word, " \t\n") == 3 && strncmp(word, "PID", 3) == 0)
			return i;
	return -1;
}

/* Of ps' lines the header, and those that speak of one of ours. */
static int print_lines(char *text, const struct numbers *pids, struct err *e)
{
	const char *line = strsep(&text, "\n");
	int column = pid_column(line);

	if (column < 0) {
		fail(e, ERR_INPUT, "ps: the output of the host's ps has no PID column");
		return fail_hint(e, "options of ps that show it are needed, such as -ef");
	}
	puts(line);
	while ((line = strsep(&text, "\n"))) {
		const char *word = word_at(line, (size_t)column);

		if (word && is_listed(pids, strtoll(word, NULL, 10)))
			puts(line);
	}
	return 0;
}

static int print_table(const struct numbers *pids, char **ps_args, size_t n, struct err *e)
{
	char path[256], *argv[66] = { (char *)"ps", (char *)"-ef" };
	const struct spawn ps = { .path = path, .argv = argv, .envp = environ, .timeout = 60 };
	own_mem char *text = NULL;
	int status = 0;

	if (spawn_find("ps", path, sizeof(path), e) < 0)
		return fail_hint(e, "install the package procps");
	if (n)
		memcpy(argv + 1, ps_args, n * sizeof(*argv));
	if (spawn_read(&ps, PS_OUTPUT_MAX, &text, &status, e) < 0)
		return -1;
	if (status != 0)
		return fail(e, ERR_INPUT, "ps: the host's ps failed");
	return print_lines(text, pids, e);
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
	bool json = p->format && strcmp(p->format, "json") == 0;
	own_container struct container c = { .dir = FD_NONE };
	own_container_cgroup struct container_cgroup g = { .present = false };
	own_fd int root = FD_NONE;
	struct numbers pids = { 0 };

	if (p->format && !json && strcmp(p->format, "table") != 0)
		return fail(e, ERR_INPUT, "ps: unknown format '%s': it is neither table nor json",
			    p->format);
	root = cli_open_root(cli, e);
	if (root < 0 || container_open(&c, root, args[0], e) < 0 || cgroups_recall(&g, &c, e) < 0)
		return -1;
	if (!g.present)
		return fail(e, ERR_UNSUPPORTED, "ps: container '%s' has no cgroup", args[0]);
	if (cgroup_pids(&g.cgroup, &pids, &c.mem, e) < 0)
		return -1;
	if (!json)
		return print_table(&pids, args + 1, n_args - 1, e);
	print_json(&pids);
	return 0;
}

const struct command ps_command = {
	.name = "ps",
	.args = "CONTAINER [ps options]",
	.summary = "list the processes of a container",
	.opts = ps_opts,
	.n = COUNT(ps_opts),
	.size = sizeof(struct ps),
	.min = 1,
	.max = 64,
	.stop_early = true,
	.run = run_ps,
};
