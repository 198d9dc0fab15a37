/* freezer.c - pausing by the container's cgroup */
#include "runtime/freezer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "os/file.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"

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

/* Where the container can be frozen: v1's freezer, or v2, whose hierarchy has no name. */
static const struct state_cgroup *find_freezer(const struct state *s)
{
	const struct state_cgroup *v2 = NULL;

	for (size_t i = 0; i < s->cgroups.n; i++) {
		if (holds(s->cgroups.at[i].hierarchy, "freezer"))
			return &s->cgroups.at[i];
		if (!*s->cgroups.at[i].hierarchy)
			v2 = &s->cgroups.at[i];
	}
	return v2;
}

/**
 * freezer_is_frozen() - is the container paused?
 *
 * @state: the letter of its first process (process_try_find()): v1's freezer makes 'D' of
 *         what sleeps or runs, which spares a look at the cgroup
 *
 * By the names in its state, without looking at the host's hierarchies: `list` asks this of
 * each of a thousand containers. A cgroup that is gone is not frozen.
 */
int freezer_is_frozen(const struct container *c, char state, bool *ret_frozen, struct err *e)
{
	const struct state_cgroup *f = find_freezer(&c->state);
	bool v1 = f && *f->hierarchy;
	char path[4400], text[256];
	int n;

	*ret_frozen = false;
	if (!f || (v1 && (state == 'S' || state == 'R')))
		return 0;
	snprintf(path, sizeof(path), "%s%s/%s", f->mount, f->path,
		 v1 ? "freezer.state" : "cgroup.events");
	n = file_try_read(AT_FDCWD, path, text, sizeof(text));
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
