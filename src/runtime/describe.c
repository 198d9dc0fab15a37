/* describe.c - the plan of a creation, told instead of carried out
 *
 * The same code plans here as in create.c, told to open nothing. So what is shown is what would
 * be done, and a config that create would refuse is refused here with the same words.
 */
#include "runtime/describe.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/own.h"
#include "os/mountopt.h"
#include "runtime/cgroups.h"
#include "runtime/check.h"
#include "runtime/creation.h"
#include "runtime/resources.h"

#define ROOM(list, count) ((list)->at = arena_array(&c->mem, (count) + 1, sizeof(*(list)->at)))

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "describe the plan");
}

static int add_stages(struct creation *c, struct description *d, struct err *e)
{
	if (!ROOM(&d->stages, STAGE_COUNT))
		return out_of_memory(e);
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		const struct recipe_row *row = &stage_rows[i];

		if ((c->plan.stages >> i) & 1)
			d->stages.at[d->stages.n++] = (struct description_stage){
				.name = (char *)row->name,
				.side = (char *)(row->side == SIDE_INIT ? "init" : "runtime"),
				.phrase = (char *)row->phrase,
			};
	}
	return 0;
}

static int add_namespaces(struct creation *c, struct description *d, struct err *e)
{
	const struct oci_linux *l = c->bundle.config.platform;

	if (!ROOM(&d->namespaces, l->namespaces.n))
		return out_of_memory(e);
	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.at[i];
		bool join = ns->path && *ns->path;

		d->namespaces.at[d->namespaces.n++] = (struct description_namespace){
			.type = (char *)word_name(oci_namespace_words, ns->type.v),
			.how = (char *)(join ? "join" : "new"),
			.path = join ? ns->path : NULL,
		};
	}
	return 0;
}

static int add_cgroups(struct creation *c, struct description *d, struct err *e)
{
	if (!ROOM(&d->cgroups, c->cgroup.n))
		return out_of_memory(e);
	for (size_t i = 0; i < c->cgroup.n; i++) {
		const struct cgroup_place *p = &c->cgroup.at[i];

		d->cgroups.at[d->cgroups.n++] = (struct description_cgroup){
			.hierarchy = (char *)(p->in->version == CGROUP_V2 ? "v2" : p->in->name),
			.how = (char *)(p->made ? "new" : "existing"),
			.path = (char *)p->dir,
		};
	}
	return 0;
}

static int add_limits(struct creation *c, struct description *d, struct err *e)
{
	const struct oci_resources *r = c->bundle.config.platform->resources;
	const struct resources_host host = resources_host_of(&c->world);
	resource_writes list = { 0 };

	if (r && c->has_cgroup &&
	    resources_writes(&host, r, &(struct resources_how){ 0 }, &c->mem, &list, e) < 0)
		return -1;
	if (!ROOM(&d->limits, list.n))
		return out_of_memory(e);
	for (size_t i = 0; i < list.n; i++)
		d->limits.at[d->limits.n++] =
			(struct description_write){ (char *)list.at[i].file,
						    (char *)list.at[i].value };
	return 0;
}

static int add_mount(struct creation *c, const struct plan_mount *m, struct description_mount *ret,
		     struct err *e)
{
	static const char *const kinds[PLAN_KINDS] = {
		[PLAN_FS] = "fs",           [PLAN_BIND] = "bind",       [PLAN_MOVE] = "bind",
		[PLAN_REMOUNT] = "remount", [PLAN_SYMLINK] = "symlink",
	};
	const struct mount_attrs attrs = { m->attr_set, m->attr_clr, m->rec_set, m->rec_clr };
	own_str struct str words = { 0 };

	mountopt_words(&attrs, m->propagation, &words);
	*ret = (struct description_mount){
		.kind = (char *)(m->kind == PLAN_BIND && m->recursive ? "rbind" : kinds[m->kind]),
		.type = m->kind == PLAN_FS ? m->fs : NULL,
		.source = m->source,
		.target = m->target,
		.options = words.len ? arena_dup(&c->mem, words.at) : NULL,
		.data = m->data,
		.origin = m->origin,
	};
	return words.torn || (words.len && !ret->options) ? out_of_memory(e) : 0;
}

static int add_mounts(struct creation *c, struct description *d, struct err *e)
{
	if (!ROOM(&d->mounts, c->mounts.n))
		return out_of_memory(e);
	for (size_t i = 0; i < c->mounts.n; i++)
		if (add_mount(c, &c->mounts.list[i], &d->mounts.at[d->mounts.n++], e) < 0)
			return -1;
	return 0;
}

static int add_devices(struct creation *c, struct description *d, struct err *e)
{
	const struct plan_rootfs *r = &c->rootfs;

	if (!ROOM(&d->devices, r->devices.n) || !ROOM(&d->links, r->links.n))
		return out_of_memory(e);
	for (size_t i = 0; i < r->devices.n; i++) {
		const struct plan_device *p = &r->devices.at[i];
		char *mode = arena_printf(&c->mem, "%04o", p->mode & 07777);

		if (!mode)
			return out_of_memory(e);
		d->devices.at[d->devices.n++] = (struct description_device){
			.path = p->path,
			.type = (char *)(S_ISBLK(p->mode)    ? "b"
					 : S_ISFIFO(p->mode) ? "p"
							     : "c"),
			.mode = mode,
			.major = major(p->rdev),
			.minor = minor(p->rdev),
			.uid = p->uid,
			.gid = p->gid,
		};
	}
	for (size_t i = 0; i < r->links.n; i++)
		d->links.at[d->links.n++] =
			(struct description_link){ r->links.at[i].path, r->links.at[i].target };
	return 0;
}

static int tell(struct creation *c, struct description *d, struct err *e)
{
	*d = (struct description){
		.bundle = c->bundle.path,
		.rootfs = c->bundle.rootfs,
		.readonly = c->rootfs.readonly,
		.masked = c->rootfs.masked,
		.readonly_paths = c->rootfs.readonly_paths,
		.args = c->bundle.config.process->args,
	};
	/* its descriptors would exist only once the cgroup does */
	if (c->has_cgroup && !c->late_cgroup)
		c->plan.stages |= STAGE_BIT(ENTER_CGROUP);
	if (add_stages(c, d, e) < 0 || add_namespaces(c, d, e) < 0 || add_cgroups(c, d, e) < 0 ||
	    add_limits(c, d, e) < 0 || add_mounts(c, d, e) < 0)
		return -1;
	return add_devices(c, d, e);
}

static int plan(struct creation *c, struct err *e)
{
	const struct bundle_options b = { .config_path = c->o->config, .strict = c->o->strict };
	struct state *s = &c->container.state;

	if (bundle_read(&c->bundle, c->o->bundle, &b, e) < 0 ||
	    check_config(&c->bundle.config, c->o, e) < 0)
		return -1;
	s->id = (char *)c->o->id;
	s->bundle = c->bundle.path;
	s->oci_version = (char *)OCI_VERSION_MAX;
	if (cgroups_prepare(c, e) < 0 || creation_namespaces(c, e) < 0)
		return -1;
	return creation_plan(c, e);
}

/**
 * describe_bundle() - plan a creation and show the plan; touches nothing
 * @o:    as for container_create(), with @o->dry
 * @show: gets the description, which is gone when it returns
 */
int describe_bundle(const struct create_options *o,
		    int (*show)(void *ctx, const struct description *d, struct err *e), void *ctx,
		    struct err *e)
{
	struct creation c;
	struct description d;
	int r = -1;

	creation_init(&c, o);
	if (plan(&c, e) == 0 && tell(&c, &d, e) == 0)
		r = show(ctx, &d, e);
	creation_done(&c);
	return r;
}
