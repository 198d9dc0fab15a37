/* check.c - the whole store, from its folders to its tags
 *
 * From below upwards: what a later step finds rests on what an earlier one has mended. So one run
 * mends all that can be.
 */
#include "store/check.h"

#include <string.h>

#include "base/arena.h"

static int (*const steps[])(struct check *c, struct err *e) = {
	check_folders, check_database,  check_blobs,      check_images, check_layers,
	check_driver,  check_snapshots, check_containers, check_left,   check_index,
};

/**
 * check_found() - note a finding
 * @done: what was done about it; NULL: nothing was, and it is still so
 */
int check_found(struct check *c, const char *kind, const char *object, const char *text,
		const char *done, struct err *e)
{
	struct finding *f;

	c->findings.at = arena_more(c->a, c->findings.at, c->findings.n, sizeof(*f));
	if (!c->findings.at)
		return fail_errno(e, ENOMEM, "check the store");
	f = &c->findings.at[c->findings.n++];
	f->kind = arena_dup(c->a, kind);
	f->object = arena_dup(c->a, object);
	f->text = arena_dup(c->a, text);
	f->done = done ? arena_dup(c->a, done) : NULL;
	c->unmended += !done;
	return f->kind && f->object && f->text ? 0 : fail_errno(e, ENOMEM, "check the store");
}

/**
 * check_each() - call @look with the first column of every row
 *
 * They are gathered first: what @look changes must not be what is being read.
 */
int check_each(struct check *c, enum db_statement which,
	       int (*look)(struct check *c, const char *key, struct err *e), struct err *e)
{
	char **all = NULL;
	size_t n = 0;
	int r;

	{
		own_rows rows = { 0 };

		if (db_query(&c->store.db, which, &rows, e, "") < 0)
			return -1;
		while ((r = db_next(&rows, e)) > 0) {
			all = arena_more(c->a, all, n, sizeof(char *));
			if (!all || !(all[n++] = arena_dup(c->a, db_text(&rows, 0))))
				return fail_errno(e, ENOMEM, "check the store");
		}
		if (r < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (look(c, all[i], e) < 0)
			return -1;
	return 0;
}

/**
 * store_check() - look at all of a store, and mend it if asked to
 *
 * Return: 0, whatever was found; -1 when it could not be looked at.
 */
int store_check(struct check *c, struct err *e)
{
	int r = 0;

	c->store = (struct store)STORE_NONE;
	for (size_t i = 0; r == 0 && i < COUNT(steps) && !c->no_further; i++)
		r = steps[i](c, e);
	store_close(&c->store);
	return r < 0 ? fail_in(e, "check the store '%s'", c->root) : 0;
}
