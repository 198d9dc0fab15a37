/* choose.c - which driver a store has: the one that made it, or the first that works */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "snapshot/snapshot.h"

/* The best first. `copy` works everywhere. */
static const struct snapshot_driver *const drivers[] = { &snapshot_overlay, &snapshot_btrfs,
							 &snapshot_copy };

/* snapshot_driver_find() - by name; NULL: there is none */
const struct snapshot_driver *snapshot_driver_find(const char *name)
{
	for (size_t i = 0; i < COUNT(drivers); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

static const struct snapshot_driver *find(const char *name, struct err *e)
{
	const struct snapshot_driver *d = snapshot_driver_find(name);

	if (!d) {
		fail(e, ERR_INPUT, "there is no snapshot driver '%.32s'", name);
		fail_hint(e, "they are overlay, btrfs and copy");
	}
	return d;
}

static const struct snapshot_driver *first_that_works(struct store *s, struct err *e)
{
	for (size_t i = 0; i < COUNT(drivers); i++) {
		struct err why = { 0 };

		if (drivers[i]->probe(s, &why) == 0)
			return drivers[i];
		log_info("the snapshot driver %s does not work in '%s': %s", drivers[i]->name,
			 s->path, why.text);
	}
	fail(e, ERR_UNSUPPORTED, "no snapshot driver works in '%s'", s->path);
	return NULL;
}

static int choose(struct store *s, const char *wish, const struct snapshot_driver **ret,
		  struct err *e)
{
	const char *before;

	if (store_guess_driver(s, &before, e) < 0)
		return -1;
	/* the file is lost, or the layers are of a time when drivers had no names */
	if (before)
		*ret = snapshot_driver_find(before);
	else if (!wish)
		*ret = first_that_works(s, e);
	else if ((*ret = find(wish, e)) && (*ret)->probe(s, e) < 0)
		return fail_in(e, "use the snapshot driver %s in '%s'", wish, s->path);
	if (!*ret)
		return -1;
	return store_set_driver(s, (*ret)->name, s->user_xattrs, e);
}

/* For the first time; two may come at once. */
static int settle(struct store *s, const char *wish, const struct snapshot_driver **ret,
		  struct err *e)
{
	own_transaction t = { 0 };

	if (db_begin(&s->db, &t, e) < 0 || store_read_driver(s, e) < 0)
		return -1;
	if (!*s->driver && choose(s, wish, ret, e) < 0)
		return -1;
	return db_commit(&t, e);
}

/**
 * snapshot_driver_of() - the driver of a store, which is chosen now if nobody did yet
 * @wish: the driver that it must be; NULL: any
 */
int snapshot_driver_of(struct store *s, const char *wish, const struct snapshot_driver **ret,
		       struct err *e)
{
	const struct snapshot_driver *d = NULL;

	if (wish && !find(wish, e))
		return -1;
	if (!*s->driver && settle(s, wish, &d, e) < 0)
		return -1;
	if (wish && strcmp(wish, s->driver) != 0) {
		fail(e, ERR_CONFLICT, "use the snapshot driver %s in '%s': the store is one of %s",
		     wish, s->path, s->driver);
		return fail_hint(e, "say nothing of a driver, or use another --root");
	}
	*ret = snapshot_driver_find(s->driver);
	return *ret ? 0
		    : fail(e, ERR_UNSUPPORTED,
			   "open the store '%s': it is one of the driver '%s', "
			   "which this tare has not",
			   s->path, s->driver);
}
