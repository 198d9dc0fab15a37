/* mounts.c - mounts: crun's command to change the mounts of a running container */
#include <string.h>

#include "base/own.h"
#include "oci/cli.h"
#include "runtime/hot_mounts.h"

static int run_mounts(const struct cli *cli, void *options __attribute__((unused)), char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	bool add = strcmp(args[0], "add") == 0;
	own_fd int root = FD_NONE;

	if (!add && strcmp(args[0], "remove") != 0) {
		fail(e, ERR_INPUT, "mounts: unknown action '%s'", args[0]);
		return fail_hint(e, "it is 'add' or 'remove'");
	}
	root = cli_open_root(cli, e);
	return root < 0 ? -1 : container_change_mounts(root, args[1], args[2], add, e);
}

const struct command mounts_command = {
	.name = "mounts",
	.args = "[add|remove] CONTAINER FILE",
	.summary = "add mounts to a running container, or remove them; FILE is a JSON array",
	.min = 3,
	.max = 3,
	.run = run_mounts,
};
