/* prune.c - tare image prune: images that nobody names, and what only they needed */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/units.h"
#include "cli/image.h"
#include "cli/image_filter.h"
#include "cli/prune.h"
#include "cli/session.h"
#include "image/layers.h"
#include "store/listing.h"

/* Blobs of an interrupted pull are kept so long (s), unless all goes: on a full disk, say. */
#define KEEP_PARTS (INT64_C(24) * 3600)

struct prune {
	bool all, force;
	struct opt_list filter;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("all",       'a', struct prune, all,    "every image that no container is made of, not only those without a name; and what interrupted pulls have left"),
	OPT_STRINGS_("filter",  0,  struct prune, filter, "KEY=VALUE", "only those with this label (label!=: without it), or made before until"),
	OPT_FLAG_("force",     'f', struct prune, force,  "do not ask"),
};
// clang-format on

static bool may(const struct prune *o)
{
	char answer[16] = "";

	if (o->force)
		return true;
	printf("WARNING! This will remove all %s.\n",
	       o->all ? "images without at least one container associated to them"
		      : "dangling images");
	if (o->filter.n)
		printf("\n  Items to be pruned will be filtered with:\n");
	for (size_t i = 0; i < o->filter.n; i++)
		printf("  - %s\n", o->filter.at[i]);
	printf("%sAre you sure you want to continue? [y/N] ", o->filter.n ? "\n" : "");
	(void)fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* What dangling= says, --all says, too. */
static int read_filters(const struct prune *o, struct filters *ret, struct err *e)
{
	if (filters_parse(image_prune_filters, &o->filter, date_now_ns(), ret, e) < 0)
		return fail_in(e, "image prune");
	if (filters_fit_truth(ret, IMAGE_DANGLING, !o->all))
		return 0;
	fail(e, ERR_INPUT, "image prune: --filter '%s' contradicts what is asked for otherwise",
	     filters_find(ret, IMAGE_DANGLING)->text);
	return fail_hint(e, "with --all there are images that do not dangle, without it there are "
			    "none");
}

static void say_untagged(const char *whole)
{
	char text[REFERENCE_TEXT];
	struct reference r;
	struct err ignored = { 0 };

	if (reference_parse(whole, &r, &ignored) == 0)
		printf("untagged: %s\n", reference_familiar(&r, text));
}

/* Docker's list, one image after the other. */
static void say_removed(const struct listed_image *i, bool first)
{
	if (first)
		printf("Deleted Images:\n");
	for (size_t k = 0; k < i->tags.n; k++)
		say_untagged(i->tags.at[k]);
	for (size_t k = 0; k < i->digests.n; k++)
		say_untagged(i->digests.at[k]);
	printf("deleted: %s\n", i->id);
}

/* 1: gone, 0: it is needed, or none of those that are meant */
static int remove_image(struct store *s, const struct listed_image *i, const struct prune *o,
			const struct filters *f, struct err *e)
{
	struct err in_use = { 0 };
	struct digest d;
	int fits = o->all || !i->tags.n ? image_fits(s, i, f, e) : 0;

	if (fits <= 0 || digest_parse(i->digest, &d, e) < 0)
		return fits == 0 ? 0 : -1;
	if (store_image_remove(s, &d, &in_use) == 0)
		return 1;
	return in_use.cls == ERR_CONFLICT ? 0 : (*e = in_use, -1);
}

static int remove_images(struct store *s, const struct prune *o, const struct filters *f,
			 struct err *e)
{
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	struct listed_images list;
	size_t n = 0;

	if (store_images(s, &a, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		int r = remove_image(s, &list.at[i], o, f, e);

		if (r < 0)
			return -1;
		if (r > 0)
			say_removed(&list.at[i], n++ == 0);
	}
	if (n)
		printf("\n");
	return 0;
}

/* prune_unused() - blobs, layers and parts that nothing needs; @bytes: their size is added */
int prune_unused(struct store *s, int64_t keep_parts_s, uint64_t *bytes, struct err *e)
{
	struct collected c = { 0 };
	struct layers layers;
	size_t n = 0;
	int r = store_collect_blobs(s, &c, e);

	*bytes += c.bytes;
	collected_done(&c);
	if (r < 0 || layers_init(&layers, s, e) < 0 ||
	    layers_remove_unused(&layers, bytes, &n, e) < 0)
		return -1;
	return store_collect_ingest(s, keep_parts_s, bytes, e);
}

/* A full disk has no room for what SQLite writes beside its database: what needs no database goes first. */
static void make_room(const struct cli *cli, uint64_t *bytes)
{
	own_store s = STORE_NONE;
	struct err ignored = { 0 };

	if (store_open_folders(&s, session_root(cli), &ignored) < 0)
		return;
	(void)store_collect_ingest(&s, 0, bytes, &ignored);
	(void)layers_remove_left(&s, &ignored);
}

static int run_prune(const struct cli *cli, void *options, char **args __attribute__((unused)),
		     size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		     struct err *e)
{
	const struct prune *o = options;
	bool parts = o->all && o->filter.n == 0;
	own_store s = STORE_NONE;
	struct filters filters;
	uint64_t bytes = 0;
	char text[24];

	if (read_filters(o, &filters, e) < 0)
		return -1;
	if (!may(o))
		return 0;
	if (parts)
		make_room(cli, &bytes);
	/* without tare/base, for which there may be no room, and which goes as others do */
	if (session_open_bare(&s, cli, e) < 0 || remove_images(&s, o, &filters, e) < 0 ||
	    prune_unused(&s, parts ? 0 : KEEP_PARTS, &bytes, e) < 0)
		return -1;
	printf("Total reclaimed space: %s\n", size_format(bytes, false, text));
	return 0;
}

const struct command image_prune_command = {
	.name = "prune",
	.args = "",
	.summary = "remove images that nobody names, and what only they needed",
	.section = "IMAGES",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct prune),
	.run = run_prune,
};
