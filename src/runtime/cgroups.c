/* cgroups.c - the container's cgroup: intended, recorded, made, found again */
#include "runtime/cgroups.h"

#include <sched.h>
#include <string.h>

#include "runtime/cgroup_path.h"
#include "runtime/creation.h"
#include "runtime/freezer.h"
#include "runtime/resources.h"
#include "runtime/scope.h"

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
	return freezer_note(&c->container, e);
}

static bool may_be_late(const struct creation *c);

static const struct oci_resources *resources_of(const struct creation *c)
{
	static const struct oci_resources none;
	const struct oci_linux *l = c->bundle.config.platform;

	return l->resources ? l->resources : &none;
}

static bool by_systemd(const struct creation *c)
{
	return strcmp(c->o->cgroup_manager, "systemd") == 0;
}

static int resolve(struct creation *c, struct cgroup_path *ret_path, struct err *e)
{
	if (by_systemd(c))
		return scope_prepare(c, ret_path, e);
	return cgroup_path_resolve(c->bundle.config.platform->cgroups_path, NULL, c->o->id, &c->mem,
				   ret_path, e);
}

/* The caller's own cgroup, for the container that stays in it: a user may write no more there than
 * without us. Where it cannot be found, a mount of it will be refused. */
static void show_own(struct creation *c)
{
	struct err ignored = { 0 };

	if ((!c->world.n && cgroup_world_open(&c->world, &ignored) < 0) ||
	    cgroup_init_own(&c->shown, &c->world, &ignored) < 0)
		c->shown.n = 0;
}

/**
 * cgroups_prepare() - decide where the container's cgroup will be, and say so in its state
 *
 * Touches nothing: what is recorded here before it is made can be found after a crash.
 */
int cgroups_prepare(struct creation *c, struct err *e)
{
	const struct oci_linux *l = c->bundle.config.platform;
	const struct resources_how how = { .strict = c->o->strict };
	struct cgroup_path path;

	if (strcmp(c->o->cgroup_manager, "disabled") == 0) {
		if (c->plain_user)
			show_own(c);
		return 0;
	}
	if (cgroup_world_open(&c->world, e) < 0)
		return -1;
	if (!c->world.n && !by_systemd(c))
		return 0;
	if (l->resources && resources_check(&c->world, l->resources, &how, e) < 0)
		return -1;
	if (resolve(c, &path, e) < 0)
		return -1;
	if (cgroup_init(&c->cgroup, &c->world, path.base, path.path, e) < 0 ||
	    cgroup_plan(&c->cgroup, e) < 0)
		return -1;
	if (c->has_scope)
		cgroup_keep_parents(&c->cgroup, !text_ends(c->scope.names.unit, ".slice"));
	c->has_cgroup = true;
	c->late_cgroup = !c->has_scope && may_be_late(c);
	return note(c, e);
}

/* The part of the container's cgroup that lies in hierarchies of one version. */
static struct cgroup part_of(const struct cgroup *cg, enum cgroup_version version)
{
	struct cgroup part = { .n = 0 };

	for (size_t i = 0; i < cg->n; i++)
		if (cg->at[i].in->version == version)
			part.at[part.n++] = cg->at[i];
	return part;
}

static const struct cgroup_place *place_in(const struct cgroup *cg,
					   const struct cgroup_hierarchy *in)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->at[i].in == in)
			return &cg->at[i];
	return NULL;
}

/* What creation learned about the part's directories is true of the whole's: also that some are
 * left out. */
static void put_back(struct cgroup *cg, const struct cgroup *part, enum cgroup_version version)
{
	size_t kept = 0;

	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_place *p = &cg->at[i];

		if (p->in->version == version)
			p = place_in(part, p->in);
		if (p)
			cg->at[kept++] = *p;
	}
	cg->n = kept;
}

/* Without root a container stays in the caller's cgroups where it may have none of its own, as
 * with runc: unless the config asks for a place, or (cgroup_create()) for limits. */
static bool may_stay(const struct creation *c)
{
	const char *path = c->bundle.config.platform->cgroups_path;

	return c->plain_user && !(path && *path);
}

static int make_part(struct creation *c, enum cgroup_version version, struct err *e)
{
	struct cgroup part = part_of(&c->cgroup, version);
	const struct oci_resources *r = resources_of(c);
	const struct cgroup_create_how how = {
		.need = resources_need(&c->world, r) & cgroup_controllers(&part),
		.tolerate = may_stay(c),
	};

	if (!part.n)
		return 0;
	if (cgroup_create(&part, &how, e) < 0)
		return how.tolerate && cgroup_is_denial(e)
			       ? fail_at(e, "config.json: /linux/resources")
			       : -1;
	put_back(&c->cgroup, &part, version);
	return 0;
}

/**
 * cgroups_make_early() - make what tare-init must be born into: its v2 cgroup
 *
 * Where v1 hierarchies are left for later, their limits come later too. A scope needs a process,
 * so it is cgroups_make_scope()'s to make.
 */
int cgroups_make_early(struct creation *c, struct err *e)
{
	struct cgroup v2;

	if (!c->has_cgroup || c->has_scope)
		return 0;
	if (!c->late_cgroup)
		return cgroups_make(c, e) < 0 ? -1 : cgroup_entry_open(&c->cgroup, &c->entry, e);
	if (make_part(c, CGROUP_V2, e) < 0)
		return -1;
	v2 = part_of(&c->cgroup, CGROUP_V2);
	return v2.n ? cgroup_entry_open(&v2, &c->entry, e) : 0;
}

/* cgroups_make() - make (the rest of) the directories and set the limits */
int cgroups_make(struct creation *c, struct err *e)
{
	/* a user cannot have a device program, nor more devices than he has anyway */
	const struct resources_how how = { .no_devices = c->plain_user };

	if (!c->late_cgroup && make_part(c, CGROUP_V2, e) < 0)
		return -1;
	if (make_part(c, CGROUP_V1, e) < 0 || note(c, e) < 0)
		return -1;
	c->has_cgroup = c->cgroup.n > 0;
	if (!c->has_cgroup)
		show_own(c);
	return resources_apply(&c->cgroup, resources_of(c), &how, e);
}

/**
 * cgroups_make_scope() - have systemd make the cgroup around @pid, then do what systemd does not
 *
 * @pid waits meanwhile, and nothing of the container runs yet.
 */
int cgroups_make_scope(struct creation *c, pid_t pid, struct err *e)
{
	/* a user cannot have a device program, nor more devices than he has anyway */
	const struct resources_how how = { .adopted = true, .no_devices = c->scope.user };
	const struct oci_resources *r = resources_of(c);
	const struct cgroup_create_how create = {
		.need = resources_need(&c->world, r) & cgroup_controllers(&c->cgroup),
		.adopt = true,
		.pid = pid,
	};

	if (scope_start(c, pid, e) < 0 || cgroup_create(&c->cgroup, &create, e) < 0 ||
	    resources_apply(&c->cgroup, r, &how, e) < 0 || scope_give(c, e) < 0 || note(c, e) < 0)
		return -1;
	return container_save(&c->container, e);
}

static bool lists_below(char *const *paths, const char *folder)
{
	for (; paths && *paths; paths++)
		if (text_is_below(*paths, folder))
			return true;
	return false;
}

/* Does anything in the config come to lie on or below a cgroup mount after it? */
static bool cgroups_are_covered(const struct oci_config *config)
{
	const char *shown = NULL;

	for (size_t i = 0; i < config->mounts.n; i++) {
		const struct oci_mount *m = &config->mounts.at[i];

		if (shown &&
		    (text_is_below(m->destination, shown) || text_is_below(shown, m->destination)))
			return true;
		if (m->type && text_starts(m->type, "cgroup"))
			shown = m->destination;
	}
	return shown && (lists_below(config->platform->masked_paths, shown) ||
			 lists_below(config->platform->readonly_paths, shown));
}

/* On v1 a process enters its cgroups itself, so they may be made while it makes its mounts; unless it
 * is not certain that they can be made. */
static bool may_be_late(const struct creation *c)
{
	const struct oci_linux *l = c->bundle.config.platform;

	return part_of(&c->cgroup, CGROUP_V1).n > 0 && !c->plain_user &&
	       !oci_namespace_of(l, CLONE_NEWUSER) && !cgroups_are_covered(&c->bundle.config);
}

/* cgroups_files() - the "tasks" files that tare-init will write itself into, when it is late */
int cgroups_files(struct creation *c, char ***ret_files, struct err *e)
{
	struct cgroup v1 = part_of(&c->cgroup, CGROUP_V1);
	char **files;

	*ret_files = NULL;
	if (!c->late_cgroup)
		return 0;
	files = arena_array(&c->mem, v1.n + 1, sizeof(*files));
	for (size_t i = 0; files && i < v1.n; i++) {
		files[i] = arena_printf(&c->mem, "%s%s/tasks", v1.at[i].in->mount, v1.at[i].path);
		if (!files[i])
			files = NULL;
	}
	*ret_files = files;
	return files ? 0 : fail_errno(e, ENOMEM, "plan the cgroup");
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
