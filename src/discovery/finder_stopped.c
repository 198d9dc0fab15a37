/* finder_stopped.c - containers without a process: what the state folders have beside those that were found
 *
 * An engine keeps a container's folder until somebody removes the container. What an entry says is
 * believed no more than elsewhere: its id and what describes it are printed, and nothing else is done.
 */
#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "discovery/finder_priv.h"

/* The ids of those that have processes, or a name that is an id elsewhere. */
static int index_found(const struct finder *f, struct string_map *by_id)
{
	for (size_t i = 0; i < f->found->n; i++) {
		const struct container_found *c = &f->found->at[i];
		uint32_t *place = string_map_put(by_id, c->id, strlen(c->id));

		if (!place)
			return -ENOMEM;
		if (*place == STRING_MAP_NONE)
			*place = (uint32_t)i;
	}
	return 0;
}

/* Is it what a source further up has told of already, or one of those that run? */
static bool is_told(const struct finder *f, const struct string_map *by_id,
		    const struct state_entry *entry)
{
	size_t len = strlen(entry->id);
	const struct state_entry *first = finder_first(f, entry->id, len);

	while (first != entry && first->uid != entry->uid)
		first = finder_next(f, first);
	return first != entry || string_map_get(by_id, entry->id, len) != STRING_MAP_NONE;
}

static int add(struct finder *f, const struct state_entry *entry)
{
	uint32_t i = finder_container(f, entry->source->engine, entry->id, strlen(entry->id));
	struct container_found *c;

	if (i == STRING_MAP_NONE)
		return -ENOMEM;
	c = &f->found->at[i];
	c->status = (struct opt_word){ true, CONTAINER_EXITED };
	c->uid = (struct opt_i64){ entry->uid != f->admin, entry->uid };
	if (f->want & CONTAINERS_NAMES)
		finder_names(f, c, &f->marks[i]);
	return 0;
}

/* finder_stopped() - add them, if they are wanted; 0 or -ENOMEM */
int finder_stopped(struct finder *f)
{
	struct string_map by_id = { 0 };
	int r = f->want & CONTAINERS_STOPPED ? index_found(f, &by_id) : 0;

	for (size_t i = 0; r == 0 && (f->want & CONTAINERS_STOPPED) && i < f->n_entries; i++)
		if (!is_told(f, &by_id, &f->entries[i]))
			r = add(f, &f->entries[i]);
	string_map_done(&by_id);
	return r;
}
