/* delete_remote.c - tare image delete-remote: images are removed from their registry
 *
 * Not a part of `image rm`, so that nobody removes for everybody what he wanted to remove here. For
 * the same reason nothing is assumed: a name without a tag is not ":latest".
 */
#include <stdio.h>

#include "base/arena.h"
#include "cli/image.h"
#include "cli/registry.h"
#include "spec/reference.h"

struct delete_remote {
	struct registry_options registry;
};

// clang-format off
static const struct opt opts[] = {
	REGISTRY_OPTS(struct delete_remote, registry),
};
// clang-format on

/* Registries delete by digest; a tag is looked up at the registry itself, not at a mirror. */
static int find_digest(struct remote *remote, const struct reference *r, struct digest *ret,
		       struct err *e)
{
	struct remote_event event;

	*ret = r->digest;
	if (ret->algorithm != DIGEST_NONE)
		return 0;
	if (remote_manifest_head(remote, r->tag, &event, e) < 0)
		return -1;
	*ret = event.digest;
	if (ret->algorithm == DIGEST_NONE)
		return fail(e, ERR_UNSUPPORTED, "'%s' does not say the image's digest", event.host);
	return 0;
}

static int delete_at(struct remote *remote, const struct reference *r, struct err *e)
{
	char name[REFERENCE_TEXT], text[DIGEST_TEXT];
	struct digest d;

	if (find_digest(remote, r, &d, e) < 0 ||
	    remote_manifest_delete(remote, digest_text(&d, text), e) < 0)
		return -1;
	printf("Deleted: %s@%s\n", reference_name(r, name), text);
	return 0;
}

static int delete_one(const char *word, const struct remote_options *how, struct arena *a,
		      struct err *e)
{
	struct remote_target target;
	struct remote *remote;
	struct reference r;
	int result;

	if (reference_parse_bare(word, &r, e) < 0)
		return -1;
	if (!*r.tag && r.digest.algorithm == DIGEST_NONE) {
		fail(e, ERR_INPUT, "'%.300s' has neither a tag nor a digest", word);
		return fail_hint(e, "name one image, as in %.200s:latest", word);
	}
	if (remote_target(&r, how, a, &target, e) < 0 || remote_open(&target, &remote, e) < 0)
		return -1;
	result = delete_at(remote, &r, e);
	remote_close(remote);
	return result;
}

static int run(const struct cli *cli __attribute__((unused)), void *options, char **args,
	       size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct delete_remote *o = options;
	own_arena struct arena a = { 0 };
	struct remote_options how = { .push = true };

	if (registry_options(&o->registry, &how, e) < 0)
		return fail_in(e, "delete-remote");
	for (size_t i = 0; i < n_args; i++)
		if (delete_one(args[i], &how, &a, e) < 0)
			return fail_in(e, "delete-remote '%.300s'", args[i]);
	return 0;
}

const struct command image_delete_remote_command = {
	.name = "delete-remote",
	.args = "NAME:TAG|NAME@DIGEST...",
	.summary = "remove images from their registry",
	.about =
		"The registry removes what the tag or digest stands for, with all the tags that it "
		"has there. What is in the local store stays; `tare image rm` removes that.",
	.section = "IMAGES",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct delete_remote),
	.min = 1,
	.max = SIZE_MAX,
	.run = run,
};
