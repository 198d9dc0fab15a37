/* load.c - tare load: images from an archive */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/image.h"
#include "cli/session.h"
#include "image/load.h"

struct load_options {
	const char *input, *platform;
	bool quiet;
};

// clang-format off
static const struct opt opts[] = {
	OPT_STRING_("input", 'i', struct load_options, input, "FILE", "read FILE instead of the standard input; compressed or not"),
	OPT_STRING_("platform", 0, struct load_options, platform, "OS[/ARCH[/VARIANT]]", "only images that are for this machine; of an index's, that one instead of ours"),
	OPT_FLAG_("quiet",   'q', struct load_options, quiet,         "print ids only"),
};
// clang-format on

static int open_input(const struct load_options *o, struct err *e)
{
	int fd;

	if (o->input) {
		fd = fd_open(o->input, O_RDONLY);
		return fd < 0 ? fail_sys(e, "load: read '%s'", o->input) : fd;
	}
	if (isatty(STDIN_FILENO)) {
		fail(e, ERR_INPUT, "load: an archive does not come from a terminal");
		return fail_hint(e, "use --input FILE, or a pipe");
	}
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? fail_sys(e, "load: use the standard input") : fd;
}

static void print(const struct load *l, bool quiet)
{
	char text[REFERENCE_TEXT];
	struct reference r;
	struct err ignored = { 0 };

	for (size_t i = 0; i < l->images.n; i++) {
		const struct loaded *image = &l->images.at[i];

		for (size_t k = 0; k < image->names.n && !quiet; k++)
			if (reference_parse(image->names.at[k], &r, &ignored) == 0)
				printf("Loaded image: %s\n", reference_familiar(&r, text));
		if (quiet)
			printf("%s\n", digest_text(&image->id, text));
		else if (image->names.n == 0)
			printf("Loaded image ID: %s\n", digest_text(&image->id, text));
	}
}

static int run_load(const struct cli *cli, void *options, char **args __attribute__((unused)),
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	const struct load_options *o = options;
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	own_store s = STORE_NONE;
	own_fd int input = FD_NONE;
	struct platform want;
	struct layers layers;
	struct load l = { .store = &s, .layers = &layers, .a = &a };
	int r;

	if (o->platform && platform_parse(o->platform, &want, e) < 0)
		return fail_in(e, "load");
	l.want = o->platform ? &want : NULL;
	input = open_input(o, e);
	if (input < 0 || session_open(&s, cli, e) < 0 || layers_init(&layers, &s, e) < 0)
		return -1;
	r = image_load(&l, input, e);
	print(&l, o->quiet);
	return r;
}

#define LOAD(symbol) \
	const struct command symbol = { \
		.name = "load", \
		.args = "", \
		.summary = "read images from an archive", \
		.about = "Reads docker-archive and oci-archive, of any number of images, as " \
			 "docker, podman, " \
			 "skopeo and tare write them, compressed by gzip or zstd or not at all.", \
		.section = "IMAGES", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct load_options), \
		.run = run_load, \
	}

LOAD(load_command);
LOAD(image_load_command);
