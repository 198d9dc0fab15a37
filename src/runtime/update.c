/* update.c - lays new limits over those in force, and remembers the sum
 *
 * A limit may depend on another that was given earlier (memory and swap, quota and period), so
 * what is applied is the sum, and the state keeps it for the next time. Access to devices is
 * touched only by an update that speaks of it: others (GPU plugins) may have added rules. New rules
 * come after the old ones, and take their place at once, without a moment in between.
 */
#include "runtime/update.h"

#include <string.h>

#include "base/own.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"
#include "runtime/rdt.h"
#include "runtime/resources.h"

static const struct oci_resources *in_force(const struct container *c)
{
	static const struct oci_resources none;
	const struct oci_resources *r = c->config->platform->resources;

	if (c->state.resources)
		return c->state.resources;
	return r ? r : &none;
}

static int merge(struct container *c, const struct oci_resources *change, struct oci_resources *ret,
		 struct err *e)
{
	const struct oci_cpu *cpu = change->cpu;

	*ret = *in_force(c);
	if (resources_merge(ret, change, &c->mem, e) < 0)
		return -1;
	/* an idle cgroup has no weight of its own; the kernel would refuse the old one */
	if (cpu && cpu->idle.set && !cpu->shares.set)
		ret->cpu->shares = (struct opt_u64){ 0 };
	/* plain files of the kernel: the old ones would undo what is asked for now by its name */
	ret->unified = change->unified;
	return 0;
}

static int apply(struct container *c, const struct oci_resources *change, const char *doc,
		 struct err *e)
{
	const struct resources_how how = { .doc = doc,
					   .update = true,
					   .no_devices = !change->devices.n };
	own_container_cgroup struct container_cgroup g = { .present = false };
	struct oci_resources sum;

	if (cgroups_recall(&g, c, e) < 0)
		return -1;
	if (!g.present)
		return fail(e, ERR_UNSUPPORTED, "update '%s': it has no cgroup", c->state.id);
	if (merge(c, change, &sum, e) < 0 || resources_check(&g.world, &sum, &how, e) < 0 ||
	    resources_apply(&g.cgroup, &sum, &how, e) < 0)
		return -1;
	c->state.resources = &sum;
	return container_save(c, e);
}

static bool is_empty(const struct oci_resources *r)
{
	static const struct oci_resources none;

	return memcmp(r, &none, sizeof(none)) == 0;
}

/**
 * container_update() - the update command
 * @change: what is to be different; members that are absent stay what they are
 * @rdt:    likewise of its resctrl group
 * @doc:    what precedes the JSON pointer in errors: where @change comes from
 */
int container_update(int root, const char *id, const struct oci_resources *change,
		     const struct rdt_change *rdt, const char *doc, struct err *e)
{
	own_container struct container c = { .dir = FD_NONE };
	enum container_status status;

	if (container_open(&c, root, id, e) < 0 || container_lock(&c, e) < 0 ||
	    container_status(&c, &status, e) < 0)
		return -1;
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(e, ERR_CONFLICT, "container not running: '%s' is %s", id,
			    word_name(status_words, status));
	if (container_load_config(&c, e) < 0 || rdt_update(&c, rdt, e) < 0)
		return -1;
	return is_empty(change) ? 0 : apply(&c, change, doc, e);
}
