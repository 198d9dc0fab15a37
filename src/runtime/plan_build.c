/* plan_build.c - the config as tare-init's orders */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "os/caps.h"
#include "os/mount.h"
#include "os/sys.h"
#include "runtime/cgroups.h"
#include "runtime/creation.h"
#include "runtime/host_hooks.h"
#include "runtime/seccomp_plan.h"

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "make the plan");
}

/* What the root's mounts are to the host's: by default slaves, but the root itself private, as a
 * shared one cannot be pivoted to, and criu cannot restore one that is a slave of ours. */
static int settle_root(const struct plan_rootfs *r, int tree)
{
	uint64_t kind = r->propagation & (MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE);
	int done = 0;

	if (!(r->propagation & MS_SHARED))
		done = mount_try_propagate(tree, (kind ? kind : MS_SLAVE) | MS_REC);
	return done < 0 || kind ? done : mount_try_propagate(tree, MS_PRIVATE);
}

/* A detached copy of the root's mount tree; -1 in r->fd where the kernel cannot make one, or (before
 * Linux 5.12) not one that is no peer of the host's: then init binds the root onto itself. */
static int open_root(struct plan_rootfs *r, struct err *e)
{
	own_fd int tree = mount_clone(AT_FDCWD, r->path, true, false, e);
	int settled;

	if (tree < 0)
		return e->sysno == ENOSYS ? 0 : fail_in(e, "open the root '%s'", r->path);
	settled = settle_root(r, tree);
	if (settled == -ENOSYS)
		return 0;
	if (settled < 0)
		return fail_errno(e, -settled, "set the propagation of the root '%s'", r->path);
	r->fd = give_fd(&tree);
	return 0;
}

/* The tmpfs over masked folders has the label that every other has. */
static char *mask_data(struct creation *c)
{
	const char *label = c->bundle.config.platform->mount_label;

	return label && *label ? arena_printf(&c->mem, "nr_inodes=2,context=\"%s\"", label) : NULL;
}

static bool has_runtime_hooks(const struct oci_hooks *h)
{
	return h && (h->prestart.n || h->create_runtime.n);
}

static int build_rootfs(struct creation *c, struct err *e)
{
	const struct oci_config *config = &c->bundle.config;
	const struct oci_linux *l = config->platform;
	struct plan_rootfs *r = &c->rootfs;

	*r = (struct plan_rootfs){
		.path = c->bundle.rootfs,
		.readonly = config->root->readonly,
		.no_pivot = c->o->no_pivot,
		.in_place = has_runtime_hooks(config->hooks) ||
			    (config->hooks && config->hooks->create_container.n),
		.propagation = l->rootfs_propagation.set ? (uint64_t)l->rootfs_propagation.v : 0,
		.masked = l->masked_paths,
		.readonly_paths = l->readonly_paths,
		.fd = -1,
	};
	c->plan.rootfs = r;
	c->mounts = (struct mount_plan){
		.mem = &c->mem,
		.config = config,
		.bundle = c->bundle.path,
		.rootfs = c->bundle.rootfs,
		.cgroup = c->has_cgroup ? &c->cgroup
			  : c->shown.n  ? &c->shown
					: NULL,
		.late_cgroups = c->late_cgroup,
		.unmade_cgroups = c->has_scope,
		.own_cgroupns = c->plan.cgroup_namespace,
		.own_userns = c->plan.in_userns,
		.propagation = r->propagation,
		.open = !c->o->dry,
	};
	if ((!c->o->dry && open_root(r, e) < 0) || mount_plan_make(&c->mounts, e) < 0)
		return -1;
	r->mask_data = mask_data(c);
	if (l->mount_label && *l->mount_label && !r->mask_data)
		return out_of_memory(e);
	r->mounts.at = c->mounts.list;
	r->mounts.n = c->mounts.n;
	return creation_devices(c, e);
}

static int open_hook_output(struct creation *c, struct err *e)
{
	const struct state *s = &c->container.state;

	if (c->o->dry)
		return 0;
	if (host_hooks_open_output(s, HOOKS_STDOUT, &c->hook_out, e) < 0 ||
	    host_hooks_open_output(s, HOOKS_STDERR, &c->hook_err, e) < 0)
		return -1;
	c->plan.hook_out = c->hook_out;
	c->plan.hook_err = c->hook_err;
	return 0;
}

static int build_hooks(struct creation *c, struct err *e)
{
	const struct oci_hooks *h = c->bundle.config.hooks;
	struct plan *p = &c->plan;
	char *text;

	if (!h)
		return 0;
	p->create_container = h->create_container;
	p->start_container = h->start_container;
	if (h->create_container.n)
		p->hook_env = environ;
	if (h->create_container.n || h->start_container.n) {
		/* inside, the container's process is 1, or whatever it will see; hooks get the host's */
		text = container_state_text(&c->container, STATUS_CREATING, false, e);
		if (!text)
			return -1;
		p->state_created = arena_dup(&c->mem, text);
		free(text);
		text = container_state_text(&c->container, STATUS_CREATED, false, e);
		if (!text)
			return -1;
		p->state_start = arena_dup(&c->mem, text);
		free(text);
		return open_hook_output(c, e);
	}
	return 0;
}

static void set_stage(struct plan *p, enum stage s, bool on)
{
	if (on)
		p->stages |= 1ULL << s;
}

static bool has_late_mounts(const struct plan_rootfs *r)
{
	for (size_t i = 0; i < r->mounts.n; i++)
		if (r->mounts.at[i].late)
			return true;
	return false;
}

/* A new network namespace has a loopback device, but down; every peer brings it up. */
static bool makes_network(const struct oci_linux *l)
{
	const struct oci_namespace *net = oci_namespace_of(l, CLONE_NEWNET);

	return net && !net->path;
}

/* Which rows of the table this container needs. */
static void choose_stages(struct creation *c)
{
	const struct oci_config *config = &c->bundle.config;
	struct plan *p = &c->plan;
	bool early_filter = p->has_seccomp && !p->process->no_new_privileges;

	set_stage(p, STAGE_JOIN, p->joins.n || p->unshare || p->fork || p->in_userns);
	set_stage(p, STAGE_SCOPE, c->has_scope);
	set_stage(p, STAGE_ENTER_CGROUP,
		  !c->late_cgroup && (p->cgroup_tasks.n || p->cgroup_namespace));
	set_stage(p, STAGE_MAKE_CGROUP, c->late_cgroup);
	set_stage(p, STAGE_ENTER_CGROUP_LATE, c->late_cgroup);
	set_stage(p, STAGE_LATE_MOUNTS, has_late_mounts(&c->rootfs));
	set_stage(p, STAGE_HOST_FACTS,
		  p->process->oom_score_adj.set || p->rlimits_done || c->delegate);
	set_stage(p, STAGE_RDT, config->platform->intel_rdt != NULL);
	set_stage(p, STAGE_NET_DEVICES, config->platform->net_devices.n > 0);
	set_stage(p, STAGE_UTS, p->hostname || p->domainname);
	set_stage(p, STAGE_LOOPBACK, makes_network(config->platform));
	set_stage(p, STAGE_SYSCTL, p->sysctl.n > 0);
	set_stage(p, STAGE_ROOTFS, true);
	set_stage(p, STAGE_MOUNTS, c->rootfs.mounts.n > 0);
	set_stage(p, STAGE_DEVICES, c->rootfs.devices.n || c->rootfs.links.n);
	set_stage(p, STAGE_MASKS, c->rootfs.masked || c->rootfs.readonly_paths);
	set_stage(p, STAGE_HOOKS_RUNTIME, has_runtime_hooks(config->hooks));
	set_stage(p, STAGE_HOOKS_CONTAINER, p->create_container.n > 0);
	set_stage(p, STAGE_PIVOT, true);
	set_stage(p, STAGE_CONSOLE, true);
	set_stage(p, STAGE_HOME, c->home > 0);
	set_stage(p, STAGE_PROGRAM, true);
	set_stage(p, STAGE_PRIVILEGES, !early_filter);
	set_stage(p, STAGE_CREATED, !c->o->start);
	set_stage(p, STAGE_WAIT_START, !c->o->start);
	set_stage(p, STAGE_HOOKS_START, p->start_container.n > 0);
	set_stage(p, STAGE_PRIVILEGES_LATE, early_filter);
	set_stage(p, STAGE_SEAL, true);
	set_stage(p, STAGE_EXEC, true);
}

static int build_cgroup_tasks(struct creation *c, struct err *e)
{
	struct numbers *tasks = &c->plan.cgroup_tasks;

	if (!c->entry.n)
		return 0;
	tasks->at = arena_array(&c->mem, c->entry.n, sizeof(*tasks->at));
	if (!tasks->at)
		return out_of_memory(e);
	for (size_t i = 0; i < c->entry.n; i++)
		tasks->at[i] = c->entry.file[i];
	tasks->n = c->entry.n;
	return 0;
}

static bool is_true(const char *annotation)
{
	return annotation && strcmp(annotation, "1") == 0;
}

static bool fail_unknown_calls(const struct creation *c)
{
	return c->o->strict ||
	       oci_annotation(&c->bundle.config, "run.oci.seccomp_fail_unknown_syscall");
}

/**
 * creation_plan() - write tare-init's orders into c->plan
 *
 * Opens what lies on the host: namespaces, the root, sources of mounts.
 */
int creation_plan(struct creation *c, struct err *e)
{
	const struct oci_config *config = &c->bundle.config;
	struct plan *p = &c->plan;

	p->id = c->container.state.id;
	p->lacking = sys_lacking;
	p->start_fd = c->listener;
	p->home = c->home > 0 ? c->home : 0;
	p->preserve_fds = c->o->preserve_fds;
	p->process = config->process;
	p->hostname = config->hostname;
	p->domainname = config->domainname;
	p->sysctl = config->platform->sysctl;
	p->terminal = config->process->terminal;
	p->new_keyring = !c->o->no_new_keyring;
	p->keep_groups = is_true(oci_annotation(config, "run.oci.keep_original_groups"));
	p->personality = config->platform->personality;
	p->memory_policy = config->platform->memory_policy;
	p->selinux_label = config->process->selinux_label;
	p->apparmor_profile = config->process->apparmor_profile;
	p->rlimits_done = p->in_userns && config->process->rlimits.n;
	if (build_cgroup_tasks(c, e) < 0 || cgroups_files(c, &p->cgroup_files, e) < 0 ||
	    seccomp_plan(p, config->platform->seccomp, fail_unknown_calls(c), c->container.root,
			 &c->mem, e) < 0 ||
	    build_rootfs(c, e) < 0 || build_hooks(c, e) < 0)
		return -1;
	choose_stages(c);
	return 0;
}
