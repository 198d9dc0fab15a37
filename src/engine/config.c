/* config.c - see config.h; namespaces, limits, devices, what is masked
 *
 * Defaults are Docker's, but where podman's are narrower: capabilities (no MKNOD, NET_RAW and
 * AUDIT_WRITE; ping works without, by the sysctl below), a limit of processes, and all paths that one
 * of the two masks or makes read-only.
 */
#include "engine/config.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/own.h"
#include "engine/seccomp_profile.h"
#include "os/file.h"

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

static int add_namespaces(const struct wish *w, struct arena *a, struct oci_linux *l, struct err *e)
{
	const struct {
		int type;
		bool wanted;
	} rows[] = {
		{ CLONE_NEWNS, true },
		{ CLONE_NEWCGROUP, true },
		{ CLONE_NEWPID, !wish_is_host(w->pid) },
		{ CLONE_NEWIPC, !wish_is_host(w->ipc) },
		{ CLONE_NEWUTS, !wish_is_host(w->uts) },
		{ CLONE_NEWNET, !wish_is_host(w->network) },
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

static void set_memory(const struct wish *w, struct oci_memory *m)
{
	m->limit = when(w->memory);
	m->reservation = when(w->memory_reservation);
	/* Docker: as much swap as memory, unless it is said */
	m->swap = when(w->memory_swap ? w->memory_swap : w->memory > 0 ? 2 * w->memory : 0);
	m->swappiness = w->swappiness;
}

static void set_cpu(const struct wish *w, struct oci_cpu *c)
{
	c->shares = when_u(w->cpu_shares);
	c->period = when_u(w->cpu_period);
	c->quota = when(w->cpu_quota);
	if (w->nano_cpus) {
		c->period = when_u(100000);
		c->quota = when(w->nano_cpus / 10000);
	}
	c->cpus = w->cpus;
	c->mems = w->mems;
}

/* Everything is denied, but what the runtime allows everybody; then what was asked for. */
static int set_devices(const struct wish *w, struct arena *a, struct oci_resources *r,
		       struct err *e)
{
	struct oci_device_rule *rules = arena_array(a, w->device_rules.n + 1, sizeof(*rules));
	size_t n = 0;

	if (!rules)
		return no_memory(e);
	rules[n++] =
		(struct oci_device_rule){ .allow = w->privileged, .access = text_shown("rwm") };
	for (size_t i = 0; i < w->device_rules.n; i++)
		rules[n++] = w->device_rules.at[i];
	r->devices.at = rules;
	r->devices.n = n;
	return 0;
}

static int set_resources(const struct wish *w, struct arena *a, struct oci_linux *l, struct err *e)
{
	struct oci_resources *r = arena_alloc(a, sizeof(*r));

	if (!r || !(r->memory = arena_alloc(a, sizeof(*r->memory))) ||
	    !(r->cpu = arena_alloc(a, sizeof(*r->cpu))) ||
	    !(r->pids = arena_alloc(a, sizeof(*r->pids))))
		return no_memory(e);
	set_memory(w, r->memory);
	set_cpu(w, r->cpu);
	r->pids->limit = (struct opt_i64){ true, w->pids_limit ? w->pids_limit : PIDS_DEFAULT };
	l->resources = r;
	return set_devices(w, a, r, e);
}

/* Later ones win: what the user says stands last. */
static int set_sysctls(const struct wish *w, struct arena *a, struct oci_linux *l, struct err *e)
{
	const size_t ours = wish_is_host(w->network) ? 0 : COUNT(own_network_sysctls);

	l->sysctl.at = arena_array(a, ours + w->sysctls.n + 1, sizeof(struct pair));
	if (!l->sysctl.at)
		return no_memory(e);
	for (size_t i = 0; i < ours; i++) {
		bool given = false;

		for (size_t k = 0; k < w->sysctls.n; k++)
			given = given ||
				strcmp(w->sysctls.at[k].key, own_network_sysctls[i].key) == 0;
		if (!given)
			l->sysctl.at[l->sysctl.n++] = own_network_sysctls[i];
	}
	for (size_t i = 0; i < w->sysctls.n; i++)
		l->sysctl.at[l->sysctl.n++] = w->sysctls.at[i];
	return 0;
}

/* A policy of the user's, or Docker's; none for who may do everything anyway. */
static int set_seccomp(const struct wish *w, uint64_t caps, struct arena *a, struct oci_linux *l,
		       struct err *e)
{
	own_mem char *text = NULL;

	if (w->seccomp_unconfined || (w->privileged && !w->seccomp))
		return 0;
	l->seccomp = arena_alloc(a, sizeof(*l->seccomp));
	if (!l->seccomp)
		return no_memory(e);
	if (!w->seccomp)
		return seccomp_profile_default(caps, a, l->seccomp, e);
	if (file_read(AT_FDCWD, w->seccomp, (size_t)4 << 20, &text, e) < 0)
		return fail_in(e, "--security-opt seccomp");
	return seccomp_profile(text, strlen(text), w->seccomp, caps, a, l->seccomp, e);
}

static int set_linux(const struct wish *w, const struct config_place *at, uint64_t caps,
		     struct arena *a, struct oci_linux *l, struct err *e)
{
	if (add_namespaces(w, a, l, e) < 0 || set_resources(w, a, l, e) < 0 ||
	    set_sysctls(w, a, l, e) < 0 || set_seccomp(w, caps, a, l, e) < 0)
		return -1;
	l->cgroups_path =
		arena_printf(a, "%s/%s", w->cgroup_parent ? w->cgroup_parent : "/tare", at->id);
	l->devices.at = w->devices.at;
	l->devices.n = w->devices.n;
	if (!w->privileged) {
		l->masked_paths = (char **)(uintptr_t)masked;
		l->readonly_paths = (char **)(uintptr_t)readonly;
	}
	return l->cgroups_path ? 0 : no_memory(e);
}

/* config_hostname() - as it was asked for; that of the host if it has that one's network; else of its id */
const char *config_hostname(const struct wish *w, const char *id, char buf[CONFIG_HOSTNAME])
{
	struct utsname u;

	if (w->hostname)
		return w->hostname;
	if (wish_is_host(w->network) && uname(&u) == 0)
		snprintf(buf, CONFIG_HOSTNAME, "%.64s", u.nodename);
	else
		snprintf(buf, CONFIG_HOSTNAME, "%.12s", id);
	return buf;
}

/**
 * config_make() - the whole document
 * @image: what the image's config says of its containers; may be NULL
 * @a: owns what is returned, with @w and @image
 */
int config_make(const struct wish *w, const struct image_run *image, const struct config_place *at,
		struct arena *a, struct oci_config *ret, struct err *e)
{
	struct oci_config c = { .oci_version = text_shown("1.1.0"),
				.domainname = w->domainname,
				.annotations = w->labels };

	c.root = arena_alloc(a, sizeof(*c.root));
	c.process = arena_alloc(a, sizeof(*c.process));
	c.platform = arena_alloc(a, sizeof(*c.platform));
	if (!c.root || !c.process || !c.platform)
		return no_memory(e);
	c.root->path = text_shown("rootfs");
	c.root->readonly = w->readonly;
	if (!wish_is_host(w->uts))
		c.hostname = text_shown(at->hostname);
	if (config_process(w, image, at, a, c.process, e) < 0 ||
	    config_mounts(w, at, a, &c, e) < 0 ||
	    set_linux(w, at, c.process->capabilities->bounding, a, c.platform, e) < 0)
		return -1;
	*ret = c;
	return 0;
}
