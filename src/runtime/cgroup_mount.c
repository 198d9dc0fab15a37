/* cgroup_mount.c - shows a container its cgroups, on v1, v2 and mixtures
 *
 * v2 alone: one cgroup2 mount. Otherwise a tmpfs with a folder per hierarchy, named as on the
 * host, v2's among them. With a cgroup namespace of its own the container gets fresh mounts,
 * whose root is its own cgroup; without one, its cgroup's folders are bound.
 */
#include "runtime/cgroup_mount.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "os/cgroup.h"
#include "os/mount.h"
#include "os/mountopt.h"
#include "runtime/mount_plan.h"

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "plan the cgroup mounts");
}

static struct plan_mount *order(struct mount_plan *p, enum plan_mount_kind kind, const char *target,
				const char *origin)
{
	struct plan_mount *o = mount_plan_append(p);

	if (!o)
		return NULL;
	o->kind = kind;
	o->late = p->late_cgroups;
	o->target = arena_dup(p->mem, target);
	o->origin = arena_dup(p->mem, origin);
	return o->target && o->origin ? o : NULL;
}

/* The options by which an existing v1 hierarchy is mounted again: exactly its own. */
static char *v1_options(struct arena *a, const char *name)
{
	return text_starts(name, "name=") ? arena_printf(a, "none,%s", name) : arena_dup(a, name);
}

static int add_hierarchy(struct mount_plan *p, const struct cgroup_place *place, const char *target,
			 const char *origin, const struct mount_want *w, struct err *e)
{
	bool v2 = place->in->version == CGROUP_V2;
	struct plan_mount *o = order(p, p->own_cgroupns ? PLAN_FS : PLAN_BIND, target, origin);
	const struct mount_attrs attrs = { .set = w->attrs.set | SAFE };
	int r;

	if (!o)
		return out_of_memory(e);
	o->attr_set = attrs.set;
	o->fs = (char *)(v2 ? "cgroup2" : "cgroup");
	o->source = (char *)"cgroup";
	if (p->own_cgroupns) {
		o->data = v2 ? (w->data.at ? arena_dup(p->mem, w->data.at) : NULL)
			     : v1_options(p->mem, place->in->name);
		return 0;
	}
	o->source = arena_printf(p->mem, "%s%s", place->in->mount, place->path);
	if (!o->source)
		return out_of_memory(e);
	if (!p->open || p->late_cgroups || p->unmade_cgroups)
		return 0;
	o->fd = mount_clone(AT_FDCWD, o->source, true, false, e);
	if (o->fd < 0)
		return e->sysno == ENOSYS ? 0 : -1;
	r = mount_try_propagate((int)o->fd, MS_PRIVATE | MS_REC);
	if (r == 0)
		return mount_set((int)o->fd, &attrs, e);
	(void)close((int)o->fd);
	o->fd = -1; /* Linux < 5.12: tare-init binds it by its path */
	return r == -ENOSYS ? 0 : fail_errno(e, -r, "part '%s' from the host's mounts", o->source);
}

/* "cpu,cpuacct" is also known as "cpu" and as "cpuacct". */
static int add_aliases(struct mount_plan *p, const char *base, const char *folder,
		       const char *origin, struct err *e)
{
	const char *rest = folder;

	if (!strchr(folder, ','))
		return 0;
	while (*rest) {
		size_t n = strcspn(rest, ",");
		char *target = arena_printf(p->mem, "%s/%.*s", base, (int)n, rest);
		struct plan_mount *o = target ? order(p, PLAN_SYMLINK, target, origin) : NULL;

		if (!o)
			return out_of_memory(e);
		o->source = arena_dup(p->mem, folder);
		rest += n + (rest[n] == ',');
	}
	return 0;
}

static int add_mixed(struct mount_plan *p, const char *base, const char *origin,
		     const struct mount_want *w, struct err *e)
{
	struct plan_mount *o = order(p, PLAN_FS, base, origin);

	if (!o)
		return out_of_memory(e);
	o->fs = (char *)"tmpfs";
	o->source = (char *)"cgroup";
	o->data = (char *)"mode=755";
	o->attr_set = SAFE;
	if (mount_plan_label(p, o, e) < 0)
		return -1;
	for (size_t i = 0; i < p->cgroup->n; i++) {
		const struct cgroup_place *place = &p->cgroup->at[i];
		const char *folder = strrchr(place->in->mount, '/') + 1;
		char *target = arena_printf(p->mem, "%s/%s", base, folder);

		if (!target)
			return out_of_memory(e);
		if (add_hierarchy(p, place, target, origin, w, e) < 0 ||
		    add_aliases(p, base, folder, origin, e) < 0)
			return -1;
	}
	if (!(w->attrs.set & MOUNT_ATTR_RDONLY))
		return 0;
	o = order(p, PLAN_REMOUNT, base, origin);
	if (!o)
		return out_of_memory(e);
	o->attr_set = MOUNT_ATTR_RDONLY;
	return 0;
}

/**
 * cgroup_mount_add() - plan what a mount of type "cgroup" or "cgroup2" asks for
 */
int cgroup_mount_add(struct mount_plan *p, const struct oci_mount *m, const char *origin,
		     const struct mount_want *w, struct err *e)
{
	char *base = mount_plan_clean(p->mem, m->destination);
	const struct cgroup_place *v2 = p->cgroup ? cgroup_v2(p->cgroup) : NULL;
	bool only_v2 = v2 && p->cgroup->n == 1;

	if (!base)
		return out_of_memory(e);
	if (!p->cgroup)
		return fail(e, ERR_UNSUPPORTED, "mount cgroups on '%s': the container has none",
			    base);
	if (strcmp(m->type, "cgroup2") == 0 && !v2)
		return fail(e, ERR_UNSUPPORTED, "mount cgroup2 on '%s': this host has no cgroup v2",
			    base);
	if (only_v2 || strcmp(m->type, "cgroup2") == 0)
		return add_hierarchy(p, v2, base, origin, w, e);
	return add_mixed(p, base, origin, w, e);
}
