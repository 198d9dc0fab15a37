/* check.h - is the store what it should be, and what mends it
 *
 * Every kind of damage is a row of one table (check.c): where to look, what is wrong, what mends it.
 * Nothing is changed unless asked for; a second run after a repair finds nothing.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include <stdbool.h>

#include "store/images.h"

/**
 * struct finding - one thing that is wrong
 * @kind:   its name in the table
 * @object: what it is wrong with
 * @text:   what is wrong
 * @done:   what was done about it; NULL: nothing
 */
struct finding {
	char *kind, *object, *text, *done;
};

/**
 * struct check - a check of a store
 * @root:   its folder
 * @repair: mend what is found
 * @quick:  believe sizes, and don't read blobs
 * @a:      owns @findings
 * @unmended: findings that are still true
 * @driverless: it is not known which driver made the layers
 * @rebuilt: the database is a new one: index.json knows more than it
 * @no_further: what is wrong would have to be mended before anything else can be looked at
 */
struct check {
	const char *root;
	bool repair, quick, no_further, driverless, rebuilt;
	struct arena *a;
	struct store store;
	LIST(struct finding) findings;
	size_t unmended;
};

/* a kind of finding that its repair does not mend, but the engine */
#define CHECK_CONTAINER_LEFT "container-left"

int store_check(struct check *c, struct err *e);

/* check.c, for its parts */
int check_found(struct check *c, const char *kind, const char *object, const char *text,
		const char *done, struct err *e);

bool check_is_locked(int at, const char *name);

int check_entries(struct check *c, int folder,
		  int (*look)(struct check *c, const char *name, unsigned char type, struct err *e),
		  struct err *e);

int check_each(struct check *c, enum db_statement which,
	       int (*look)(struct check *c, const char *key, struct err *e), struct err *e);

/* check_folders.c, check_blobs.c, check_images.c, check_left.c, check_snapshots.c,
 * check_containers.c: in this order */
int check_folders(struct check *c, struct err *e);
int check_database(struct check *c, struct err *e);
int check_blobs(struct check *c, struct err *e);
int check_images(struct check *c, struct err *e);
int check_layers(struct check *c, struct err *e);
int check_driver(struct check *c, struct err *e);
int check_snapshots(struct check *c, struct err *e);
int check_containers(struct check *c, struct err *e);
int check_left(struct check *c, struct err *e);
int check_index(struct check *c, struct err *e);

#endif
