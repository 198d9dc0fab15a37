/* engine.c - commands that tare hands over to tare-engine
 *
 * tare is small and static, for what must start in no time; images need a database, libcrypto and
 * more. So these rows have names and summaries only: the program beside it has the commands, and is
 * called with the same words. Its help, which is asked for the same way, is theirs.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/spawn.h"
#include "remote/helper.h"
#include "tare/cli.h"

#define ENGINE "tare-engine"

static int hand_over(const struct cli *cli, void *options __attribute__((unused)),
		     char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		     int *ret_status __attribute__((unused)), struct err *e)
{
	char path[4096];

	if (spawn_beside(ENGINE, path, sizeof(path)) == 0)
		(void)execv(path, cli->argv);
	fail_sys(e, "run '%s'", path);
	return fail_hint(e, "it is installed beside tare; images need it");
}

/* What asks a registry wants tare-fetch, which is ready by the time that the engine is. */
static int pull(const struct cli *cli, void *options, char **args, size_t n_args, int *ret_status,
		struct err *e)
{
	if (n_args > 0)
		helper_start_early();
	return hand_over(cli, options, args, n_args, ret_status, e);
}

static int image(const struct cli *cli, void *options, char **args, size_t n_args, int *ret_status,
		 struct err *e)
{
	if (n_args > 1 && strcmp(args[0], "pull") == 0)
		helper_start_early();
	return hand_over(cli, options, args, n_args, ret_status, e);
}

// clang-format off
#define ROW(symbol, word, where, text) ROW_RUN(symbol, word, where, text, hand_over)
#define ROW_RUN(symbol, word, where, text, what) \
	const struct command symbol##_command = { .name = word, .summary = text, .section = where, .raw = true, \
						  .min = 0, .max = SIZE_MAX, .run = what, .args = "[ARG...]" }

ROW(images,  "images", "IMAGES", "list images");
ROW_RUN(pull, "pull", "IMAGES", "download an image from a registry", pull);
ROW(push,    "push", "IMAGES", "upload an image to a registry");
ROW(container_run, "run", "CONTAINERS", "run a program in a new container of an image");
ROW(create,  "create", "CONTAINERS", "make a container of an image, for `tare start`");
ROW(start,   "start", "CONTAINERS", "start containers that have ended, or were only created");
ROW(stop,    "stop", "CONTAINERS", "ask containers to end, and kill them after a while");
ROW(restart, "restart", "CONTAINERS", "stop containers, and start them again");
ROW(kill,    "kill", "CONTAINERS", "send a signal to containers");
ROW(wait,    "wait", "CONTAINERS", "wait until containers end, and print their exit statuses");
ROW(logs,    "logs", "CONTAINERS", "print what a container has printed");
ROW(exec,    "exec", "CONTAINERS", "run another program in a container that runs");
ROW(rm,      "rm", "CONTAINERS", "remove containers, with all that they wrote");
ROW(inspect, "inspect", "CONTAINERS", "show all that is known of containers or images, as JSON");
ROW(container, "container", "CONTAINERS", "everything about containers that are kept");
ROW(rmi,     "rmi", "IMAGES", "remove images");
ROW(tag,     "tag", "IMAGES", "give an image another name");
ROW(save,    "save", "IMAGES", "write images to an archive");
ROW(load,    "load", "IMAGES", "read images from an archive");
ROW(import,  "import", "IMAGES", "make an image of a root filesystem's archive");
ROW(history, "history", "IMAGES", "show how an image was made");
ROW(search,  "search", "IMAGES", "look for images in registries");
ROW(login,   "login", "IMAGES", "log in to a registry");
ROW(logout,  "logout", "IMAGES", "log out of a registry");
ROW_RUN(image, "image", "IMAGES", "everything about images", image);
ROW(snapshot, "snapshot", "IMAGES", "writable trees on images");
ROW(layer,   "layer", "IMAGES", "differences of folders: listed, packed as a layer, committed as an image");
ROW(info,    "info", "ABOUT TARE", "what this host and the store can do");
ROW(system,  "system", "ABOUT TARE", "check, measure and clean the store");
/* of the whole table, which the engine has */
ROW(help,    "help", "ABOUT TARE", "explain a command");
ROW(man,     "man", "ABOUT TARE", "print a command's manual page");
ROW(completion, "completion", "ABOUT TARE", "print a shell's completion of tare's commands");
// clang-format on
