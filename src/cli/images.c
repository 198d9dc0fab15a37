/* images.c - tare images: what the store has, as docker lists it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/render.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/image.h"
#include "cli/image_filter.h"
#include "cli/images_tree.h"
#include "cli/session.h"
#include "store/listing.h"

struct images {
	bool all, digests, tree;
	struct opt_list filter;
	struct render render;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("all",        'a', struct images, all,     "nothing is left out; as without it, since there are no intermediate images"),
	OPT_FLAG_("digests",     0,  struct images, digests, "show digests"),
	OPT_STRINGS_("filter",  'f', struct images, filter,  "KEY=VALUE", "only those with this dangling (true, false), reference (a pattern), label, before, since or until"),
	OPT_FLAG_("tree",        0,  struct images, tree,    "show images with their platforms below them; U: in use"),
	RENDER_OPTS_QUIET(struct images, render),
};

/* One name of one image: docker's members. */
struct row {
	char *repository, *tag, *digest, *id, *since, *created, *size_text, *virtual_size, *containers, *shared,
		*unique, *platform;
	uint64_t size;
	bool named;
	const struct listed_image *image;
};

static const struct bind_row rows[] = {
	ROW_STRING("Repository",   OPTIONAL, struct row, repository),
	ROW_STRING("Tag",          OPTIONAL, struct row, tag),
	ROW_STRING("Digest",       OPTIONAL, struct row, digest),
	ROW_STRING("ID",           OPTIONAL, struct row, id),
	ROW_STRING("CreatedSince", OPTIONAL, struct row, since),
	ROW_STRING("CreatedAt",    OPTIONAL, struct row, created),
	ROW_STRING("Size",         OPTIONAL, struct row, size_text),
	ROW_STRING("VirtualSize",  OPTIONAL, struct row, virtual_size),
	ROW_STRING("Containers",   OPTIONAL, struct row, containers),
	ROW_STRING("SharedSize",   OPTIONAL, struct row, shared),
	ROW_STRING("UniqueSize",   OPTIONAL, struct row, unique),
	ROW_STRING("Platform",     OPTIONAL, struct row, platform),
};
static const struct bind_table row_table = BIND_TABLE(rows, struct row, false);

#define COLUMNS(with_digest) \
	{ .header = "REPOSITORY", .path = "Repository" }, \
	{ .header = "TAG",        .path = "Tag" }, \
	with_digest \
	{ .header = "IMAGE ID",   .path = "ID" }, \
	{ .header = "CREATED",    .path = "CreatedSince" }, \
	{ .header = "SIZE",       .path = "Size" }
#define DIGEST { .header = "DIGEST", .path = "Digest" },
static const struct render_column columns[] = { COLUMNS() };
static const struct render_column digest_columns[] = { COLUMNS(DIGEST) };
// clang-format on

/* Lines of --format raw. */
#define RAW_ID     "image_id: {{.ID}}"
#define RAW_NAME   "repository: {{.Repository}}\ntag: {{.Tag}}\n"
#define RAW_DIGEST "digest: {{.Digest}}\n"
#define RAW_REST   "image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"

/* struct listing - on the way from images to rows */
struct listing {
	struct arena a;
	struct listed_images all;
	struct row *rows;
	size_t n, room;
	const struct images *o;
	struct filters filters;
	int64_t now;
};

static struct row *add_row(struct listing *l, const struct listed_image *i, struct err *e)
{
	struct row *r = l->n < l->room ? &l->rows[l->n++] : NULL;
	char text[128];
	size_t len = l->o->render.no_trunc ? SIZE_MAX : 12;

	if (!r) {
		fail_errno(e, ENOMEM, "list the images");
		return NULL;
	}
	r->image = i;
	r->id = l->o->render.no_trunc ? i->id
				      : arena_dup_len(&l->a, i->id + 7, strnlen(i->id + 7, len));
	r->digest = i->digest;
	r->since = arena_dup(&l->a, date_ago(i->created, l->now, text, sizeof(text)));
	r->created = arena_dup(&l->a, date_local_words(i->created, text));
	r->size = i->size ? i->size : i->content;
	r->size_text = arena_dup(&l->a, size_format_short(r->size, text));
	r->virtual_size = arena_dup(&l->a, size_format(r->size, false, text));
	r->containers = r->shared = r->unique = text_shown("N/A");
	r->platform = arena_printf(&l->a, "%s/%s%s%s", i->os, i->architecture,
				   *i->variant ? "/" : "", i->variant);
	r->repository = r->tag = text_shown("<none>");
	return r;
}

static const char *digest_in(const struct listed_image *i, const char *name)
{
	size_t len = strlen(name);

	for (size_t k = 0; k < i->digests.n; k++)
		if (strncmp(i->digests.at[k], name, len) == 0 && i->digests.at[k][len] == '@')
			return i->digests.at[k] + len + 1;
	return NULL;
}

static int add_named(struct listing *l, const struct listed_image *i, const char *whole,
		     struct err *e)
{
	struct row *row = add_row(l, i, e);
	struct reference r;
	char text[REFERENCE_TEXT];
	const char *digest;

	if (!row || reference_parse(whole, &r, e) < 0)
		return -1;
	digest = digest_in(i, reference_name(&r, text));
	row->digest = digest ? arena_dup(&l->a, digest) : text_shown("<none>");
	row->named = true;
	row->repository = arena_dup(&l->a, reference_familiar_name(&r, text));
	row->tag = *r.tag ? arena_dup(&l->a, r.tag) : text_shown("<none>");
	return row->repository && row->tag ? 0 : fail_errno(e, ENOMEM, "list the images");
}

/* Images without a tag are listed by where they came from, or without a name. */
static int add_image(struct listing *l, const struct listed_image *i, struct err *e)
{
	for (size_t k = 0; k < i->tags.n; k++)
		if (add_named(l, i, i->tags.at[k], e) < 0)
			return -1;
	if (i->tags.n)
		return 0;
	for (size_t k = 0; k < i->digests.n; k++)
		if (add_named(l, i, i->digests.at[k], e) < 0)
			return -1;
	return i->digests.n || add_row(l, i, e) ? 0 : -1;
}

/* Behind the repository: a tag, or the digest by which it came without one. */
static const char *separator(const struct row *r)
{
	return r->named && r->image->tags.n == 0 ? "@" : ":";
}

static const char *name_end(const struct row *r)
{
	return *separator(r) == '@' ? r->digest : r->tag;
}

/* A row's name fits; those without a name have none to fit. */
static bool names_fit(const struct listing *l, const struct row *r)
{
	char whole[2 * REFERENCE_TEXT];

	snprintf(whole, sizeof(whole), "%s%s%s", r->repository, separator(r), name_end(r));
	return image_name_fits(&l->filters, r->named ? r->repository : NULL, whole);
}

/* A name that is given as a word is one more reference, as docker's. */
static int understand(struct listing *l, struct store *s, const char *name, struct err *e)
{
	struct opt_list words = l->o->filter;

	if (name && words.n == COUNT(words.at))
		return fail(e, ERR_LIMIT, "there are too many filters");
	if (name)
		words.at[words.n++] = arena_printf(&l->a, "reference=%s", name);
	if (name && !words.at[words.n - 1])
		return fail_errno(e, ENOMEM, "list the images");
	return filters_parse(image_filters, &words, l->now, &l->filters, e) < 0
		       ? -1
		       : image_filters_resolve(s, &l->all, &l->filters, e);
}

static int filter(struct listing *l, struct store *s, struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		int fits = image_fits(s, l->rows[i].image, &l->filters, e);

		if (fits < 0)
			return -1;
		if (fits && names_fit(l, &l->rows[i]))
			l->rows[kept++] = l->rows[i];
	}
	l->n = kept;
	return 0;
}

static int gather(struct listing *l, struct store *s, struct err *e)
{
	if (store_images(s, &l->a, &l->all, e) < 0)
		return -1;
	for (size_t i = 0; i < l->all.n; i++)
		l->room += 1 + l->all.at[i].tags.n + l->all.at[i].digests.n;
	l->rows = arena_array(&l->a, l->room + 1, sizeof(*l->rows));
	if (!l->rows)
		return fail_errno(e, ENOMEM, "list the images");
	for (size_t i = 0; i < l->all.n; i++)
		if (add_image(l, &l->all.at[i], e) < 0)
			return -1;
	return 0;
}

/* Names are tags there, as docker's. */
static int print_tree(struct listing *l, struct store *s, struct err *e)
{
	struct tree_name *names = arena_array(&l->a, l->n + 1, sizeof(*names));

	if (!names)
		return fail_errno(e, ENOMEM, "list the images");
	for (size_t i = 0; i < l->n; i++) {
		const struct row *r = &l->rows[i];

		names[i].image = r->image;
		if (r->image->tags.n)
			names[i].name = arena_printf(&l->a, "%s:%s", r->repository, r->tag);
	}
	return images_tree(s, names, l->n, &l->o->render, &l->a, e);
}

/* What docker does not do with --tree either. */
static int check_tree(const struct images *o, struct err *e)
{
	const struct {
		const char *name;
		bool given;
	} others[] = {
		{ "--quiet", o->render.quiet },
		{ "--no-trunc", o->render.no_trunc },
		{ "--digests", o->digests },
		{ "--format", o->render.format != NULL },
	};

	for (size_t i = 0; i < COUNT(others); i++)
		if (others[i].given)
			return fail(e, ERR_INPUT, "images: --tree and %s exclude each other",
				    others[i].name);
	return 0;
}

/* docker's --format raw; and --digests is a column more for a table of one's own */
static char *format_of(struct arena *a, const struct images *o)
{
	const char *format = o->render.format;

	if (format && strcmp(format, "raw") == 0)
		return text_shown(o->render.quiet ? RAW_ID
				  : o->digests    ? RAW_NAME RAW_DIGEST RAW_REST
						  : RAW_NAME RAW_REST);
	if (format && o->digests && text_starts(format, "table ") && !strstr(format, ".Digest"))
		return arena_printf(a, "%s\t{{.Digest}}", format);
	return text_shown(format);
}

static int print(struct listing *l, struct err *e)
{
	struct render_list how = { .table = &row_table, .quiet = "ID" };
	struct render render = l->o->render;

	how.columns = l->o->digests ? digest_columns : columns;
	how.n = l->o->digests ? COUNT(digest_columns) : COUNT(columns);
	render.format = format_of(&l->a, l->o);
	return render_print(&render, &how, (struct list_any){ l->rows, l->n }, e);
}

static int list(struct listing *l, struct store *s, const char *name, struct err *e)
{
	if (gather(l, s, e) < 0 || understand(l, s, name, e) < 0 || filter(l, s, e) < 0)
		return fail_in(e, "images");
	return l->o->tree ? print_tree(l, s, e) : print(l, e);
}

static int run_images(const struct cli *cli, void *options, char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	own_store s = STORE_NONE;
	struct listing l = { .o = options, .now = date_now_ns() };
	int r;

	if ((l.o->tree && check_tree(l.o, e) < 0) || session_open(&s, cli, e) < 0)
		return -1;
	l.a.limit = (size_t)256 << 20;
	r = list(&l, &s, n_args ? args[0] : NULL, e);
	arena_done(&l.a);
	return r;
}

#define IMAGES(symbol, word, others) \
	const struct command symbol = { \
		.name = word, \
		.args = "[REPOSITORY[:TAG]]", \
		.summary = "list images", \
		.section = "IMAGES", \
		.aliases = others, \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct images), \
		.max = 1, \
		.run = run_images, \
	}

IMAGES(images_command, "images", NULL);
IMAGES(image_ls_command, "ls", ((const char *const[]){ "list", NULL }));
