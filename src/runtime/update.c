/* update.c - lays new limits over those in force, and remembers the sum
 *
 * A limit may depend on another that was given earlier (memory and swap, quota and period), so
 * what is applied is the sum, and the state keeps it for the next time. Access to devices is
 * touched only by an update that speaks of it: others (GPU plugins) may have added rules. New rules
 * come after the old ones, and take their place at once, without a moment in between.
 */
#include "runtime/update.h"

#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"
#include "runtime/rdt.h"
#include "runtime/resources.h"
#include "runtime/scope.h"

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
	/* and who asks for a weight now wants no idle one any more (systemd's rule) */
	if (cpu && cpu->shares.set && cpu->shares.v && !cpu->idle.set && ret->cpu->idle.set)
		ret->cpu->idle.v = 0;
	if (c->state.systemd_unit)
		scope_round(ret);
	/* plain files of the kernel: the old ones would undo what is asked for now by its name */
	ret->unified = change->unified;
	return 0;
}

static const char *unified(const struct oci_resources *r, const char *file)
{
	for (size_t i = 0; i < r->unified.n; i++)
		if (strcmp(r->unified.at[i].key, file) == 0)
			return r->unified.at[i].value;
	return "";
}

/* An idle cgroup has no weight. Callers that give both mean the first. */
static void warn_idle(const struct oci_resources *change)
{
	const struct oci_cpu *cpu = change->cpu;

	if ((cpu && cpu->idle.set && cpu->idle.v == 1 && cpu->shares.set && cpu->shares.v) ||
	    (strcmp(unified(change, "cpu.idle"), "1") == 0 && *unified(change, "cpu.weight")))
		log_warn("unable to apply both a CPU weight and idle: it will be idle");
}

/* -1 is no limit; what is less is a mistake, which would make it none. */
static int check_least(const struct oci_resources *r, const char *doc, struct err *e)
{
	static const struct oci_memory no_memory;
	static const struct oci_cpu no_cpu;
	static const struct oci_pids no_pids;
	const struct oci_memory *m = r->memory ? r->memory : &no_memory;
	const struct oci_cpu *cpu = r->cpu ? r->cpu : &no_cpu;
	const struct {
		struct opt_i64 value;
		const char *at;
	} rows[] = {
		{ m->limit, "/memory/limit" },
		{ m->reservation, "/memory/reservation" },
		{ m->swap, "/memory/swap" },
		{ cpu->quota, "/cpu/quota" },
		{ cpu->realtime_runtime, "/cpu/realtimeRuntime" },
		{ (r->pids ? r->pids : &no_pids)->limit, "/pids/limit" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].value.set && rows[i].value.v < -1) {
			fail(e, ERR_INPUT, "%lld is less than -1, which is no limit",
			     (long long)rows[i].value.v);
			return fail_at(e, "%s%s", doc, rows[i].at);
		}
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

	warn_idle(change);
	if (cgroups_recall(&g, c, e) < 0)
		return -1;
	if (!g.present)
		return fail(e, ERR_UNSUPPORTED, "update '%s': it has no cgroup", c->state.id);
	if (merge(c, change, &sum, e) < 0 || resources_check(&g.world, &sum, &how, e) < 0 ||
	    resources_check_usage(&g.cgroup, sum.memory, &how, e) < 0)
		return -1;
	/* systemd first: the files have the last word, as at create */
	if (scope_update(c, &g.world, &sum, &how, e) < 0 ||
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

	if (check_least(change, doc, e) < 0 || container_open(&c, root, id, e) < 0 ||
	    container_lock(&c, e) < 0 || container_status(&c, &status, e) < 0)
		return -1;
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(e, ERR_CONFLICT, "container not running: '%s' is %s", id,
			    word_name(status_words, status));
	if (container_load_config(&c, e) < 0 || rdt_update(&c, rdt, e) < 0)
		return -1;
	return is_empty(change) ? 0 : apply(&c, change, doc, e);
}
