/* rmi.c - tare rmi: names of images, and images without one */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cli/image.h"
#include "cli/prune.h"
#include "cli/session.h"
#include "store/listing.h"

/* What interrupted pulls have left may go on: `prune` removes it (s). */
#define KEEP_PARTS INT64_MAX

struct rmi {
	bool force, no_prune;
	struct opt_list platform;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("force",    'f', struct rmi, force,    "an id that has several names is removed with all of them; no such image is no error"),
	OPT_FLAG_("no-prune",  0,  struct rmi, no_prune, "keep blobs and layers that nothing needs any more"),
	OPT_STRINGS_("platform", 0, struct rmi, platform, "OS[/ARCH[/VARIANT]][,...]", "remove the image if it is for these machines, else refuse"),
};
// clang-format on

/* struct names - how an image is known */
struct names {
	struct arena a;
	struct listed_images all;
	const struct listed_image *image;
};

static int look(struct names *n, struct store *s, const struct digest *d, struct err *e)
{
	char text[DIGEST_TEXT];

	digest_text(d, text);
	if (store_images(s, &n->a, &n->all, e) < 0)
		return -1;
	for (size_t i = 0; i < n->all.n; i++)
		if (strcmp(n->all.at[i].digest, text) == 0)
			n->image = &n->all.at[i];
	return n->image ? 0 : fail(e, ERR_ABSENT, "no such image: %s", text);
}

static void untagged(const char *whole)
{
	char text[REFERENCE_TEXT];
	struct reference r;
	struct err ignored = { 0 };

	if (reference_parse(whole, &r, &ignored) == 0)
		printf("Untagged: %s\n", reference_familiar(&r, text));
}

/* Is @whole, a tag or a digest, of that repository? */
static bool is_of(const char *whole, const char *repository)
{
	size_t len = strlen(repository);

	return strncmp(whole, repository, len) == 0 && (whole[len] == ':' || whole[len] == '@');
}

/* A digest of a repository that nothing here has a tag of says nothing any more. */
static int forget(struct store *s, const char *whole, struct err *e)
{
	char name[REFERENCE_TEXT];
	struct reference r;

	if (reference_parse(whole, &r, e) < 0 ||
	    store_image_forget(s, reference_name(&r, name), &r.digest, e) < 0)
		return -1;
	*r.tag = '\0';
	printf("Untagged: %s\n", reference_familiar(&r, name));
	return 0;
}

static int untag_one(struct store *s, const struct names *n, const struct image_found *f,
		     struct err *e)
{
	const struct listed_image *i = n->image;
	char text[REFERENCE_TEXT], name[REFERENCE_TEXT];
	bool last = true;

	if (store_image_untag(s, reference_full(&f->reference, text), e) < 0)
		return -1;
	untagged(text);
	(void)reference_name(&f->reference, name);
	for (size_t k = 0; k < i->tags.n; k++)
		last = last && (strcmp(i->tags.at[k], text) == 0 || !is_of(i->tags.at[k], name));
	for (size_t k = 0; last && k < i->digests.n; k++)
		if (is_of(i->digests.at[k], name) && forget(s, i->digests.at[k], e) < 0)
			return -1;
	return 0;
}

/* One name of several: the image stays. */
static int untag(struct store *s, const struct names *n, const struct image_found *f, struct err *e)
{
	char text[REFERENCE_TEXT];

	return f->reference.digest.algorithm == DIGEST_NONE
		       ? untag_one(s, n, f, e)
		       : forget(s, reference_full(&f->reference, text), e);
}

/* Has the image a name besides this one? With its last tag the digests of its repository go, too. */
static bool has_others(const struct names *n, const struct image_found *f)
{
	const struct listed_image *i = n->image;
	bool by_tag = f->reference.digest.algorithm == DIGEST_NONE;
	struct reference r = f->reference;
	char text[REFERENCE_TEXT], name[REFERENCE_TEXT];

	/* where there are both, the digest decides */
	if (!by_tag)
		*r.tag = '\0';
	(void)reference_full(&r, text);
	(void)reference_name(&r, name);
	for (size_t k = 0; k < i->tags.n; k++)
		if (strcmp(i->tags.at[k], text) != 0)
			return true;
	for (size_t k = 0; k < i->digests.n; k++)
		if (by_tag ? !is_of(i->digests.at[k], name) : strcmp(i->digests.at[k], text) != 0)
			return true;
	return false;
}

static int remove_whole(struct store *s, const struct names *n, const struct digest *d,
			struct err *e)
{
	if (store_image_remove(s, d, e) < 0)
		return -1;
	for (size_t i = 0; i < n->image->tags.n; i++)
		untagged(n->image->tags.at[i]);
	for (size_t i = 0; i < n->image->digests.n; i++)
		untagged(n->image->digests.at[i]);
	printf("Deleted: %s\n", n->image->id);
	return 0;
}

/* The image is the only one of its name: it is for what is asked for, or nothing of that is here. */
static int check_platforms(const struct names *n, const char *word, const struct rmi *o,
			   struct err *e)
{
	const struct listed_image *l = n->image;
	struct platform is = platform_of(l->os, l->architecture, l->variant);
	char one[100];

	for (size_t i = 0; i < o->platform.n; i++)
		for (const char *at = o->platform.at[i];; at++) {
			size_t len = strcspn(at, ",");

			snprintf(one, sizeof(one), "%.*s", (int)len, at);
			if (session_check_platform(one, word, &is, e) < 0)
				return -1;
			at += len;
			if (!*at)
				break;
		}
	return 0;
}

static int remove_found(struct names *n, struct store *s, const char *word, const struct rmi *o,
			struct err *e)
{
	struct image_found f;

	if (session_image(s, word, &f, e) < 0 || look(n, s, &f.digest, e) < 0 ||
	    check_platforms(n, word, o, e) < 0)
		return -1;
	if (f.by_name && has_others(n, &f))
		return untag(s, n, &f, e);
	if (!f.by_name && n->image->tags.n > 1 && !o->force) {
		fail(e, ERR_CONFLICT, "remove the image %.12s: it has %zu names", n->image->id + 7,
		     n->image->tags.n);
		return fail_hint(e, "remove them one by one, or all with --force");
	}
	return remove_whole(s, n, &f.digest, e);
}

static int remove_word(struct store *s, const char *word, const struct rmi *o, struct err *e)
{
	struct names n = { 0 };
	int r = remove_found(&n, s, word, o, e);

	arena_done(&n.a);
	if (r < 0 && o->force && e->cls == ERR_ABSENT) {
		*e = (struct err){ 0 };
		return 0;
	}
	return r;
}

static int run_rmi(const struct cli *cli, void *options, char **args, size_t n_args,
		   int *ret_status, struct err *e)
{
	const struct rmi *o = options;
	own_store s = STORE_NONE;
	size_t failed = 0;
	uint64_t bytes = 0;

	if (session_open(&s, cli, e) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		struct err one = { 0 };

		if (remove_word(&s, args[i], o, &one) == 0)
			continue;
		cli_complain(cli, &one);
		failed++;
	}
	if (failed < n_args && !o->no_prune && prune_unused(&s, KEEP_PARTS, &bytes, e) < 0)
		return -1;
	*ret_status = failed ? 1 : 0;
	return 0;
}

#define RMI(symbol, word, others) \
	const struct command symbol = { \
		.name = word, \
		.args = "IMAGE...", \
		.summary = "remove images", \
		.section = "IMAGES", \
		.aliases = others, \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct rmi), \
		.min = 1, \
		.max = SIZE_MAX, \
		.run = run_rmi, \
	}

RMI(rmi_command, "rmi", NULL);
RMI(image_rm_command, "rm", ((const char *const[]){ "remove", NULL }));
