/* freezer.c - pausing by the container's cgroup */
#include "runtime/freezer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "os/file.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"

static const char v1_file[] = "/freezer.state", v2_file[] = "/cgroup.events";

/* Is @name one of the comma-separated controllers of a v1 hierarchy? */
static bool holds(const char *hierarchy, const char *name)
{
	size_t len = strlen(name);

	for (; hierarchy; hierarchy = strchr(hierarchy, ',') ? strchr(hierarchy, ',') + 1 : NULL)
		if (strncmp(hierarchy, name, len) == 0 &&
		    (hierarchy[len] == ',' || hierarchy[len] == '\0'))
			return true;
	return false;
}

/**
 * freezer_note() - write into the state which file tells whether its cgroups are frozen
 *
 * That of v1's freezer, or of v2, whose hierarchy has no name.
 */
int freezer_note(struct container *c, struct err *e)
{
	const struct state_cgroup *found = NULL;
	const char *file = v2_file;

	for (size_t i = 0; i < c->state.cgroups.n && file == v2_file; i++) {
		const struct state_cgroup *g = &c->state.cgroups.at[i];

		if (holds(g->hierarchy, "freezer"))
			file = v1_file;
		if (file == v1_file || !*g->hierarchy)
			found = g;
	}
	c->state.freezer = NULL;
	if (!found)
		return 0;
	c->state.freezer = arena_printf(&c->mem, "%s%s%s", found->mount, found->path, file);
	return c->state.freezer ? 0 : fail_errno(e, ENOMEM, "note the cgroups");
}

/**
 * freezer_is_frozen() - is the container paused?
 *
 * @state: the letter of its first process (process_try_find()): v1's freezer makes 'D' of
 *         what sleeps or runs, which spares a look at the cgroup
 *
 * By its state, without looking at the host's hierarchies: `list` asks this of each of a thousand
 * containers. A cgroup that is gone is not frozen.
 */
int freezer_is_frozen(const struct container *c, char state, bool *ret_frozen, struct err *e)
{
	const char *file = c->state.freezer;
	bool v1 = file && text_ends(file, v1_file);
	char text[256];
	int n;

	*ret_frozen = false;
	if (!file || (v1 && (state == 'S' || state == 'R')))
		return 0;
	n = file_try_read(AT_FDCWD, file, text, sizeof(text));
	if (n == -ENOENT || n == -ENODEV)
		return 0;
	if (n < 0)
		return fail_errno(e, -n, "look whether container '%s' is paused", c->state.id);
	*ret_frozen = v1 ? text_starts(text, "FR") : strstr(text, "frozen 1") != NULL;
	return 0;
}

/* freezer_set() - stop (or let go on) every process of the container */
int freezer_set(const struct container *c, bool frozen, struct err *e)
{
	own_container_cgroup struct container_cgroup g;

	if (cgroups_recall(&g, c, e) < 0)
		return -1;
	if (!g.present)
		return fail(e, ERR_UNSUPPORTED, "pause '%s': it has no cgroup", c->state.id);
	return frozen ? cgroup_freeze(&g.cgroup, e) : cgroup_thaw(&g.cgroup, e);
}
