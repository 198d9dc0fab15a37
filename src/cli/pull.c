/* pull.c - tare pull: an image, or all tags of one, from a registry */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cli/image.h"
#include "cli/registry.h"
#include "cli/session.h"
#include "cli/transfer.h"
#include "image/pull.h"

#define TAGS_MAX 10000

struct pull_options {
	bool all_tags, quiet;
	const char *platform;
	struct opt_bool untrusted;
	struct registry_options registry;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("all-tags",  'a', struct pull_options, all_tags, "all tags of the repository"),
	OPT_STRING_("platform", 0,  struct pull_options, platform, "OS/ARCH[/VARIANT]", "for this machine instead of ours"),
	OPT_FLAG_("quiet",     'q', struct pull_options, quiet,    "print the image's name only"),
	REGISTRY_OPTS(struct pull_options, registry),
	TRUST_OPT(struct pull_options, untrusted),
};
// clang-format on

static void print_result(const struct pull *p, const struct pull_options *o)
{
	char text[REFERENCE_TEXT];

	if (o->quiet) {
		printf("%s\n", reference_full(p->reference, text));
		return;
	}
	printf("Digest: %s\n", digest_text(&p->digest, text));
	printf("Status: %s for %s\n", p->fresh ? "Downloaded newer image" : "Image is up to date",
	       reference_familiar(p->reference, text));
	if (!o->all_tags)
		printf("%s\n", reference_full(p->reference, text));
}

static int pull_one(struct pull *p, struct transfer *t, const struct reference *r,
		    const struct pull_options *o, struct err *e)
{
	char name[REFERENCE_TEXT];
	int result;

	p->reference = r;
	p->fresh = false;
	transfer_begin(t, transfer_pull_words, o->quiet);
	result = image_pull(p, e);
	transfer_end(t);
	if (result < 0)
		return fail_in(e, "pull %s", reference_familiar(r, name));
	print_result(p, o);
	return 0;
}

static int pull_all(struct pull *p, struct transfer *t, const struct reference *r,
		    const struct pull_options *o, struct err *e)
{
	char **tags = NULL;

	if (remote_tags(p->remote, TAGS_MAX, p->a, &tags, e) < 0)
		return -1;
	p->found = true;
	for (size_t i = 0; tags[i]; i++) {
		struct reference one = *r;

		if (!reference_is_tag(tags[i]))
			continue;
		snprintf(one.tag, sizeof(one.tag), "%.128s", tags[i]);
		if (pull_one(p, t, &one, o, e) < 0)
			return -1;
	}
	return 0;
}

/* Who the registry is, and with which words; then the store. tare-fetch loads meanwhile. */
static int prepare(const struct cli *cli, struct pull *p, const struct reference *r,
		   const struct remote_options *how, struct err *e)
{
	struct remote_target target;

	if (remote_target(r, how, p->a, &target, e) < 0 ||
	    remote_direct(p->remote, &target, e) < 0 ||
	    (p->store->root < 0 && session_open(p->store, cli, e) < 0))
		return -1;
	return layers_init(p->layers, p->store, e);
}

static int pull(const struct cli *cli, struct pull *p, struct transfer *t,
		const struct reference *r, const struct registries *registries,
		const struct pull_options *o, struct err *e)
{
	struct remote_options how = { .registries = registries };
	int result;

	if (registry_options(&o->registry, &how, e) < 0 ||
	    (!p->remote && remote_start(&p->remote, e) < 0))
		return -1;
	result = prepare(cli, p, r, &how, e);
	if (result == 0)
		result = o->all_tags ? pull_all(p, t, r, o, e) : pull_one(p, t, r, o, e);
	if (result < 0) {
		remote_close(p->remote);
		p->remote = NULL;
	}
	return result;
}

/* A short name that may mean several is the first that there is. */
static int pull_first(const struct cli *cli, struct pull *p, struct transfer *t, const char *word,
		      const struct pull_options *o, struct err *e)
{
	own_str struct str why = { 0 };
	struct registries_names names;
	struct registries registries;

	if (session_names(word, p->a, &names, &registries, e) < 0)
		return fail_in(e, "pull");
	for (size_t i = 0; i < names.names.n; i++) {
		p->found = false;
		*e = (struct err){ 0 };
		if (pull(cli, p, t, &names.names.at[i], &registries, o, e) == 0)
			return 0;
		if (p->found || names.names.n == 1)
			return -1;
		str_addf(&why, "%s%.300s", i ? "; " : "", e->text);
	}
	return fail(e, e->cls, "%s", why.at ? why.at : "");
}

static int run_pull(const struct cli *cli, void *options, char **args,
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	const struct pull_options *o = options;
	const char *slash = strrchr(args[0], '/'), *last = slash ? slash : args[0];
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	own_store s = STORE_NONE;
	struct platform want;
	struct reference r;
	struct layers layers;
	struct transfer t = { 0 };
	struct pull p = {
		.store = &s, .layers = &layers, .progress = &t.progress, .want = &want, .a = &a
	};
	int result;

	if (registry_trust("pull", o->untrusted, e) < 0)
		return -1;
	if (reference_parse(args[0], &r, e) < 0 ||
	    session_platform(o->platform, &want, &p.strict, e) < 0)
		return fail_in(e, "pull");
	if (o->all_tags && strchr(last, ':'))
		return fail(e, ERR_INPUT,
			    "pull: '%s' has a tag, and --all-tags asks for all of them", args[0]);
	if (!o->quiet && !o->all_tags && !strpbrk(last, ":@"))
		printf("Using default tag: %s\n", REFERENCE_DEFAULT_TAG);
	/* a worker that ends says why itself */
	(void)signal(SIGPIPE, SIG_IGN);
	/* tare-fetch loads while files are read; a second try has one of its own */
	if (remote_start(&p.remote, e) < 0)
		return -1;
	result = pull_first(cli, &p, &t, args[0], o, e);
	/* it ends while the store is closed */
	remote_dismiss(p.remote);
	store_close(&s);
	remote_close(p.remote);
	return result;
}

#define PULL(symbol) \
	const struct command symbol = { \
		.name = "pull", \
		.args = "NAME[:TAG|@DIGEST]", \
		.summary = "download an image from a registry", \
		.section = "IMAGES", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct pull_options), \
		.min = 1, \
		.max = 1, \
		.run = run_pull, \
	}

PULL(pull_command);
PULL(image_pull_command);
