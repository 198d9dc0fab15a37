/* listing.c - images and their names, put together */
#include "store/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "list the images");
}

static int read_image(const struct db_rows *rows, struct arena *a, struct listed_image *i)
{
	*i = (struct listed_image){
		.digest = arena_dup(a, db_text(rows, 0)),
		.media_type = arena_dup(a, db_text(rows, 1)),
		.id = arena_dup(a, db_text(rows, 3)),
		.os = arena_dup(a, db_text(rows, 4)),
		.architecture = arena_dup(a, db_text(rows, 5)),
		.variant = arena_dup(a, db_text(rows, 6)),
		.created = db_number(rows, 7),
		.added = db_number(rows, 8),
		.artifact = *db_text(rows, 9) ? arena_dup(a, db_text(rows, 9)) : NULL,
		.size = (uint64_t)db_number(rows, 10),
		.content = (uint64_t)(db_number(rows, 2) + db_number(rows, 11)),
	};
	return i->digest && i->id && i->os && i->architecture && i->variant ? 0 : -1;
}

static int by_digest(const void *a, const void *b)
{
	const struct listed_image *const *x = a, *const *y = b;

	return strcmp((*x)->digest, (*y)->digest);
}

static struct listed_image *find(struct listed_image **order, size_t n, const char *digest)
{
	struct listed_image key = { .digest = (char *)(uintptr_t)digest }, *at = &key;
	struct listed_image **found = n ? bsearch(&at, order, n, sizeof(*order), by_digest) : NULL;

	return found ? *found : NULL;
}

static int add_tags(struct store *s, struct arena *a, struct listed_image **order, size_t n,
		    struct err *e)
{
	own_rows rows = { 0 };
	int r;

	if (db_query(&s->db, DB_TAG_ALL, &rows, e, "") < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		struct listed_image *i = find(order, n, db_text(&rows, 1));

		if (!i)
			continue;
		i->tags.at = arena_more(a, i->tags.at, i->tags.n, sizeof(char *));
		if (!i->tags.at || !(i->tags.at[i->tags.n++] = arena_dup(a, db_text(&rows, 0))))
			return no_memory(e);
	}
	return r;
}

static int add_digests(struct store *s, struct arena *a, struct listed_image **order, size_t n,
		       struct err *e)
{
	own_rows rows = { 0 };
	int r;

	if (db_query(&s->db, DB_PULLED_ALL, &rows, e, "") < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		struct listed_image *i = find(order, n, db_text(&rows, 2));

		if (!i)
			continue;
		i->digests.at = arena_more(a, i->digests.at, i->digests.n, sizeof(char *));
		if (!i->digests.at ||
		    !(i->digests.at[i->digests.n++] =
			      arena_printf(a, "%s@%s", db_text(&rows, 0), db_text(&rows, 1))))
			return no_memory(e);
	}
	return r;
}

/**
 * store_images() - all images, those made last first
 * @a: owns what is returned
 */
int store_images(struct store *s, struct arena *a, struct listed_images *ret_images, struct err *e)
{
	struct listed_images all = { 0 };
	own_mem struct listed_image **order = NULL;
	own_rows rows = { 0 };
	int r;

	if (db_query(&s->db, DB_IMAGE_ALL, &rows, e, "") < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		all.at = arena_more(a, all.at, all.n, sizeof(*all.at));
		if (!all.at || read_image(&rows, a, &all.at[all.n++]) < 0)
			return no_memory(e);
	}
	order = calloc(all.n + 1, sizeof(struct listed_image *));
	if (r < 0 || !order)
		return r < 0 ? -1 : no_memory(e);
	for (size_t i = 0; i < all.n; i++)
		order[i] = &all.at[i];
	if (all.n)
		qsort(order, all.n, sizeof(*order), by_digest);
	if (add_tags(s, a, order, all.n, e) < 0 || add_digests(s, a, order, all.n, e) < 0)
		return -1;
	*ret_images = all;
	return 0;
}
