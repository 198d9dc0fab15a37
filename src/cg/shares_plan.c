/* shares_plan.c - shares become values of control files, and these are written
 *
 * Whatever cannot be divided here is refused before anything is touched.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "cg/shares.h"
#include "any/usage.h"
#include "os/file.h"

/**
 * struct kind - how a resource is divided in a hierarchy
 * @resource, @version: of what, and where
 * @file:    the control file; NULL: not at all
 * @why:     the reason for that
 * @format:  of a weight in the file
 * @of, @in: a share of @in hundredths of a percent is a weight of @of
 */
struct kind {
	enum cg_resource resource;
	enum cgroup_version version;
	const char *file, *format;
	uint64_t of, in, least;
};

/* Groups that nobody declared have v1's 1024 shares, or v2's weight of 100: what is divided here is
 * a hundred times that, so that they get little beside it. */
// clang-format off
static const struct kind kinds[] = {
	{ CG_CPU,    CGROUP_V1, "cpu.shares",            "%llu",         1024, 100,      2 },
	{ CG_CPU,    CGROUP_V2, "cpu.weight",            "%llu",         1,    1,        1 },
	{ CG_MEMORY, CGROUP_V1, "memory.limit_in_bytes", "%llu",         0,    CG_WHOLE, 0 },
	{ CG_MEMORY, CGROUP_V2, "memory.max",            "%llu",         0,    CG_WHOLE, 0 },
	{ CG_IO,     CGROUP_V1, "blkio.bfq.weight",      "%llu",         1,    10,       1 },
	{ CG_IO,     CGROUP_V2, "io.bfq.weight",         "default %llu", 1,    10,       1 },
};
static const struct kind io_cost =
	{ CG_IO,     CGROUP_V2, "io.weight",             "default %llu", 1,    1,        1 };
// clang-format on

static const char *const controllers[CG_RESOURCES] = { "cpu", "memory", "io", "" };

/* Is some disk divided by BFQ? Others have no weights on v1. */
static bool any_bfq(void)
{
	own_dir DIR *dir = opendir("/sys/block");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[NAME_MAX + 32], text[256];

		snprintf(path, sizeof(path), "%s/queue/scheduler", entry->d_name);
		if (file_try_read(dirfd(dir), path, text, sizeof(text)) >= 0 &&
		    strstr(text, "[bfq]"))
			return true;
	}
	return false;
}

/* Does io.cost divide some disk? */
static bool any_io_cost(const struct cgroup_hierarchy *h)
{
	struct err none = { 0 };
	own_fd int root = cg_mount_open(h, &none);
	char text[4096];

	return root >= 0 && file_try_read(root, "io.cost.qos", text, sizeof(text)) > 0 &&
	       strstr(text, "enable=1");
}

static int fail_resource(enum cg_resource resource, const char *why, struct err *e)
{
	return fail(e, ERR_UNSUPPORTED, "%s cannot be divided here: %s",
		    word_name(cg_resource_words, resource), why);
}

static int find_kind(const struct cgroup_world *w, enum cg_resource resource,
		     const struct kind **ret_kind, struct cg_in *ret_in, struct err *e)
{
	bool found = cg_find(w, controllers[resource], ret_in, e) == 0;

	if (!found)
		return fail_in(e, "divide %s", word_name(cg_resource_words, resource));
	if (resource == CG_IO && ret_in->at->version == CGROUP_V2 && any_io_cost(ret_in->at)) {
		*ret_kind = &io_cost;
		return 0;
	}
	if (resource == CG_IO && !any_bfq()) {
		fail_resource(CG_IO, "neither BFQ nor io.cost is at work on any disk", e);
		return fail_hint(e, "as by `echo bfq >/sys/block/DISK/queue/scheduler`");
	}
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].resource == resource && kinds[i].version == ret_in->at->version) {
			*ret_kind = &kinds[i];
			return 0;
		}
	return fail(e, ERR_BUG, "no control file divides %s",
		    word_name(cg_resource_words, resource));
}

/* What a group has of the host's memory: its share of its group's above, and so on. */
static uint64_t memory_of(const struct cg_shares *s, const struct cg_share *share, uint64_t host)
{
	uint64_t above = share->above < 0 ? host : memory_of(s, &s->at[share->above], host);

	if (!share->part[CG_MEMORY])
		return above;
	return above / CG_WHOLE * share->part[CG_MEMORY] +
	       above % CG_WHOLE * share->part[CG_MEMORY] / CG_WHOLE;
}

static uint64_t value_of(const struct cg_shares *s, const struct cg_share *share,
			 const struct kind *k, uint64_t host)
{
	uint64_t value;

	if (k->resource == CG_MEMORY)
		return memory_of(s, share, host) & ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);
	value = (share->part[k->resource] * k->of + k->in / 2) / k->in;
	return value > k->least ? value : k->least;
}

/* All steps for one resource. */
static int plan_resource(struct cg_shares *s, const struct kind *k, const struct cg_in *in,
			 const char *under, struct cg_share_plan *plan, struct err *e)
{
	uint64_t host = usage_host_memory();

	for (size_t i = 0; i < s->n; i++) {
		const struct cg_share *share = &s->at[i];
		struct cg_share_step step = { share, k->resource, *in, NULL, k->file, NULL };

		if (!share->part[k->resource])
			continue;
		step.path = arena_printf(&s->mem, "%s%s%s", under, *under ? "/" : "", share->path);
		step.value =
			arena_printf(&s->mem, "%s%llu", strchr(k->format, ' ') ? "default " : "",
				     (unsigned long long)value_of(s, share, k, host));
		if (!step.path || !step.value)
			return fail_errno(e, ENOMEM, "plan the shares");
		plan->at[plan->n++] = step;
	}
	return 0;
}

static bool is_said(const struct cg_shares *s, enum cg_resource resource)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].part[resource])
			return true;
	return false;
}

/**
 * cg_shares_plan() - what is to be written, and where
 * @under:    the group in which the tree is put; "" is the hierarchies' root
 * @ret_plan: belongs to @s
 *
 * Fails if something cannot be divided here. Touches nothing.
 */
int cg_shares_plan(const struct cgroup_world *w, struct cg_shares *s, const char *under,
		   struct cg_share_plan *ret_plan, struct err *e)
{
	struct cg_share_plan plan = { .n = 0 };

	if (cgroup_path_check(under, e) < 0)
		return -1;
	plan.at = arena_array(&s->mem, s->n * CG_RESOURCES, sizeof(*plan.at));
	if (!plan.at)
		return fail_errno(e, ENOMEM, "plan the shares");
	for (int i = 0; i < CG_RESOURCES; i++) {
		const struct kind *k = NULL;
		struct cg_in in;

		if (!is_said(s, (enum cg_resource)i))
			continue;
		if (i == CG_NET) {
			if (cg_net_plan(w, s, under, &plan.net, e) < 0)
				return -1;
			continue;
		}
		if (find_kind(w, (enum cg_resource)i, &k, &in, e) < 0 ||
		    plan_resource(s, k, &in, under, &plan, e) < 0)
			return -1;
	}
	*ret_plan = plan;
	return 0;
}

static int apply_step(const struct cg_share_step *step, struct err *e)
{
	struct cg_wrote wrote;
	own_fd int dir = cg_open(step->in.at, step->path, e);

	if (dir < 0)
		return -1;
	if (cg_write(dir, step->file, step->value, &wrote, e) < 0)
		return fail_in(e, "group '%s'", step->path);
	if (wrote.told == CG_OTHERWISE)
		log_warn("group '%s': '%s' was asked to be '%s' and is '%s'", step->path,
			 step->file, step->value, wrote.now);
	return 0;
}

/* cg_shares_apply() - make the groups, and write their values, each of which is read back */
int cg_shares_apply(const struct cg_share_plan *plan, struct err *e)
{
	static const struct cg_rights rights = {
		.tasks = { CG_KEEP, CG_KEEP },
		.all = { CG_KEEP, CG_KEEP },
		.dir_mode = CG_KEEP,
		.file_mode = CG_KEEP,
		.tasks_mode = CG_KEEP,
	};

	if (plan->net && cg_net_apply(plan->net, e) < 0)
		return -1;
	for (size_t i = 0; i < plan->n; i++) {
		struct cg_group g = { .in = { plan->at[i].in }, .n = 1 };

		snprintf(g.controllers, sizeof(g.controllers), "%s",
			 controllers[plan->at[i].resource]);
		snprintf(g.path, sizeof(g.path), "%s", plan->at[i].path);
		if (cg_create(&g, &rights, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < plan->n; i++)
		if (apply_step(&plan->at[i], e) < 0)
			return -1;
	return 0;
}
