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
#include "cli/session.h"
#include "store/listing.h"

struct images {
	bool all, digests;
	struct opt_list filter;
	struct render render;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("all",        'a', struct images, all,     "nothing is left out; as without it, since there are no intermediate images"),
	OPT_FLAG_("digests",     0,  struct images, digests, "show digests"),
	OPT_STRINGS_("filter",  'f', struct images, filter,  "KEY=VALUE", "only those with this dangling (true, false), reference, before or since"),
	RENDER_OPTS_QUIET(struct images, render),
};

/* One name of one image: docker's members. */
struct row {
	char *repository, *tag, *digest, *id, *since, *created, *size_text, *virtual_size, *containers, *shared,
		*unique, *platform;
	uint64_t size;
	char **labels;
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

/* struct listing - on the way from images to rows */
struct listing {
	struct arena a;
	struct listed_images all;
	struct row *rows;
	size_t n, room;
	const struct images *o;
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
	r->created = arena_dup(&l->a, date_text(i->created, text));
	r->size = i->size ? i->size : i->content;
	r->size_text = r->virtual_size = arena_dup(&l->a, size_format(r->size, false, text));
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

static bool is_dangling(const struct row *r)
{
	return strcmp(r->tag, "<none>") == 0;
}

static bool is_reference(const struct row *r, const char *pattern)
{
	char whole[REFERENCE_TEXT + 16];

	snprintf(whole, sizeof(whole), "%s:%s", r->repository, r->tag);
	return text_glob(pattern, r->repository) || text_glob(pattern, whole);
}

/* struct condition - a --filter, understood */
struct condition {
	enum { BY_DANGLING, BY_REFERENCE, BY_BEFORE, BY_SINCE } key;
	const char *value;
	int64_t created;
};

static const struct word keys[] = {
	{ "dangling", BY_DANGLING },
	{ "reference", BY_REFERENCE },
	{ "before", BY_BEFORE },
	{ "since", BY_SINCE },
	{ NULL, 0 },
};

static int64_t created_of(const struct listing *l, const struct digest *d)
{
	char text[DIGEST_TEXT];

	digest_text(d, text);
	for (size_t i = 0; i < l->all.n; i++)
		if (strcmp(l->all.at[i].digest, text) == 0)
			return l->all.at[i].created;
	return 0;
}

static int understand(struct listing *l, struct store *s, const char *text, struct condition *ret,
		      struct err *e)
{
	const char *equals = strchr(text, '=');
	char key[32] = "";
	const struct word *w;
	struct image_found image;

	if (equals && (size_t)(equals - text) < sizeof(key))
		snprintf(key, sizeof(key), "%.*s", (int)(equals - text), text);
	w = word_find(keys, key);
	if (!w || !equals) {
		fail(e, ERR_INPUT, "images: --filter '%s' is not understood", text);
		return fail_hint(
			e,
			"as in dangling=true, reference='debian:*', before=IMAGE or since=IMAGE");
	}
	*ret = (struct condition){ .key = (int)w->value, .value = equals + 1 };
	if (ret->key == BY_DANGLING && strcmp(ret->value, "true") != 0 &&
	    strcmp(ret->value, "false") != 0)
		return fail(e, ERR_INPUT, "images: --filter '%s': it is true or false", text);
	if (ret->key == BY_BEFORE || ret->key == BY_SINCE) {
		if (session_image(s, ret->value, &image, e) < 0)
			return fail_in(e, "images: --filter '%s'", text);
		ret->created = created_of(l, &image.digest);
	}
	return 0;
}

static bool fits_one(const struct row *r, const struct condition *c)
{
	switch (c->key) {
	case BY_DANGLING:
		return is_dangling(r) == (strcmp(c->value, "true") == 0);
	case BY_REFERENCE:
		return is_reference(r, c->value);
	case BY_BEFORE:
		return r->image->created < c->created;
	case BY_SINCE:
		return r->image->created > c->created;
	}
	return true;
}

static bool fits(const struct row *r, const struct condition *c, size_t n)
{
	bool reference = false, wanted = false;

	for (size_t i = 0; i < n; i++) {
		bool one = fits_one(r, &c[i]);

		/* several references are alternatives */
		if (c[i].key == BY_REFERENCE) {
			wanted = true;
			reference = reference || one;
		} else if (!one) {
			return false;
		}
	}
	return !wanted || reference;
}

static int filter(struct listing *l, struct store *s, const char *name, struct err *e)
{
	struct condition c[64];
	struct condition by_name = { BY_REFERENCE, name, 0 };
	size_t n = 0, kept = 0;

	for (; n < l->o->filter.n && n < COUNT(c); n++)
		if (understand(l, s, l->o->filter.at[n], &c[n], e) < 0)
			return -1;
	for (size_t i = 0; i < l->n; i++)
		if (fits(&l->rows[i], c, n) && (!name || fits_one(&l->rows[i], &by_name)))
			l->rows[kept++] = l->rows[i];
	l->n = kept;
	return 0;
}

static int list(struct listing *l, struct store *s, const char *name, struct err *e)
{
	struct render_list how = { .table = &row_table, .quiet = "ID" };

	how.columns = l->o->digests ? digest_columns : columns;
	how.n = l->o->digests ? COUNT(digest_columns) : COUNT(columns);
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
	if (filter(l, s, name, e) < 0)
		return -1;
	return render_print(&l->o->render, &how, (struct list_any){ l->rows, l->n }, e);
}

static int run_images(const struct cli *cli, void *options, char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	own_store s = STORE_NONE;
	struct listing l = { .o = options, .now = date_now_ns() };
	int r;

	if (session_open(&s, cli, e) < 0)
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
