/* import.c - tare import: an image of one layer, from a root filesystem's archive */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/date.h"
#include "cli/image.h"
#include "cli/session.h"
#include "image/change.h"
#include "image/import.h"

struct import_options {
	struct opt_list change;
	const char *message, *platform;
};

// clang-format off
static const struct opt opts[] = {
	OPT_STRINGS_("change",  'c', struct import_options, change,   "INSTRUCTION", "a line of a Dockerfile, as in 'CMD [\"sh\"]', to be in force in the image"),
	OPT_STRING_("message",  'm', struct import_options, message,  "TEXT", "a comment for the image's history"),
	OPT_STRING_("platform",  0,  struct import_options, platform, "OS/ARCH[/VARIANT]", "the image is for this machine instead of ours"),
};
// clang-format on

static int open_source(const char *source, struct err *e)
{
	int fd;

	if (strcmp(source, "-") == 0) {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? fail_sys(e, "import: use the standard input") : fd;
	}
	if (strstr(source, "://")) {
		fail(e, ERR_UNSUPPORTED, "import: '%.100s': addresses are not fetched", source);
		return fail_hint(e, "as in `curl -L '%.100s' | tare import - NAME`", source);
	}
	fd = fd_open(source, O_RDONLY);
	return fd < 0 ? fail_sys(e, "import: read '%s'", source) : fd;
}

static int import(struct import *m, const struct import_options *o, char **args, size_t n_args,
		  const struct cli *cli, struct err *e)
{
	own_fd int input = FD_NONE;
	char tag[REFERENCE_TEXT], text[DIGEST_TEXT];
	struct reference r;

	if (image_changes(m->run, o->change.at, o->change.n, m->a, e) < 0)
		return -1;
	if (n_args > 1) {
		if (reference_parse(args[1], &r, e) < 0)
			return fail_in(e, "import");
		if (r.digest.algorithm != DIGEST_NONE)
			return fail(e, ERR_INPUT, "import: '%s' has a digest; a tag is wanted",
				    args[1]);
		m->tag = reference_full(&r, tag);
	}
	input = open_source(args[0], e);
	if (input < 0 || session_open(m->store, cli, e) < 0 ||
	    layers_init(m->layers, m->store, e) < 0 || image_import(m, input, e) < 0)
		return -1;
	printf("%s\n", digest_text(&m->id, text));
	return 0;
}

static int run_import(const struct cli *cli, void *options, char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct import_options *o = options;
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct layers layers;
	struct platform platform;
	bool foreign;
	struct image_run run = { 0 };
	struct import m = { .store = &s,
			    .layers = &layers,
			    .platform = &platform,
			    .run = &run,
			    .a = &a,
			    .created = date_now_ns() };

	m.comment = o->message ? o->message : "Imported from -";
	if (!o->message && strcmp(args[0], "-") != 0)
		m.comment = arena_printf(&a, "Imported from %s", args[0]);
	if (session_platform(o->platform, &platform, &foreign, e) < 0)
		return fail_in(e, "import");
	return import(&m, o, args, n_args, cli, e);
}

#define IMPORT(symbol) \
	const struct command symbol = { \
		.name = "import", \
		.args = "FILE|- [REPOSITORY[:TAG]]", \
		.summary = "make an image of a root filesystem's archive", \
		.section = "IMAGES", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct import_options), \
		.min = 1, \
		.max = 2, \
		.run = run_import, \
	}

IMPORT(import_command);
IMPORT(image_import_command);
