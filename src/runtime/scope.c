/* scope.c - the systemd unit of a container: wished for, made, found again, removed
 *
 * The unit's name goes into the state before systemd hears of it. What a killed runtime leaves
 * is found by that name, and known for ours by its description, which says whose container it
 * is: of all that is true of the unit, only that cannot be true of somebody else's.
 */
#include "runtime/scope.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "os/file.h"
#include "runtime/container.h"
#include "runtime/creation.h"
#include "runtime/systemd.h"

#define SUBGROUP "run.oci.systemd.subgroup"
#define DELEGATE "run.oci.delegate-cgroup"

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "plan the systemd scope");
}

/* The same text whoever asks, by whichever name he knows the state root. */
static char *describe(int root, const char *id, struct arena *a)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", root);
	n = root < 0 ? -1 : readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return arena_printf(a, "container %s of %s", id, path);
}

/* The user that we are outside: in a user namespace of his own he is root, but not the machine's. */
static uid_t outer_uid(void)
{
	uid_t uid = geteuid();
	unsigned long inside, outside, count;
	char text[4096];

	if (file_try_read(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) <= 0)
		return uid;
	for (const char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (sscanf(at, "%lu %lu %lu", &inside, &outside, &count) == 3 && uid >= inside &&
		    uid - inside < count)
			return (uid_t)(outside + (uid - inside));
	return uid;
}

/* --- prepare ---------------------------------------------------------------------------------- */

/* A path below the scope, from an annotation; NULL where there is none. */
static int below(const struct creation *c, const char *key, const char **ret_path, struct err *e)
{
	const char *path = oci_annotation(&c->bundle.config, key);

	*ret_path = path && *path ? path : NULL;
	if (*ret_path && cgroup_path_check(path, e) < 0) {
		fail_in(e, "read the annotation %s", key);
		return fail_at(e, "config.json: /annotations/%s", key);
	}
	return 0;
}

static int check_delegate(const struct creation *c, const char *subgroup, struct err *e)
{
	const char *lacks = NULL;

	if (!c->delegate)
		return 0;
	if (!subgroup)
		lacks = "the annotation " SUBGROUP;
	if (resources_host_of(&c->world).v1)
		lacks = "cgroup v2, on v1 it is not safe";
	if (!lacks)
		return 0;
	fail(e, ERR_UNSUPPORTED, DELEGATE " needs %s", lacks);
	return fail_at(e, "config.json: /annotations/" DELEGATE);
}

static int check_user(const struct creation *c, struct err *e)
{
	if (!c->scope.user || !resources_host_of(&c->world).v1)
		return 0;
	fail(e, ERR_UNSUPPORTED, "a user's own systemd has no cgroup v1 controllers to give");
	return fail_hint(e, "use cgroup v2, or --cgroup-manager=disabled");
}

static int draft(struct creation *c, struct err *e)
{
	const struct oci_resources *r = c->bundle.config.platform->resources;
	const struct systemd_limits limits = { .host = resources_host_of(&c->world),
					       .resources = r };
	own_str struct str text = { 0 };

	if (systemd_draft(&c->scope, &limits, &c->bundle.config.annotations, &text, e) < 0)
		return -1;
	c->scope_draft = arena_dup(&c->mem, text.at);
	return c->scope_draft ? 0 : out_of_memory(e);
}

/**
 * scope_prepare() - decide what the unit is called and what it is to be; touches nothing
 * @ret_path: where its cgroup will be
 *
 * c->world must be open.
 */
int scope_prepare(struct creation *c, struct cgroup_path *ret_path, struct err *e)
{
	const struct oci_linux *l = c->bundle.config.platform;
	struct systemd_wish wish = { .cgroups_path = l->cgroups_path,
				     .prefix = c->o->unit_prefix,
				     .id = c->o->id,
				     .uid = outer_uid() };
	struct systemd_names *names = &c->scope.names;
	const char *subgroup;

	wish.user = c->scope.user = wish.uid != 0;
	if (systemd_check(wish.user, e) < 0 || check_user(c, e) < 0)
		return -1;
	if (systemd_names_resolve(&wish, &c->mem, names, e) < 0 ||
	    below(c, SUBGROUP, &subgroup, e) < 0 || below(c, DELEGATE, &c->delegate, e) < 0 ||
	    check_delegate(c, subgroup, e) < 0)
		return -1;
	if (l->resources)
		scope_round(l->resources);
	c->scope.description = describe(c->container.root, c->o->id, &c->mem);
	ret_path->base = CGROUP_AT_ROOT;
	ret_path->path = arena_printf(&c->mem, "%s/%s", names->path, subgroup ? subgroup : "");
	if (!c->scope.description || !ret_path->path)
		return out_of_memory(e);
	if (draft(c, e) < 0)
		return -1;
	c->container.state.systemd_cgroup = true;
	c->container.state.systemd_unit = (char *)names->unit;
	c->has_scope = true;
	return 0;
}

/* scope_round() - give a quota the value that systemd will, see systemd_round_quota() */
void scope_round(struct oci_resources *r)
{
	struct oci_cpu *cpu = r->cpu;

	if (cpu && cpu->quota.set)
		cpu->quota.v =
			systemd_round_quota(cpu->quota.v, cpu->period.set ? cpu->period.v : 0);
}

/* --- make ------------------------------------------------------------------------------------- */

/* The hierarchy in which systemd keeps its units: v2, or the v1 one of its name. */
static const struct cgroup_hierarchy *systemds(const struct cgroup_world *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->at[i].name, "name=systemd") == 0)
			return &w->at[i];
	return cgroup_world_v2(w);
}

/**
 * scope_start() - have systemd make the unit around @pid, and see that it is where we look for it
 */
int scope_start(struct creation *c, pid_t pid, struct err *e)
{
	const struct cgroup_hierarchy *h = systemds(&c->world);
	const struct systemd_names *names = &c->scope.names;
	char path[CGROUP_PATH_MAX];

	c->scope_tried = true;
	if (systemd_start(&c->scope, pid, c->scope_draft, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s%s", h ? h->mount : "", names->path);
	if (h && access(path, F_OK) == 0)
		return 0;
	fail(e, ERR_SYSTEM, "systemd unit '%s' is not in cgroup '%s'", names->unit, path);
	return fail_hint(e, "does this machine's systemd see other cgroups than we do?");
}

/* --- hand over -------------------------------------------------------------------------------- */

/* The container may write to its cgroup files: it has them mounted so, in namespaces of its own. */
static bool is_writable(const struct creation *c)
{
	const struct oci_config *config = &c->bundle.config;

	if (!c->new_userns || !c->plan.cgroup_namespace)
		return false;
	for (size_t i = 0; i < config->mounts.n; i++) {
		const struct oci_mount *m = &config->mounts.at[i];
		bool ro = false;

		if (!m->type || !text_starts(m->type, "cgroup"))
			continue;
		for (char **o = m->options; o && *o; o++)
			ro |= strcmp(*o, "ro") == 0;
		if (!ro)
			return true;
	}
	return false;
}

static bool root_of(const oci_idmaps *maps, uid_t *ret_uid)
{
	for (size_t i = 0; i < maps->n; i++)
		if (maps->at[i].container_id == 0 && maps->at[i].size) {
			*ret_uid = maps->at[i].host_id;
			return true;
		}
	return false;
}

/* The kernel says which files of a cgroup go with it. (cgroups(7), Delegation) */
static int give_files(int dir, const char *path, uid_t uid, struct err *e)
{
	own_mem char *list = NULL;
	char *save, *name;
	int n = file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", 4096, &list, e);

	if (n < 0)
		return -1;
	if (fchownat(dir, "", uid, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return fail_sys(e, "give cgroup '%s' to the container", path);
	for (name = strtok_r(list, "\n", &save); name; name = strtok_r(NULL, "\n", &save))
		if (fchownat(dir, name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return fail_sys(e, "give '%s/%s' to the container", path, name);
	return 0;
}

static int give_place(const struct creation *c, const struct cgroup_place *p, struct err *e)
{
	own_fd int dir = FD_NONE;
	uid_t uid;

	/* his cgroup is the user's own already */
	if (!p || c->scope.user || !is_writable(c) ||
	    !root_of(&c->bundle.config.platform->uid_mappings, &uid))
		return 0;
	dir = cgroup_place_open(p, e);
	return dir < 0 ? -1 : give_files(dir, p->dir, uid, e);
}

/* scope_give() - where the container has its cgroup to itself, its root owns it */
int scope_give(struct creation *c, struct err *e)
{
	return give_place(c, cgroup_v2(&c->cgroup), e);
}

/**
 * scope_delegate() - move the process on, into a cgroup without limits that it may do with as it likes
 *
 * Its cgroup namespace, made before, shows it the one with the limits as the root.
 */
int scope_delegate(struct creation *c, struct err *e)
{
	const struct cgroup_create_how how = { .adopt = true, .pid = c->pid };
	const struct cgroup_place *above = cgroup_v2(&c->cgroup);
	own_cgroup struct cgroup inner = { .n = 0 };
	const char *path;

	if (!c->delegate)
		return 0;
	path = arena_printf(&c->mem, "%s/%s", above->path, c->delegate);
	if (!path)
		return out_of_memory(e);
	if (cgroup_init(&inner, &c->world, CGROUP_AT_ROOT, path, e) < 0 ||
	    cgroup_plan(&inner, e) < 0 || cgroup_create(&inner, &how, e) < 0)
		return fail_in(e, DELEGATE);
	return give_place(c, cgroup_v2(&inner), e);
}

/* --- later commands --------------------------------------------------------------------------- */

static int recall(const struct container *c, struct arena *a, struct systemd_scope *ret,
		  struct err *e)
{
	*ret = (struct systemd_scope){ .names.unit = c->state.systemd_unit,
				       .user = outer_uid() != 0,
				       .description = describe(c->root, c->state.id, a) };
	return ret->description ? 0 : out_of_memory(e);
}

/**
 * scope_update() - tell systemd new limits, where the container has a unit
 */
int scope_update(const struct container *c, const struct cgroup_world *w,
		 const struct oci_resources *r, const struct resources_how *how, struct err *e)
{
	const struct systemd_limits limits = { .host = resources_host_of(w),
					       .how = *how,
					       .resources = r };
	own_arena struct arena mem = { 0 };
	struct systemd_scope scope;

	if (!c->state.systemd_unit)
		return 0;
	return recall(c, &mem, &scope, e) < 0 ? -1 : systemd_update(&scope, &limits, e);
}

/**
 * scope_remove() - have the unit removed, where the container has one; that it is gone is no error
 *
 * Its processes should have ended: systemd would give them a minute and a half.
 */
int scope_remove(const struct container *c, struct err *e)
{
	own_arena struct arena mem = { 0 };
	struct systemd_scope scope;

	if (!c->state.systemd_unit)
		return 0;
	return recall(c, &mem, &scope, e) < 0 ? -1 : systemd_stop(&scope, e);
}
