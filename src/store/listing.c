/* listing.c - images and their names, put together */
#include "store/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Room for one more in a list that doubles as it grows. */
static void *more(struct arena *a, void *list, size_t size)
{
	struct list_any *l = list;

	if ((l->n & (l->n - 1)) == 0) {
		void *grown = arena_array(a, l->n ? 2 * l->n : 1, size);

		if (!grown)
			return NULL;
		if (l->n)
			memcpy(grown, l->at, l->n * size);
		l->at = grown;
	}
	return (char *)l->at + size * l->n++;
}

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
		char **at = i ? more(a, &i->tags, sizeof(*at)) : NULL;

		if (i && (!at || !(*at = arena_dup(a, db_text(&rows, 0)))))
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
		char **at = i ? more(a, &i->digests, sizeof(*at)) : NULL;

		if (i && (!at ||
			  !(*at = arena_printf(a, "%s@%s", db_text(&rows, 0), db_text(&rows, 1)))))
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
		struct listed_image *i = more(a, &all, sizeof(*i));

		if (!i || read_image(&rows, a, i) < 0)
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
