/* push.c - tare push: an image, or all tags of one, to a registry */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cli/image.h"
#include "cli/layer_parts.h"
#include "cli/registry.h"
#include "cli/session.h"
#include "cli/transfer.h"
#include "image/push.h"
#include "store/listing.h"

struct push_options {
	bool all_tags, quiet;
	const char *compression, *platform;
	struct opt_bool untrusted;
	struct registry_options registry;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("all-tags", 'a', struct push_options, all_tags, "all tags of the repository"),
	OPT_FLAG_("quiet",    'q', struct push_options, quiet,    "print the image's name only"),
	OPT_STRING_("compression", 0,  struct push_options, compression, "HOW", "of layers that are not compressed yet: 'gzip' (the default), 'zstd' or 'none'"),
	PLATFORM_OPT(struct push_options, platform, "push the image"),
	REGISTRY_OPTS(struct push_options, registry),
	TRUST_OPT(struct push_options, untrusted),
};
// clang-format on

static int check_platform(struct push *p, const struct digest *manifest, const char *name,
			  const char *platform, struct err *e)
{
	struct stored_image i;
	struct platform is;

	if (!platform)
		return 0;
	if (store_image_load(p->store, manifest, p->a, &i, e) < 0)
		return -1;
	is = platform_of(i.config.os, i.config.architecture, i.config.variant);
	return session_check_platform(platform, name, &is, e);
}

static int push_one(struct push *p, struct transfer *t, const struct reference *r,
		    const struct push_options *o, struct err *e)
{
	char name[REFERENCE_TEXT], digest[DIGEST_TEXT];
	struct digest manifest;
	int result = store_image_by_tag(p->store, reference_full(r, name), &manifest, e);

	if (result == 0) {
		fail(e, ERR_ABSENT, "push %s: there is no such image here",
		     reference_familiar(r, name));
		return fail_hint(e, "`tare tag IMAGE %s` gives one this name", name);
	}
	if (result < 0)
		return -1;
	if (check_platform(p, &manifest, reference_familiar(r, name), o->platform, e) < 0)
		return fail_in(e, "push");
	p->reference = r;
	transfer_begin(t, transfer_push_words, o->quiet);
	result = image_push(p, &manifest, e);
	transfer_end(t);
	if (result < 0)
		return fail_in(e, "push %s", reference_familiar(r, name));
	if (o->quiet)
		printf("%s\n", reference_full(r, name));
	else
		printf("%s: digest: %s size: %llu\n", r->tag, digest_text(&p->digest, digest),
		       (unsigned long long)p->size);
	return 0;
}

static int push_all(struct push *p, struct transfer *t, const struct reference *r,
		    const struct push_options *o, struct err *e)
{
	char name[REFERENCE_TEXT];
	size_t len = strlen(reference_name(r, name)), n = 0;
	struct listed_images all;

	if (store_images(p->store, p->a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		for (size_t k = 0; k < all.at[i].tags.n; k++) {
			const char *tag = all.at[i].tags.at[k];
			struct reference one;

			if (strncmp(tag, name, len) != 0 || tag[len] != ':')
				continue;
			if (reference_parse(tag, &one, e) < 0 || push_one(p, t, &one, o, e) < 0)
				return -1;
			n++;
		}
	return n ? 0 : fail(e, ERR_ABSENT, "push %s: no image here has a tag of it", name);
}

static int push(const struct cli *cli, struct push *p, struct transfer *t,
		const struct reference *r, const struct push_options *o, struct err *e)
{
	struct remote_options how = { .push = true };
	struct remote_target target;
	char name[REFERENCE_TEXT];
	int result;

	if (registry_options(&o->registry, &how, e) < 0 ||
	    remote_target(r, &how, p->a, &target, e) < 0 || remote_open(&target, &p->remote, e) < 0)
		return -1;
	result = session_open(p->store, cli, e);
	if (result == 0 && !o->quiet)
		printf("The push refers to repository [%s]\n", reference_name(r, name));
	if (result == 0)
		result = o->all_tags ? push_all(p, t, r, o, e) : push_one(p, t, r, o, e);
	remote_close(p->remote);
	return result;
}

static int run_push(const struct cli *cli, void *options, char **args,
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	own_store s = STORE_NONE;
	struct reference r;
	struct transfer t = { 0 };
	struct push p = { .store = &s, .progress = &t.progress, .a = &a };
	const struct push_options *o = options;

	if (registry_trust("push", o->untrusted, e) < 0)
		return -1;
	if (reference_parse(args[0], &r, e) < 0)
		return fail_in(e, "push");
	if (r.digest.algorithm != DIGEST_NONE)
		return fail(e, ERR_INPUT, "push: '%s' has a digest; a tag is wanted", args[0]);
	if (compression_parse(o->compression ? o->compression : "gzip", &p.compression, e) < 0)
		return fail_in(e, "push");
	return push(cli, &p, &t, &r, o, e);
}

#define PUSH(symbol) \
	const struct command symbol = { \
		.name = "push", \
		.args = "NAME[:TAG]", \
		.summary = "upload an image to a registry", \
		.section = "IMAGES", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct push_options), \
		.min = 1, \
		.max = 1, \
		.run = run_push, \
	}

PUSH(push_command);
PUSH(image_push_command);
