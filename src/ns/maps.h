/* maps.h - which ids a new user namespace is to have, as users wish it, and their writing
 *
 * A wish is made of ranges, and of one id apart: the caller's own, under the number that he wants to
 * have inside. Where both would claim an id, the range makes room. Sources: user_namespaces(7),
 * subuid(5), newuidmap(1).
 */
#ifndef NS_MAPS_H
#define NS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "os/idmap.h"

#define NS_RANGES 340 /* the kernel's maximum */

/**
 * struct ns_map - the wish for users, or for groups
 * @own:        map the caller's own id
 * @own_inside: to this one
 * @at, @n:     ranges
 */
struct ns_map {
	bool own;
	uint32_t own_inside;
	struct idmap_range at[NS_RANGES];
	size_t n;
};

/* Users or groups: what the files and the programs are called. */
enum ns_map_kind { NS_MAP_USERS, NS_MAP_GROUPS };

enum ns_setgroups {
	NS_SETGROUPS_KERNEL, /* as it comes: denied where the kernel demands it for the maps */
	NS_SETGROUPS_ALLOW,
	NS_SETGROUPS_DENY,
};

/* struct ns_maps - all that is written for a new user namespace; zeroes: nothing */
struct ns_maps {
	struct ns_map users, groups;
	enum ns_setgroups setgroups;
};

int ns_map_add(struct ns_map *m, enum ns_map_kind kind, const char *text, struct err *e);
int ns_map_settle(struct ns_map *m, uint32_t own_outside, struct err *e);
int ns_map_write(const struct ns_map *m, enum ns_map_kind kind, pid_t pid, struct err *e);
bool ns_maps_any(const struct ns_maps *m);
int ns_maps_settle(struct ns_maps *m, struct err *e);
int ns_maps_write(const struct ns_maps *m, pid_t pid, struct err *e);
int ns_map_subids(const char *text, const char *user, uint32_t uid, struct ns_map *m, bool all,
		  struct err *e);

#endif
