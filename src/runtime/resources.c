/* resources.c - resources checked against the host, and put in force for one cgroup */
#include "runtime/resources.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_file.h"
#include "os/devices.h"
#include "runtime/notes.h"

#define PASSES 4 /* more than any group's members */

static const struct resources_how plain = { 0 };

static int at_member(const struct resources_how *how, const char *at, struct err *e)
{
	return fail_at(e, "%s%s", how->doc ? how->doc : "config.json: /linux/resources", at);
}

static struct resources_host host_add(struct resources_host h, const struct cgroup_hierarchy *in)
{
	if (in->version == CGROUP_V1)
		h.v1 |= in->controllers;
	else
		h.v2 |= in->controllers;
	h.has_v2 |= in->version == CGROUP_V2;
	return h;
}

/* resources_host_of() - where each controller lives on this host */
struct resources_host resources_host_of(const struct cgroup_world *w)
{
	struct resources_host h = { 0 };

	for (size_t i = 0; i < w->n; i++)
		h = host_add(h, &w->at[i]);
	h.v2 &= ~h.v1;
	return h;
}

static struct resources_host host_of_cgroup(const struct cgroup *cg)
{
	struct resources_host h = { 0 };

	for (size_t i = 0; i < cg->n; i++)
		h = host_add(h, cg->at[i].in);
	h.v2 &= ~h.v1;
	return h;
}

/**
 * resources_need() - the controllers that cgroup_create() must make usable
 * @r: may be NULL; what resources_check() refuses needs nothing
 */
unsigned resources_need(const struct cgroup_world *w, const struct oci_resources *r)
{
	struct resources_host host = resources_host_of(w);
	struct arena a = { 0 };
	resource_writes list = { 0 };
	struct err ignored = { 0 };
	unsigned bits = 0;

	if (r && resources_writes(&host, r, &plain, &a, &list, &ignored) == 0)
		for (size_t i = 0; i < list.n; i++)
			bits |= list.at[i].controller;
	arena_done(&a);
	return bits;
}

/* --- devices ------------------------------------------------------------------------------ */

static int rule_of(const struct oci_device_rule *o, struct device_rule *ret_rule, struct err *e)
{
	struct device_rule r = {
		.allow = o->allow,
		.type = o->type && *o->type ? o->type[0] : 'a',
		.major = o->major.set ? o->major.v : DEVICE_ANY,
		.minor = o->minor.set ? o->minor.v : DEVICE_ANY,
	};
	char odd;

	if (!strchr("abc", r.type) || (o->type && strlen(o->type) > 1)) {
		fail(e, ERR_INPUT, "device type '%s' can't be in a device rule", o->type);
		return fail_hint(e, "it is 'a' (all), 'b' (block) or 'c' (character)");
	}
	r.access = device_access_parse(o->access, &odd);
	if (!r.access) {
		fail(e, ERR_INPUT, "device access '%s' makes no sense", o->access ? o->access : "");
		return fail_hint(e, "it is one or more of r (read), w (write) and m (mknod)");
	}
	if (r.major < DEVICE_ANY || r.major > INT32_MAX || r.minor < DEVICE_ANY ||
	    r.minor > INT32_MAX)
		return fail(e, ERR_INPUT, "device number %lld:%lld is out of range",
			    (long long)r.major, (long long)r.minor);
	*ret_rule = r;
	return 0;
}

/* The document's rules and, after them, ours; the caller frees. */
static int device_rules(const struct oci_resources *r, const struct resources_how *how,
			struct device_rule **ret_rules, size_t *ret_n, struct err *e)
{
	size_t n = r ? r->devices.n : 0;
	own_mem struct device_rule *rules = calloc(n + device_defaults_count, sizeof(*rules));
	char at[32];

	if (!rules)
		return fail_errno(e, ENOMEM, "work out the device rules");
	for (size_t i = 0; i < n; i++) {
		snprintf(at, sizeof(at), "/devices/%zu", i);
		if (rule_of(&r->devices.at[i], &rules[i], e) < 0)
			return at_member(how, at, e);
	}
	memcpy(rules + n, device_defaults, device_defaults_count * sizeof(*rules));
	*ret_n = n + device_defaults_count;
	*ret_rules = give(rules);
	return 0;
}

/* Letters that mean nothing: runc passes over them, so there are configs that have them. */
static int check_letters(const struct oci_resources *r, const struct resources_how *how,
			 struct err *e)
{
	for (size_t i = 0; i < r->devices.n; i++) {
		struct err note = { 0 };
		char odd, at[32];

		(void)device_access_parse(r->devices.at[i].access, &odd);
		if (!odd)
			continue;
		fail(&note, ERR_INPUT, "device access '%s': '%c' means nothing",
		     r->devices.at[i].access, odd);
		fail_hint(&note, "it is one or more of r (read), w (write) and m (mknod)");
		snprintf(at, sizeof(at), "/devices/%zu", i);
		at_member(how, at, &note);
		if (note_or_fail(how->strict, &note, e) < 0)
			return -1;
	}
	return 0;
}

static int check_devices(const struct resources_host *host, const struct oci_resources *r,
			 const struct resources_how *how, struct err *e)
{
	own_mem struct device_rule *rules = NULL;
	struct device_set set = { 0 };
	size_t n = 0, culprit = 0;
	char at[32];

	if (device_rules(r, how, &rules, &n, e) < 0 || (r && check_letters(r, how, e) < 0))
		return -1;
	if (!((host->v1 | host->v2) & CGROUP_DEVICES) && !device_rules_open(rules, n)) {
		fail(e, ERR_UNSUPPORTED,
		     "this host has no 'devices' cgroup controller, so device rules "
		     "can't be kept");
		fail_hint(e, "mount cgroup2 or the v1 devices hierarchy, or allow all devices");
		return at_member(how, "/devices", e);
	}
	if (!(host->v1 & CGROUP_DEVICES))
		return 0;
	if (device_set_build(rules, n, &set, &culprit, e) < 0) {
		snprintf(at, sizeof(at), "/devices/%zu", culprit);
		return at_member(how, at, e);
	}
	free(set.at);
	return 0;
}

static int apply_devices(const struct cgroup *cg, const struct oci_resources *r,
			 const struct resources_how *how, struct err *e)
{
	const struct cgroup_place *p = cgroup_with(cg, CGROUP_DEVICES);
	own_mem struct device_rule *rules = NULL;
	size_t n = 0;

	if (device_rules(r, how, &rules, &n, e) < 0)
		return -1;
	if (!p && device_rules_open(rules, n))
		return 0;
	if (!p) {
		fail(e, ERR_UNSUPPORTED,
		     "cannot set devices limit: container could not join or create "
		     "cgroup");
		return at_member(how, "/devices", e);
	}
	return devices_apply(p, rules, n, !how->update && !how->adopted && p->made, e);
}

/**
 * resources_device_set() - which devices the document allows, ours included, in v1's terms
 * @r:       may be NULL
 * @ret_set: the caller frees ->at
 */
int resources_device_set(const struct oci_resources *r, struct device_set *ret_set, struct err *e)
{
	own_mem struct device_rule *rules = NULL;
	size_t n = 0, culprit = 0;
	char at[32];

	if (device_rules(r, &plain, &rules, &n, e) < 0)
		return -1;
	if (device_set_build(rules, n, ret_set, &culprit, e) == 0)
		return 0;
	snprintf(at, sizeof(at), "/devices/%zu", culprit);
	return at_member(&plain, at, e);
}

/* --- check -------------------------------------------------------------------------------- */

/**
 * resources_check() - refuse what this host can't do; touches nothing
 * @r:   may be NULL
 * @how: may be NULL
 *
 * What only the kernel knows (is this cpu list valid, does that device exist) is left to
 * resources_apply().
 */
int resources_check(const struct cgroup_world *w, const struct oci_resources *r,
		    const struct resources_how *how, struct err *e)
{
	struct resources_host host = resources_host_of(w);
	struct arena a = { 0 };
	resource_writes list;
	int n = 0;

	how = how ? how : &plain;
	if (r)
		n = resources_writes(&host, r, how, &a, &list, e);
	arena_done(&a);
	if (n < 0)
		return -1;
	return how->no_devices ? 0 : check_devices(&host, r, how, e);
}

/* --- apply -------------------------------------------------------------------------------- */

/* struct hand - where the last write went: neighbours mostly share a directory */
struct hand {
	const struct cgroup *cg;
	const struct resources_how *how;
	const struct cgroup_place *place;
	int fd;
};

static int reach(struct hand *h, const struct resource_write *w, struct err *e)
{
	const struct cgroup_place *p =
		w->controller ? cgroup_with(h->cg, w->controller) : cgroup_v2(h->cg);

	if (!p) {
		fail(e, ERR_UNSUPPORTED,
		     "cannot set %s limit: container could not join or create cgroup",
		     w->controller ? word_name(cgroup_controller_words, w->controller) : "cgroup");
		fail_hint(e, "have a cgroup delegated, or run as root");
		return at_member(h->how, w->at, e);
	}
	if (p == h->place)
		return 0;
	fd_take(&h->fd, FD_NONE);
	h->fd = cgroup_place_open(p, e);
	h->place = p;
	return h->fd < 0 ? -1 : 0;
}

/* A value of several lines is several writes to one open file (io.max, unified). */
static int try_write_lines(int dirfd, const char *file, const char *value)
{
	own_fd int fd = FD_NONE;
	own_mem char *copy = NULL;
	char *save, *line;
	int r = 0;

	if (!strchr(value, '\n'))
		return cgroup_try_write(dirfd, file, value);
	copy = strdup(value);
	fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || !copy)
		return -errno;
	for (line = strtok_r(copy, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save))
		r = cgroup_try_write_fd(fd, line);
	return r;
}

static int try_one(struct hand *h, const struct resource_write *w)
{
	int r = try_write_lines(h->fd, w->file, w->value);

	if (r == -ENOENT && w->alias)
		r = try_write_lines(h->fd, w->alias, w->alias_value ? w->alias_value : w->value);
	return r == -ENOENT && w->may_lack ? 0 : r;
}

static int fail_write(const struct hand *h, const struct resource_write *w, int sysno,
		      struct err *e)
{
	bool limit = strcmp(w->file, "memory.limit_in_bytes") == 0;
	uint64_t usage = 0, peak = 0;

	if (sysno == EBUSY && limit) {
		(void)cgroup_try_read_u64(h->fd, "memory.usage_in_bytes", &usage);
		(void)cgroup_try_read_u64(h->fd, "memory.max_usage_in_bytes", &peak);
		fail_errno(e, sysno,
			   "unable to set memory limit to %s (current usage: %llu, peak usage: "
			   "%llu)",
			   w->value, (unsigned long long)usage, (unsigned long long)peak);
		return at_member(h->how, w->at, e);
	}
	fail_errno(e, sysno, "write '%s' to '%s/%s'", w->value, h->place->dir, w->file);
	if ((sysno == ENOENT || sysno == EACCES) && h->place->in->version == CGROUP_V2 && !w->hint)
		fail_hint(e,
			  "this kernel has no such file, or the controller is not enabled for this "
			  "cgroup");
	else if (sysno == ENOENT)
		fail_hint(e, "%s", w->hint ? w->hint : "this kernel has no such file");
	else if (sysno == EOPNOTSUPP)
		fail_hint(e, "this kernel does not do this any more");
	else if (w->controller == CGROUP_CPU && strstr(w->at, "realtime"))
		fail_hint(e, "the cgroup above must have a realtime budget to give from");
	return at_member(h->how, w->at, e);
}

/* Writes that depend on each other: what is refused now may be right after the others. */
static int apply_group(struct hand *h, const struct resource_write *w, size_t n, struct err *e)
{
	bool done[16] = { false };
	int last = 0;
	size_t bad = 0, left = n;

	for (int pass = 0; pass < PASSES && left; pass++) {
		for (size_t i = 0; i < n; i++) {
			int r;

			if (done[i])
				continue;
			if (reach(h, &w[i], e) < 0)
				return -1;
			r = try_one(h, &w[i]);
			if (r == 0) {
				done[i] = true;
				left--;
				continue;
			}
			last = -r;
			bad = i;
			if (r != -EINVAL || n == 1)
				return fail_write(h, &w[i], last, e);
		}
	}
	return left ? fail_write(h, &w[bad], last, e) : 0;
}

static int apply_writes(struct hand *h, const resource_writes *list, struct err *e)
{
	size_t i = 0;

	while (i < list->n) {
		size_t n = 1;

		while (list->at[i].group && i + n < list->n && n < 16 &&
		       list->at[i + n].group == list->at[i].group)
			n++;
		if (apply_group(h, &list->at[i], n, e) < 0)
			return -1;
		i += n;
	}
	return 0;
}

/**
 * resources_check_usage() - refuse a limit below what is used, where checkBeforeUpdate asks for it
 *
 * v1's kernel refuses by itself; v2's would kill instead.
 */
int resources_check_usage(const struct cgroup *cg, const struct oci_memory *m,
			  const struct resources_how *how, struct err *e)
{
	const struct cgroup_place *p = cgroup_with(cg, CGROUP_MEMORY);
	own_fd int fd = FD_NONE;
	uint64_t usage;

	if (!m || !m->check_before_update.v || !p || p->in->version != CGROUP_V2)
		return 0;
	fd = cgroup_place_open(p, e);
	if (fd < 0 || cgroup_try_read_u64(fd, "memory.current", &usage) < 0)
		return 0;
	if (m->swap.set && m->swap.v > 0 && (uint64_t)m->swap.v <= usage) {
		fail(e, ERR_CONFLICT, "rejecting memory+swap limit %lld <= usage %llu",
		     (long long)m->swap.v, (unsigned long long)usage);
		return at_member(how, "/memory/swap", e);
	}
	if (m->limit.set && m->limit.v > 0 && (uint64_t)m->limit.v <= usage) {
		fail(e, ERR_CONFLICT, "rejecting memory limit %lld <= usage %llu",
		     (long long)m->limit.v, (unsigned long long)usage);
		return at_member(how, "/memory/limit", e);
	}
	return 0;
}

/**
 * resources_apply() - put limits and device rules in force
 * @cg:  the container's cgroup, created; before its first process enters (realtime limits)
 * @r:   may be NULL: then only our device rules apply
 * @how: may be NULL
 */
int resources_apply(const struct cgroup *cg, const struct oci_resources *r,
		    const struct resources_how *how, struct err *e)
{
	struct resources_host host = host_of_cgroup(cg);
	struct arena a = { 0 };
	resource_writes list = { 0 };
	struct hand h;
	int n = 0;

	how = how ? how : &plain;
	h = (struct hand){ .cg = cg, .how = how, .fd = FD_NONE };
	if (!how->no_devices && apply_devices(cg, r, how, e) < 0)
		return -1;
	if (r) {
		n = resources_writes(&host, r, how, &a, &list, e);
		if (n == 0)
			n = resources_check_usage(cg, r->memory, how, e);
		if (n == 0)
			n = apply_writes(&h, &list, e);
	}
	fd_close(&h.fd);
	arena_done(&a);
	return n;
}
