/* ns_maps.c - the options by which ids are mapped into a new user namespace, as unshare(1) has them */
#include <unistd.h>

#include "tare/ns.h"

static const struct word setgroups_words[] = { { "allow", NS_SETGROUPS_ALLOW },
					       { "deny", NS_SETGROUPS_DENY },
					       { NULL, 0 } };

static int map_own(struct ns_map *m, const char *option, const char *file, const char *text,
		   struct err *e)
{
	if (!text)
		return 0;
	m->own = true;
	return ns_parse_name(option, file, text, &m->own_inside, e);
}

static int map_ranges(struct ns_map *m, enum ns_map_kind kind, const struct opt_list *ranges,
		      bool automatic, struct err *e)
{
	const char *option = kind == NS_MAP_USERS ? "map-users" : "map-groups";

	for (size_t i = 0; i < ranges->n; i++)
		if (ns_map_add(m, kind, ranges->at[i], e) < 0)
			return fail_in(e, "option '--%s'", option);
	return automatic && ns_map_add(m, kind, "auto", e) < 0 ? fail_in(e, "option '--map-auto'")
							       : 0;
}

/**
 * ns_parse_maps() - which ids a new user namespace is to have, by the options
 * @ret_maps: as they are wished, for ns_maps_settle()
 */
int ns_parse_maps(const struct ns_map_opts *o, struct ns_maps *ret_maps, struct err *e)
{
	struct ns_map *users = &ret_maps->users, *groups = &ret_maps->groups;
	int64_t setgroups;

	if (ns_parse_word("setgroups", setgroups_words, o->setgroups, NS_SETGROUPS_KERNEL,
			  &setgroups, e) < 0)
		return -1;
	*ret_maps = (struct ns_maps){ .setgroups = (enum ns_setgroups)setgroups };
	if (o->root || o->current) {
		users->own = groups->own = true;
		users->own_inside = o->root ? 0 : geteuid();
		groups->own_inside = o->root ? 0 : getegid();
	}
	if (map_own(users, "map-user", "/etc/passwd", o->user, e) < 0 ||
	    map_own(groups, "map-group", "/etc/group", o->group, e) < 0 ||
	    map_ranges(users, NS_MAP_USERS, &o->users, o->automatic, e) < 0)
		return -1;
	return map_ranges(groups, NS_MAP_GROUPS, &o->groups, o->automatic, e);
}
