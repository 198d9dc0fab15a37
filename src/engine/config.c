/* config.c - see config.h; namespaces, limits, what is masked
 *
 * Defaults are Docker's, but where podman's are narrower: capabilities (no MKNOD, NET_RAW and
 * AUDIT_WRITE; ping works without, by the sysctl below), a limit of processes, and all paths that one
 * of the two masks or makes read-only.
 */
#include "engine/config.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "engine/seccomp_profile.h"
#include "engine/security.h"

#define PIDS_DEFAULT 2048

static const char *const masked[] = {
	"/proc/acpi",        "/proc/asound",
	"/proc/interrupts",  "/proc/kcore",
	"/proc/keys",        "/proc/latency_stats",
	"/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list",  "/proc/timer_stats",
	"/sys/dev/block",    "/sys/devices/virtual/powercap",
	"/sys/firmware",     NULL,
};
static const char *const readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

/* In a network namespace of its own every port is the container's, and ping needs no privilege. */
static const struct pair own_network_sysctls[] = {
	{ (char *)"net.ipv4.ip_unprivileged_port_start", (char *)"0" },
	{ (char *)"net.ipv4.ping_group_range", (char *)"0 2147483647" },
};

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "make the container's config");
}

static int add_namespaces(const struct host_config *h, struct arena *a, struct oci_linux *l,
			  struct err *e)
{
	const struct {
		int type;
		bool wanted;
	} rows[] = {
		{ CLONE_NEWNS, true },
		{ CLONE_NEWCGROUP, !wish_is_host(h->cgroupns) },
		{ CLONE_NEWPID, !wish_is_host(h->pid) },
		{ CLONE_NEWIPC, !wish_is_host(h->ipc) },
		{ CLONE_NEWUTS, !wish_is_host(h->uts) },
		{ CLONE_NEWNET, !wish_is_host(h->network) },
	};

	l->namespaces.at = arena_array(a, COUNT(rows), sizeof(*l->namespaces.at));
	if (!l->namespaces.at)
		return no_memory(e);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].wanted)
			l->namespaces.at[l->namespaces.n++].type =
				(struct opt_word){ true, rows[i].type };
	return 0;
}

static struct opt_i64 when(int64_t v)
{
	return (struct opt_i64){ v != 0, v };
}

static struct opt_u64 when_u(uint64_t v)
{
	return (struct opt_u64){ v != 0, v };
}

static void set_memory(const struct host_config *h, struct oci_memory *m)
{
	m->limit = when(h->memory);
	m->reservation = when(h->memory_reservation);
	/* Docker: as much swap as memory, unless it is said */
	m->swap = when(h->memory_swap ? h->memory_swap : h->memory > 0 ? 2 * h->memory : 0);
	m->swappiness = (struct opt_u64){ h->memory_swappiness.set && h->memory_swappiness.v >= 0,
					  (uint64_t)h->memory_swappiness.v };
	m->disable_oom_killer = h->oom_kill_disable;
}

static void set_cpu(const struct host_config *h, struct oci_cpu *c)
{
	c->shares = when_u(h->cpu_shares);
	c->period = when_u(h->cpu_period);
	c->quota = when(h->cpu_quota);
	if (h->nano_cpus) {
		c->period = when_u(100000);
		c->quota = when(h->nano_cpus / 10000);
	}
	c->cpus = h->cpuset_cpus;
	c->mems = h->cpuset_mems;
}

static int set_resources(const struct host_config *h, struct arena *a, struct oci_linux *l,
			 struct err *e)
{
	struct oci_resources *r = arena_alloc(a, sizeof(*r));
	const int64_t pids = h->pids_limit.set ? h->pids_limit.v : 0;

	if (!r || !(r->memory = arena_alloc(a, sizeof(*r->memory))) ||
	    !(r->cpu = arena_alloc(a, sizeof(*r->cpu))) ||
	    !(r->block_io = arena_alloc(a, sizeof(*r->block_io))) ||
	    !(r->pids = arena_alloc(a, sizeof(*r->pids))))
		return no_memory(e);
	set_memory(h, r->memory);
	set_cpu(h, r->cpu);
	r->pids->limit = (struct opt_i64){ true, pids < 0 ? -1 : pids ? pids : PIDS_DEFAULT };
	l->resources = r;
	return config_devices(h, a, l, e) < 0 ? -1 : config_block_io(h, a, r->block_io, e);
}

/* Later ones win: what the user says stands last. */
static int set_sysctls(const struct host_config *h, struct arena *a, struct oci_linux *l,
		       struct err *e)
{
	const size_t ours = wish_is_host(h->network) ? 0 : COUNT(own_network_sysctls);

	l->sysctl.at = arena_array(a, ours + h->sysctls.n + 1, sizeof(struct pair));
	if (!l->sysctl.at)
		return no_memory(e);
	for (size_t i = 0; i < ours; i++) {
		bool given = false;

		for (size_t k = 0; k < h->sysctls.n; k++)
			given = given ||
				strcmp(h->sysctls.at[k].key, own_network_sysctls[i].key) == 0;
		if (!given)
			l->sysctl.at[l->sysctl.n++] = own_network_sysctls[i];
	}
	for (size_t i = 0; i < h->sysctls.n; i++)
		l->sysctl.at[l->sysctl.n++] = h->sysctls.at[i];
	return 0;
}

/* A policy of the user's, or Docker's; none for who may do everything anyway. */
static int set_seccomp(const struct host_config *h, const struct security *security, uint64_t caps,
		       struct arena *a, struct oci_linux *l, struct err *e)
{
	const char *own = security->seccomp;

	if (security->unconfined || (h->privileged && !own))
		return 0;
	l->seccomp = arena_alloc(a, sizeof(*l->seccomp));
	if (!l->seccomp)
		return no_memory(e);
	return own ? seccomp_profile(own, strlen(own), "--security-opt seccomp", caps, a,
				     l->seccomp, e)
		   : seccomp_profile_default(caps, a, l->seccomp, e);
}

static int set_linux(const struct host_config *h, const struct config_place *at,
		     const struct security *security, uint64_t caps, struct arena *a,
		     struct oci_linux *l, struct err *e)
{
	const char *parent = h->cgroup_parent && *h->cgroup_parent ? h->cgroup_parent : "/tare";

	if (add_namespaces(h, a, l, e) < 0 || set_resources(h, a, l, e) < 0 ||
	    set_sysctls(h, a, l, e) < 0 || set_seccomp(h, security, caps, a, l, e) < 0)
		return -1;
	l->cgroups_path = arena_printf(a, "%s/%s", parent, at->id);
	l->masked_paths = h->masked_paths;
	l->readonly_paths = h->readonly_paths;
	if (!h->privileged && !h->masked_paths)
		l->masked_paths = (char **)(uintptr_t)masked;
	if (!h->privileged && !h->readonly_paths)
		l->readonly_paths = (char **)(uintptr_t)readonly;
	return l->cgroups_path ? 0 : no_memory(e);
}

/* config_hostname() - as it was asked for; that of the host if it has that one's network; else of its id */
const char *config_hostname(const struct wish *w, const char *id, char buf[CONFIG_HOSTNAME])
{
	struct utsname u;

	if (w->config.hostname && *w->config.hostname)
		return w->config.hostname;
	if (wish_is_host(w->host.network) && uname(&u) == 0)
		snprintf(buf, CONFIG_HOSTNAME, "%.64s", u.nodename);
	else
		snprintf(buf, CONFIG_HOSTNAME, "%.12s", id);
	return buf;
}

/* Labels are there for whoever looks at the runtime's state; annotations of the same name are stronger. */
static int set_annotations(const struct wish *w, struct arena *a, struct pairs *ret, struct err *e)
{
	const struct pairs *from[] = { &w->config.labels, &w->host.annotations };

	ret->at = arena_array(a, from[0]->n + from[1]->n + 1, sizeof(*ret->at));
	if (!ret->at)
		return no_memory(e);
	for (size_t i = 0; i < COUNT(from); i++)
		for (size_t k = 0; k < from[i]->n; k++)
			ret->at[ret->n++] = from[i]->at[k];
	return 0;
}

/**
 * config_make() - the whole document
 * @w:  merged with what its image says
 * @mounts: what mounts_read() has made of it
 * @a: owns what is returned, with @w
 */
int config_make(const struct wish *w, const struct mounts_asked *mounts,
		const struct config_place *at, struct arena *a, struct oci_config *ret,
		struct err *e)
{
	struct oci_config c = { .oci_version = text_shown("1.1.0"),
				.domainname = w->config.domainname };
	struct security security;

	c.root = arena_alloc(a, sizeof(*c.root));
	c.process = arena_alloc(a, sizeof(*c.process));
	c.platform = arena_alloc(a, sizeof(*c.platform));
	if (!c.root || !c.process || !c.platform)
		return no_memory(e);
	c.root->path = text_shown("rootfs");
	c.root->readonly = w->host.readonly_rootfs;
	if (!wish_is_host(w->host.uts))
		c.hostname = text_shown(at->hostname);
	if (security_read(w->host.security_opt, &security, e) < 0 ||
	    set_annotations(w, a, &c.annotations, e) < 0 ||
	    config_process(w, at, a, c.process, e) < 0 ||
	    config_mounts(w, mounts, at, a, &c, e) < 0 ||
	    set_linux(&w->host, at, &security, c.process->capabilities->bounding, a, c.platform,
		      e) < 0)
		return -1;
	c.process->no_new_privileges = security.no_new_privileges;
	*ret = c;
	return 0;
}
