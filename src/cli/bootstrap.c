/* bootstrap.c - tare image bootstrap: an image of a distribution, made of its packages
 *
 * mmdebstrap writes into a file without a name, which is imported once it is whole: what fails on the
 * way leaves no image.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/text.h"
#include "cli/image.h"
#include "cli/session.h"
#include "image/bootstrap.h"
#include "image/change.h"
#include "image/import.h"

struct bootstrap_options {
	struct opt_list include, change;
	const char *variant, *mirror, *components;
};

// clang-format off
static const struct opt opts[] = {
	OPT_STRINGS_("include",   0,  struct bootstrap_options, include,    "PACKAGE[,PACKAGE...]", "packages besides"),
	OPT_STRING_("variant",    0,  struct bootstrap_options, variant,    "WORD", "how much is in it: essential, apt, minbase (the default), standard … (mmdebstrap(1))"),
	OPT_STRING_("mirror",     0,  struct bootstrap_options, mirror,     "ADDRESS|FILE", "where the packages come from; by default where this host has its own, if it is of that suite, else where they are published"),
	OPT_STRING_("components", 0,  struct bootstrap_options, components, "NAME[,NAME...]", "parts of the distribution, such as main,contrib"),
	OPT_STRINGS_("change",   'c', struct bootstrap_options, change,     "INSTRUCTION", "a line of a Dockerfile, to be in force in the image"),
};

/* What mmdebstrap can make, and the program that its images run by default. */
static const char *const distributions[] = { "debian", "ubuntu", "kali", NULL };
// clang-format on

static const char *const defaults[] = {
	"CMD [\"bash\"]",
	"ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

/* "debian:bookworm"; @name is a copy that is cut in two. */
static int parse_source(char *name, struct bootstrap *b, struct err *e)
{
	char *colon = name ? strchr(name, ':') : NULL;
	bool known = false;

	if (!name)
		return fail_errno(e, ENOMEM, "bootstrap");
	/* what begins with a hyphen would be an option of mmdebstrap's */
	if (!colon || colon == name || !colon[1] || strchr("-.", colon[1]) ||
	    colon[1 + strspn(colon + 1, "abcdefghijklmnopqrstuvwxyz0123456789-.")])
		return fail(e, ERR_INPUT,
			    "bootstrap '%.100s': a distribution and its suite are wanted, as in "
			    "debian:bookworm",
			    name);
	*colon = '\0';
	for (const char *const *d = distributions; *d; d++)
		known = known || strcmp(*d, name) == 0;
	if (!known) {
		fail(e, ERR_UNSUPPORTED,
		     "bootstrap '%.100s:%.100s': only Debian and its kin are made of packages here",
		     name, colon + 1);
		return fail_hint(e, "`tare pull` downloads images of others, `tare import` takes "
				    "their root filesystems");
	}
	b->distribution = name;
	b->suite = colon + 1;
	return 0;
}

/* mmdebstrap reads SOURCE_DATE_EPOCH itself, and takes an empty one for 1970. */
static int set_time(struct import *m, struct err *e)
{
	int r = date_epoch(&m->created, e);

	if (r == 0)
		(void)unsetenv("SOURCE_DATE_EPOCH");
	return r < 0 ? fail_in(e, "bootstrap") : 0;
}

static int make(struct import *m, const struct bootstrap *b, const struct cli *cli, struct err *e)
{
	own_fd int archive = FD_NONE;
	char text[DIGEST_TEXT];

	if (session_open(m->store, cli, e) < 0 || layers_init(m->layers, m->store, e) < 0)
		return -1;
	archive = openat(m->store->ingest, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (archive < 0)
		return fail_sys(e, "make a file for the archive");
	if (image_bootstrap(b, archive, e) < 0)
		return -1;
	if (lseek(archive, 0, SEEK_SET) < 0)
		return fail_sys(e, "read the archive");
	if (image_import(m, archive, e) < 0)
		return -1;
	printf("%s\n", digest_text(&m->id, text));
	return 0;
}

static int run_bootstrap(const struct cli *cli, void *options, char **args, size_t n_args,
			 int *ret_status __attribute__((unused)), struct err *e)
{
	const struct bootstrap_options *o = options;
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct layers layers;
	struct platform platform;
	struct image_run run = { 0 };
	struct reference r;
	char tag[REFERENCE_TEXT];
	struct bootstrap b = { .variant = o->variant ? o->variant : "minbase",
			       .mirror = o->mirror,
			       .components = o->components,
			       .include = &o->include };
	struct import m = {
		.store = &s, .layers = &layers, .platform = &platform, .run = &run, .a = &a
	};

	if (set_time(&m, e) < 0 || parse_source(arena_dup(&a, args[0]), &b, e) < 0)
		return -1;
	if (image_changes(&run, defaults, COUNT(defaults), &a, e) < 0 ||
	    image_changes(&run, o->change.at, o->change.n, &a, e) < 0)
		return -1;
	if (reference_parse(args[n_args > 1], &r, e) < 0 || platform_of_host(&platform, e) < 0)
		return fail_in(e, "bootstrap");
	if (r.digest.algorithm != DIGEST_NONE)
		return fail(e, ERR_INPUT, "bootstrap: '%s' has a digest; a tag is wanted", args[1]);
	m.tag = reference_full(&r, tag);
	m.comment = arena_printf(&a, "Made of the packages of %s", args[0]);
	return make(&m, &b, cli, e);
}

const struct command image_bootstrap_command = {
	.name = "bootstrap",
	.args = "DISTRIBUTION:SUITE [REPOSITORY[:TAG]]",
	.summary = "make an image of a distribution's packages, as of debian:bookworm",
	.about = "mmdebstrap makes it; it is in Debian's package of that name. Without a name the "
		 "image "
		 "is called as what it is made of.",
	.section = "IMAGES",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct bootstrap_options),
	.min = 1,
	.max = 2,
	.run = run_bootstrap,
};
