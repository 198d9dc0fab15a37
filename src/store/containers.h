/* containers.h - what the store knows of containers: each has a folder, and is made of an image
 *
 *     containers/ID        locked by whoever works on it; what is in it is the engine's and the driver's
 *     names/NAME           a link to the ID of the container that is called so
 *
 * The folder itself says of which image it is, and how it is called, by extended attributes: so it costs
 * one inode, and the database nothing. A folder without an image's name protects none, and is what a kill
 * has left. Whoever makes one holds a shared lock on containers/ until that is said; who removes an image
 * holds an exclusive one, so that he sees all.
 */
#ifndef STORE_CONTAINERS_H
#define STORE_CONTAINERS_H

#include "store/store.h"

#define CONTAINER_ID   65  /* bytes of an id, 64 digits, with its end */
#define CONTAINER_NAME 129 /* bytes of a name, with its end */

/**
 * struct container_marks - what a container's folder says
 * @image: digest of its manifest; empty: none was said
 * @name:  empty: none
 */
struct container_marks {
	char image[DIGEST_TEXT], name[CONTAINER_NAME];
};

int store_container_make(struct store *s, const char *id, const struct digest *image,
			 struct err *e);
int store_container_marks(const struct store *s, int folder, struct container_marks *ret_marks,
			  struct err *e);
int store_container_of(struct store *s, const char *image, char ret_id[CONTAINER_ID],
		       struct err *e);

bool store_name_is_valid(const char *name);
int store_name_take(struct store *s, const char *name, const char *id, int folder, struct err *e);
int store_name_drop(struct store *s, const char *name, const char *id, struct err *e);

#endif
