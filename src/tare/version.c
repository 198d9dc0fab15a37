/* version.c - tare version */
#include <stdio.h>

#include "base/render.h"
#include "tare/cli.h"

#ifndef TARE_COMMIT
#define TARE_COMMIT "unknown"
#endif

struct version {
	char *version, *commit;
};

struct version_options {
	struct render render;
};

// clang-format off
static const struct bind_row rows[] = {
	ROW_STRING("version", REQUIRED, struct version, version),
	ROW_STRING("commit",  REQUIRED, struct version, commit),
};
static const struct bind_table table = BIND_TABLE(rows, struct version, false);

static const struct opt opts[] = {
	OPT_STRING_("format", 'f', struct version_options, render.format, "FORMAT", "'json' or a Go template"),
};
// clang-format on

/* version_print() - what `tare version` prints, for commands whose peers have -V. 0 */
int version_print(const struct cli *cli)
{
	printf("%s version %s, commit %s\n", cli->program, TARE_VERSION, TARE_COMMIT);
	return 0;
}

static int run_version(const struct cli *cli, void *options, char **args __attribute__((unused)),
		       size_t n_args __attribute__((unused)),
		       int *ret_status __attribute__((unused)), struct err *e)
{
	const struct version_options *o = options;
	const struct version v = { .version = (char *)TARE_VERSION, .commit = (char *)TARE_COMMIT };
	own_str struct str out = { 0 };

	if (!o->render.format)
		return version_print(cli);
	if (render_document(&o->render, &table, &v, &out, e) < 0)
		return fail_in(e, "version");
	fputs(out.at, stdout);
	return 0;
}

const struct command version_command = {
	.name = "version",
	.args = "",
	.summary = "show the version",
	.section = "ABOUT TARE",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct version_options),
	.run = run_version,
};
