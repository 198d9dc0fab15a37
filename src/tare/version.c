/* version.c - tare version */
#include <stdio.h>

#include "tare/cli.h"

#ifndef TARE_COMMIT
#define TARE_COMMIT "unknown"
#endif

static int run_version(const struct cli *cli, void *options __attribute__((unused)),
		       char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		       int *ret_status __attribute__((unused)),
		       struct err *e __attribute__((unused)))
{
	printf("%s version %s, commit %s\n", cli->program, TARE_VERSION, TARE_COMMIT);
	return 0;
}

const struct command version_command = {
	.name = "version",
	.args = "",
	.summary = "show the version",
	.section = "ABOUT TARE",
	.run = run_version,
};
