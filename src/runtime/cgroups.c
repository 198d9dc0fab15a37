/* cgroups.c - the container's cgroup: intended, recorded, made, found again */
#include "runtime/cgroups.h"

#include <string.h>

#include "runtime/cgroup_path.h"
#include "runtime/creation.h"
#include "runtime/resources.h"

_Static_assert(sizeof(struct state_cgroup) == sizeof(struct cgroup_note) &&
	       offsetof(struct state_cgroup, id) == offsetof(struct cgroup_note, id),
	       "spec/state.h and os/cgroup.h describe the same note");

static int note(struct creation *c, struct err *e)
{
	cgroup_note_list list = { 0 };

	if (cgroup_notes(&c->cgroup, &c->mem, &list, e) < 0)
		return -1;
	c->container.state.cgroups.at = (struct state_cgroup *)list.at;
	c->container.state.cgroups.n = list.n;
	return 0;
}

static const struct resources_how fresh = { .update = false };

/**
 * cgroups_prepare() - decide where the container's cgroup will be, and say so in its state
 *
 * Touches nothing: what is recorded here before it is made can be found after a crash.
 */
int cgroups_prepare(struct creation *c, struct err *e)
{
	const struct oci_linux *l = c->bundle.config.platform;
	struct cgroup_path path;

	if (strcmp(c->o->cgroup_manager, "disabled") == 0)
		return 0;
	if (cgroup_world_open(&c->world, e) < 0)
		return -1;
	if (!c->world.n)
		return 0;
	if (l->resources && resources_check(&c->world, l->resources, &fresh, e) < 0)
		return -1;
	if (cgroup_path_resolve(l->cgroups_path, NULL, c->o->id, &c->mem, &path, e) < 0)
		return -1;
	if (cgroup_init(&c->cgroup, &c->world, path.base, path.path, e) < 0 ||
	    cgroup_plan(&c->cgroup, e) < 0)
		return -1;
	c->has_cgroup = true;
	return note(c, e);
}

/* cgroups_make() - make the directories, set the limits, open the way in */
int cgroups_make(struct creation *c, struct err *e)
{
	static const struct oci_resources none;
	const struct oci_linux *l = c->bundle.config.platform;
	const struct oci_resources *r = l->resources ? l->resources : &none;
	const struct cgroup_create_how how = { .need = resources_need(&c->world, r) };

	if (!c->has_cgroup)
		return 0;
	if (cgroup_create(&c->cgroup, &how, e) < 0 || note(c, e) < 0 ||
	    resources_apply(&c->cgroup, r, &fresh, e) < 0)
		return -1;
	return cgroup_entry_open(&c->cgroup, &c->entry, e);
}

/* cgroups_recall() - find the cgroup that the container's state speaks of */
int cgroups_recall(struct container_cgroup *g, const struct container *c, struct err *e)
{
	const cgroup_note_list list = { .at = (struct cgroup_note *)c->state.cgroups.at,
					.n = c->state.cgroups.n };

	*g = (struct container_cgroup){ .present = list.n > 0 };
	if (!g->present)
		return 0;
	if (cgroup_world_open(&g->world, e) < 0)
		return -1;
	return cgroup_recall(&g->cgroup, &g->world, &list, e);
}

void cgroups_done(struct container_cgroup *g)
{
	if (!g->present)
		return;
	cgroup_done(&g->cgroup);
	cgroup_world_done(&g->world);
}
