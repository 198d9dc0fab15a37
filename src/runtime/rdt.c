/* rdt.c - a share of caches and memory bandwidth: the resctrl group is made, entered, removed
 *
 * Source: config-linux.md "IntelRdt". A group that closID names belongs to whoever knows that
 * name: it is made when it is missing, and never removed. Without closID it is the container's,
 * and goes with it, as its monitoring group does in either case. The state says which group it is
 * and what of it we make, before it is made.
 */
#include "runtime/rdt.h"

#include <string.h>

#include "base/own.h"
#include "os/resctrl.h"
#include "runtime/creation.h"

static const struct oci_intel_rdt *rdt_of(const struct creation *c)
{
	return c->bundle.config.platform->intel_rdt;
}

static bool has_closid(const struct oci_intel_rdt *r)
{
	return r->clos_id && *r->clos_id;
}

/* The folder below the root; closID "/" is the root itself. */
static const char *group_of(const struct oci_intel_rdt *r, const char *id)
{
	if (!has_closid(r))
		return id;
	return strcmp(r->clos_id, "/") == 0 ? "." : r->clos_id;
}

static bool wants_monitoring(const struct oci_intel_rdt *r)
{
	/* the two of 1.1 and 1.2 became one in 1.3 */
	return r->enable_monitoring || r->enable_cmt || r->enable_mbm;
}

static bool is_given(const char *schema)
{
	return schema && *schema;
}

static bool has_schemata(const struct oci_intel_rdt *r)
{
	return is_given(r->l3_cache_schema) || is_given(r->mem_bw_schema) ||
	       (r->schemata && *r->schemata);
}

/* --- refusals ------------------------------------------------------------------------------------ */

static int fail_member(const char *member, struct err *e)
{
	return fail_at(e, "config.json: /linux/intelRdt%s", member);
}

static int check_schema(const char *schema, const char *prefix, const char *member, struct err *e)
{
	if (!is_given(schema))
		return 0;
	if (strchr(schema, '\n'))
		fail(e, ERR_INPUT, "a schema is one line, without a line end");
	else if (!text_starts(schema, prefix) || !strchr(schema, ':'))
		fail(e, ERR_INPUT, "schema '%s' does not begin with '%s'", schema,
		     *prefix ? prefix : "NAME:");
	else
		return 0;
	return *member ? fail_member(member, e) : -1;
}

static int check_schemata(const struct oci_intel_rdt *r, struct err *e)
{
	if (check_schema(r->l3_cache_schema, "L3", "/l3CacheSchema", e) < 0 ||
	    check_schema(r->mem_bw_schema, "MB:", "/memBwSchema", e) < 0)
		return -1;
	for (size_t i = 0; r->schemata && r->schemata[i]; i++)
		if (check_schema(r->schemata[i], "", "", e) < 0)
			return fail_at(e, "config.json: /linux/intelRdt/schemata/%zu", i);
	return 0;
}

static int check_group(const struct oci_intel_rdt *r, const char *id, int root, struct err *e)
{
	const char *group = group_of(r, id);

	if (strcmp(group, ".") != 0 && !resctrl_name_fits(group)) {
		fail(e, ERR_INPUT, "'%s' is no name of a resctrl group", group);
		return fail_member("/closID", e);
	}
	if (!has_closid(r) || has_schemata(r) || resctrl_exists(root, group))
		return 0;
	fail(e, ERR_ABSENT, "there is no resctrl group '%s'", r->clos_id);
	fail_hint(e, "without a schema to make it by, it must exist");
	return fail_member("/closID", e);
}

/* The root of the resctrl file system, and where it is. */
static int open_root(char ret_path[PATH_MAX], struct err *e)
{
	return resctrl_find(ret_path, e) < 0 ? -1 : resctrl_open(ret_path, e);
}

/**
 * rdt_check() - refuse what cannot be done; touches nothing
 */
int rdt_check(const struct oci_config *c, const char *id, struct err *e)
{
	const struct oci_intel_rdt *r = c->platform->intel_rdt;
	own_fd int root = FD_NONE;
	char path[PATH_MAX];

	if (!r)
		return 0;
	if (check_schemata(r, e) < 0)
		return -1;
	root = open_root(path, e);
	return root < 0 ? fail_member("", e) : check_group(r, id, root, e);
}

/* --- create -------------------------------------------------------------------------------------- */

/**
 * rdt_prepare() - say in the state which group it will be, and what of it will be made
 */
int rdt_prepare(struct creation *c, struct err *e)
{
	const struct oci_intel_rdt *r = rdt_of(c);
	struct state_rdt *s;
	own_fd int root = FD_NONE;
	char path[PATH_MAX];

	if (!r)
		return 0;
	root = open_root(path, e);
	if (root < 0)
		return -1;
	s = arena_alloc(&c->mem, sizeof(*s));
	if (!s || !(s->root = arena_dup(&c->mem, path)))
		return fail_errno(e, ENOMEM, "plan the resctrl group");
	s->group = (char *)group_of(r, c->o->id);
	s->made = !has_closid(r) && !resctrl_exists(root, s->group);
	if (wants_monitoring(r)) {
		s->monitor = arena_printf(&c->mem, "%s/mon_groups/%s", s->group, c->o->id);
		if (!s->monitor)
			return fail_errno(e, ENOMEM, "plan the resctrl group");
		if (resctrl_exists(root, s->monitor)) {
			fail(e, ERR_CONFLICT, "resctrl group '%s' exists", s->monitor);
			return fail_member("/enableMonitoring", e);
		}
	}
	c->container.state.intel_rdt = s;
	return 0;
}

/* The members in the order that the specification gives them. */
static int each_line(const struct oci_intel_rdt *r,
		     int (*visit)(void *ctx, const char *line, struct err *e), void *ctx,
		     struct err *e)
{
	if (is_given(r->l3_cache_schema) && visit(ctx, r->l3_cache_schema, e) < 0)
		return -1;
	if (is_given(r->mem_bw_schema) && visit(ctx, r->mem_bw_schema, e) < 0)
		return -1;
	for (char **s = r->schemata; s && *s; s++)
		if (visit(ctx, *s, e) < 0)
			return -1;
	return 0;
}

static int add_line(void *ctx, const char *line, struct err *e __attribute__((unused)))
{
	str_addf(ctx, "%s\n", line);
	return 0;
}

struct group {
	int root;
	const char *name;
};

static int compare_line(void *ctx, const char *line, struct err *e)
{
	const struct group *g = ctx;

	return resctrl_check_schemata(g->root, g->name, line, e);
}

static int write_lines(int root, const char *group, const struct oci_intel_rdt *r, struct err *e)
{
	own_str struct str lines = { 0 };

	(void)each_line(r, add_line, &lines, e);
	if (lines.torn)
		return fail_errno(e, ENOMEM, "write the schemata");
	return lines.len ? resctrl_write_schemata(root, group, lines.at, e) : 0;
}

static int settle_group(const struct oci_intel_rdt *r, const struct state_rdt *s, int root,
			struct err *e)
{
	struct group g = { root, s->group };

	if (resctrl_exists(root, s->group))
		return each_line(r, compare_line, &g, e);
	if (resctrl_make(root, s->group, e) < 0)
		return -1;
	if (write_lines(root, s->group, r, e) == 0)
		return 0;
	/* a group by closID is nobody's who could remove it later */
	(void)resctrl_remove(root, s->group, &(struct err){ 0 });
	return -1;
}

/**
 * rdt_apply() - make the group where it is missing, and put the container's process into it
 */
int rdt_apply(struct creation *c, struct err *e)
{
	const struct state_rdt *s = c->container.state.intel_rdt;
	own_fd int root = resctrl_open(s->root, e);

	if (root < 0)
		return -1;
	if (settle_group(rdt_of(c), s, root, e) < 0)
		return fail_member("", e);
	if (s->monitor && resctrl_make(root, s->monitor, e) < 0)
		return fail_member("/enableMonitoring", e);
	return rdt_enter(&c->container.state, c->pid, e);
}

/* rdt_enter() - put a process into the container's groups; nothing where it has none */
int rdt_enter(const struct state *s, pid_t pid, struct err *e)
{
	const struct state_rdt *r = s->intel_rdt;
	own_fd int root = FD_NONE;

	if (!r)
		return 0;
	root = resctrl_open(r->root, e);
	if (root < 0 || resctrl_enter(root, r->group, pid, e) < 0)
		return -1;
	return r->monitor ? resctrl_enter(root, r->monitor, pid, e) : 0;
}

/* --- update and delete --------------------------------------------------------------------------- */

/* rdt_update() - other shares for the container's group, and for all that are in it */
int rdt_update(const struct container *c, const struct rdt_change *change, struct err *e)
{
	const struct state_rdt *s = c->state.intel_rdt;
	const struct oci_intel_rdt r = { .l3_cache_schema = (char *)change->l3_cache,
					 .mem_bw_schema = (char *)change->mem_bw };
	own_fd int root = FD_NONE;

	if (!has_schemata(&r))
		return 0;
	if (check_schema(r.l3_cache_schema, "L3", "", e) < 0 ||
	    check_schema(r.mem_bw_schema, "MB:", "", e) < 0)
		return fail_in(e, "update '%s'", c->state.id);
	if (!s) {
		fail(e, ERR_UNSUPPORTED, "update '%s': it has no resctrl group", c->state.id);
		return fail_hint(e, "linux.intelRdt in its config gives it one");
	}
	root = resctrl_open(s->root, e);
	return root < 0 ? -1 : write_lines(root, s->group, &r, e);
}

/* rdt_remove() - remove what was made for the container; may be repeated */
int rdt_remove(const struct state *s, struct err *e)
{
	const struct state_rdt *r = s->intel_rdt;
	own_fd int root = FD_NONE;

	if (!r)
		return 0;
	root = resctrl_open(r->root, e);
	/* unmounted, and every group gone with it */
	if (root < 0)
		return e->sysno == ENOENT ? 0 : -1;
	if (r->monitor && resctrl_remove(root, r->monitor, e) < 0)
		return -1;
	return r->made ? resctrl_remove(root, r->group, e) : 0;
}
