/* pause.c - pause and resume */
#include "base/own.h"
#include "oci/cli.h"
#include "runtime/container.h"
#include "runtime/freezer.h"

static int set_frozen(const struct cli *cli, const char *id, bool frozen, struct err *e)
{
	own_container struct container c = { .dir = FD_NONE };
	own_fd int root = cli_open_root(cli, e);
	enum container_status status;

	if (root < 0 || container_open_locked(&c, root, id, e) < 0 ||
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
		     size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		     struct err *e)
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
	.name = "pause",
	.args = "CONTAINER",
	.summary = "stop every process of a container",
	.min = 1,
	.max = 1,
	.run = run_pause,
};

const struct command resume_command = {
	.name = "resume",
	.args = "CONTAINER",
	.summary = "let a paused container go on",
	.min = 1,
	.max = 1,
	.run = run_resume,
};
