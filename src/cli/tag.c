/* tag.c - tare tag: another name for an image */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cli/image.h"
#include "cli/session.h"

static int run_tag(const struct cli *cli, void *options __attribute__((unused)), char **args,
		   size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		   struct err *e)
{
	own_store s = STORE_NONE;
	own_arena struct arena a = { 0 };
	struct image_found found;
	struct stored_image image;
	struct reference r;
	char whole[REFERENCE_TEXT];
	struct image_names names = { .tag = whole };

	if (reference_parse(args[1], &r, e) < 0)
		return fail_in(e, "tag");
	if (r.digest.algorithm != DIGEST_NONE) {
		fail(e, ERR_INPUT, "tag: '%s' has a digest", args[1]);
		return fail_hint(e, "a name with a tag is wanted; the digest is the image's own");
	}
	reference_full(&r, whole);
	if (session_open(&s, cli, e) < 0 || session_image(&s, args[0], &found, e) < 0 ||
	    store_image_load(&s, &found.digest, &a, &image, e) < 0)
		return -1;
	return store_image_record(&s, &image, &names, 1, e);
}

#define TAG(symbol) \
	const struct command symbol = { \
		.name = "tag", \
		.args = "SOURCE[:TAG] TARGET[:TAG]", \
		.summary = "give an image another name", \
		.section = "IMAGES", \
		.min = 2, \
		.max = 2, \
		.run = run_tag, \
	}

TAG(tag_command);
TAG(image_tag_command);
