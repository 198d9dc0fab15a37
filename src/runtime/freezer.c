/* freezer.c - pausing by the container's cgroup */
#include "runtime/freezer.h"

#include "runtime/cgroups.h"
#include "runtime/container.h"

int freezer_is_frozen(const struct container *c, bool *ret_frozen, struct err *e)
{
	own_container_cgroup struct container_cgroup g;
	enum cgroup_frozen state = CGROUP_THAWED;

	if (cgroups_recall(&g, c, e) < 0)
		return -1;
	if (g.present && cgroup_frozen(&g.cgroup, &state, e) < 0)
		return -1;
	*ret_frozen = state != CGROUP_THAWED;
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
