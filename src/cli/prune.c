/* prune.c - tare image prune: images that nobody names, and what only they needed */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/units.h"
#include "cli/image.h"
#include "cli/prune.h"
#include "cli/session.h"
#include "image/layers.h"
#include "store/listing.h"

/* Blobs of an interrupted pull are kept so long (s), unless all goes: on a full disk, say. */
#define KEEP_PARTS (INT64_C(24) * 3600)

struct prune {
	bool all, force;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("all",   'a', struct prune, all,   "every image that no container is made of, not only those without a name; and what interrupted pulls have left"),
	OPT_FLAG_("force", 'f', struct prune, force, "do not ask"),
};
// clang-format on

static bool may(const struct prune *o)
{
	char answer[16] = "";

	if (o->force)
		return true;
	printf("WARNING! This will remove %s.\nAre you sure you want to continue? [y/N] ",
	       o->all ? "all images without a container" : "all images without a name");
	(void)fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int remove_images(struct store *s, bool all, struct err *e)
{
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	struct listed_images list;
	struct digest d;

	if (store_images(s, &a, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		struct err in_use = { 0 };

		if (!all && list.at[i].tags.n)
			continue;
		if (digest_parse(list.at[i].digest, &d, e) < 0)
			return -1;
		if (store_image_remove(s, &d, &in_use) == 0)
			printf("deleted: %s\n", list.at[i].id);
		else if (in_use.cls != ERR_CONFLICT)
			return *e = in_use, -1;
	}
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

static int run_prune(const struct cli *cli, void *options, char **args __attribute__((unused)),
		     size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		     struct err *e)
{
	const struct prune *o = options;
	own_store s = STORE_NONE;
	uint64_t bytes = 0;
	char text[24];

	if (!may(o))
		return 0;
	if (session_open(&s, cli, e) < 0 || remove_images(&s, o->all, e) < 0 ||
	    prune_unused(&s, o->all ? 0 : KEEP_PARTS, &bytes, e) < 0)
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
