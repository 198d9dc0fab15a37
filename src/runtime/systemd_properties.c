/* systemd_properties.c - what a container's scope is to be, in systemd's words (pure)
 *
 * Everything that a cgroup file says and systemd has a word for is said to systemd, too: it
 * writes its own idea of a unit's values whenever it looks at the unit again, at the latest when
 * it is told to reload.
 */
#include "runtime/systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/numlist.h"
#include "base/own.h"
#include "os/devices.h"

/* struct draft - properties being collected */
struct draft {
	systemd_property_list list;
	size_t room;
	struct arena *a;
	bool torn;
};

static void set_list(struct draft *d, const char *name, const char *type, const char **values)
{
	/* a later one takes the place of an earlier one: systemd would add the two up */
	for (size_t i = 0; i < d->list.n; i++) {
		if (strcmp(d->list.at[i].name, name) != 0)
			continue;
		d->list.at[i].values = values;
		return;
	}
	if (d->list.n == d->room) {
		size_t room = d->room ? d->room * 2 : 32;
		struct systemd_property *at = arena_array(d->a, room, sizeof(*at));

		if (!at) {
			d->torn = true;
			return;
		}
		if (d->list.n)
			memcpy(at, d->list.at, d->list.n * sizeof(*at));
		d->list.at = at;
		d->room = room;
	}
	d->list.at[d->list.n++] = (struct systemd_property){ name, type, values };
}

static void set(struct draft *d, const char *name, const char *type, const char *value)
{
	const char **values = arena_array(d->a, 2, sizeof(*values));

	if (!values || !value) {
		d->torn = true;
		return;
	}
	values[0] = value;
	set_list(d, name, type, values);
}

#define INFINITE "18446744073709551615"

static const char *limit(const char *value)
{
	return strcmp(value, "max") == 0 || strcmp(value, "-1") == 0 ? INFINITE : value;
}

static void set_u64(struct draft *d, const char *name, uint64_t v)
{
	set(d, name, "t", arena_printf(d->a, "%llu", (unsigned long long)v));
}

/* More would not fit systemd's unit; the kernel's own limit is about as high. */
#define QUOTA_MAX ((uint64_t)INT64_MAX / 1000000)

/* systemd counts whole percents of a CPU: rounded up, or the container would get less. */
static uint64_t quota_per_sec(uint64_t quota, uint64_t period)
{
	uint64_t per_sec;

	quota = quota < QUOTA_MAX ? quota : QUOTA_MAX;
	per_sec = period ? quota * 1000000 / period : quota * 10;
	return (per_sec + 9999) / 10000 * 10000;
}

static void set_quota(struct draft *d, uint64_t quota, uint64_t period)
{
	set_u64(d, "CPUQuotaPerSecUSec", quota_per_sec(quota, period));
}

static void set_cpu_max(struct draft *d, const char *value)
{
	unsigned long long quota, period = 100000;
	const char *blank = strchr(value, ' ');

	if (blank)
		(void)sscanf(blank, "%llu", &period);
	set_u64(d, "CPUQuotaPeriodUSec", period);
	if (sscanf(value, "%llu", &quota) == 1)
		set_quota(d, quota, period);
	else
		set(d, "CPUQuotaPerSecUSec", "t", INFINITE);
}

/* AllowedCPUs is a bit mask, byte by byte. */
static int set_mask(struct draft *d, const char *name, const char *list, struct err *e)
{
	own_mem struct numlist *set_of = calloc(1, sizeof(*set_of));
	const char **values;
	size_t bytes;

	if (!set_of)
		return fail_errno(e, ENOMEM, "work out systemd property '%s'", name);
	if (numlist_parse(list, set_of, e) < 0)
		return -1;
	bytes = set_of->top / 8 + 1;
	values = arena_array(d->a, bytes + 1, sizeof(*values));
	for (size_t i = 0; values && i < bytes; i++) {
		unsigned v = 0;

		for (unsigned bit = 0; bit < 8; bit++)
			v |= (unsigned)numlist_has(set_of, (unsigned)i * 8 + bit) << bit;
		values[i] = arena_printf(d->a, "%u", v);
		d->torn |= !values[i];
	}
	if (!values)
		return fail_errno(e, ENOMEM, "work out systemd property '%s'", name);
	set_list(d, name, "ay", values);
	return 0;
}

// clang-format off
static const struct { const char *file, *property; } number_table[] = {
	/* v2                                   v1 */
	{ "memory.max",      "MemoryMax"     }, { "memory.limit_in_bytes", "MemoryLimit"   },
	{ "memory.low",      "MemoryLow"     }, { "cpu.shares",            "CPUShares"     },
	{ "memory.high",     "MemoryHigh"    }, { "blkio.weight",          "BlockIOWeight" },
	{ "memory.min",      "MemoryMin"     }, { "pids.max",              "TasksMax"      },
	{ "memory.swap.max", "MemorySwapMax" }, { "cpu.weight",            "CPUWeight"     },
};
// clang-format on

/* The weight of all devices is one number; BFQ's own scale is not systemd's. */
static void set_io_weight(struct draft *d, const struct resource_write *w)
{
	bool bfq = strcmp(w->file, "io.bfq.weight") == 0;
	const char *value = bfq ? w->alias_value : w->value;

	if (!value || (!bfq && strcmp(w->file, "io.weight") != 0))
		return;
	if (text_starts(value, "default "))
		value += strlen("default ");
	if (strspn(value, "0123456789") == strlen(value))
		set(d, "IOWeight", "t", value);
}

static int set_for_write(struct draft *d, const struct resource_write *w, struct err *e)
{
	for (size_t i = 0; i < COUNT(number_table); i++)
		if (strcmp(number_table[i].file, w->file) == 0)
			set(d, number_table[i].property, "t", limit(w->value));
	if (strcmp(w->file, "cpu.max") == 0)
		set_cpu_max(d, w->value);
	if (w->controller == CGROUP_IO)
		set_io_weight(d, w);
	/* 0 is systemd's word for idle (252) */
	if (strcmp(w->file, "cpu.idle") == 0 && strcmp(w->value, "1") == 0)
		set(d, "CPUWeight", "t", "0");
	return 0;
}

static int set_cpus(struct draft *d, const struct resource_write *w, struct err *e)
{
	if (strcmp(w->file, "cpuset.cpus") == 0)
		return set_mask(d, "AllowedCPUs", w->value, e);
	if (strcmp(w->file, "cpuset.mems") == 0)
		return set_mask(d, "AllowedMemoryNodes", w->value, e);
	return 0;
}

static void set_quota_v1(struct draft *d, const struct oci_cpu *c)
{
	uint64_t period = c->period.set ? c->period.v : 0;

	if (period)
		set_u64(d, "CPUQuotaPeriodUSec", period);
	if (c->quota.set && c->quota.v > 0)
		set_quota(d, (uint64_t)c->quota.v, period);
	else if (period || (c->quota.set && c->quota.v))
		set(d, "CPUQuotaPerSecUSec", "t", INFINITE);
}

/**
 * systemd_properties() - limits in systemd's words (pure)
 * @how: as for resources_writes()
 * @a:   owns the list
 *
 * What systemd has no word for is left out: resources_apply() writes all of it anyway. This is
 * so that systemd does not set its own idea of the values when it next looks.
 */
int systemd_properties(const struct resources_host *host, const struct oci_resources *r,
		       const struct resources_how *how, struct arena *a,
		       systemd_property_list *ret_list, struct err *e)
{
	struct draft d = { .a = a };
	resource_writes list = { 0 };

	if (r && resources_writes(host, r, how, a, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (set_for_write(&d, &list.at[i], e) < 0 || set_cpus(&d, &list.at[i], e) < 0)
			return fail_at(e, "config.json: /linux/resources%s", list.at[i].at);
	if (r && r->cpu && (host->v1 & CGROUP_CPU))
		set_quota_v1(&d, r->cpu);
	if (d.torn)
		return fail_errno(e, ENOMEM, "work out the unit's properties");
	*ret_list = d.list;
	return 0;
}

/* --- devices --------------------------------------------------------------------------------- */

/* "/dev/char/1:3", "char-136", "block-*"; NULL for a minor of any major, which has no word. */
static const char *node_of(struct arena *a, const struct device_rule *r)
{
	const char *kind = r->type == 'b' ? "block" : "char";

	if (r->minor != DEVICE_ANY && r->major == DEVICE_ANY)
		return NULL;
	if (r->minor != DEVICE_ANY)
		return arena_printf(a, "/dev/%s/%lld:%lld", kind, (long long)r->major,
				    (long long)r->minor);
	if (r->major != DEVICE_ANY)
		return arena_printf(a, "%s-%lld", kind, (long long)r->major);
	return arena_printf(a, "%s-*", kind);
}

static const char *access_of(struct arena *a, unsigned access)
{
	return arena_printf(a, "%s%s%s", access & DEVICE_READ ? "r" : "",
			    access & DEVICE_WRITE ? "w" : "", access & DEVICE_MKNOD ? "m" : "");
}

/* The set as a list of what is allowed. 1: @ret_values, 0: systemd has no words for it, -1: @e */
static int allowances(const struct device_set *set, struct arena *a, const char ***ret_values,
		      struct err *e)
{
	const char **values = arena_array(a, 2 * set->n + 1, sizeof(*values));

	if (!values)
		return fail_errno(e, ENOMEM, "work out the unit's devices");
	if (set->allow_by_default)
		return 0;
	for (size_t i = 0; i < set->n; i++) {
		values[2 * i] = node_of(a, &set->at[i]);
		values[2 * i + 1] = access_of(a, set->at[i].access);
		if (!values[2 * i])
			return 0;
	}
	*ret_values = values;
	return 1;
}

/*
 * On v2 systemd has a program of its own beside ours, and both must agree: what it has no words
 * for it is not told, and allows. On v1 both write to the same files, so there systemd would open
 * at its next look what it does not know to be closed.
 */
static int add_devices(const struct systemd_scope *s, const struct systemd_limits *l,
		       struct arena *a, struct str *out, struct err *e)
{
	struct device_set set = { 0 };
	const char **nodes = NULL, *policy[] = { "strict", NULL };
	struct err no_words = { 0 };
	bool v1 = (l->host.v1 & CGROUP_DEVICES) != 0, open;
	int n;

	/* neither a user nor his systemd may attach programs; what he may open stays what it is */
	if (s->user)
		return 0;
	if (resources_device_set(l->resources, &set, v1 ? e : &no_words) < 0)
		return v1 ? -1 : 0;
	open = set.allow_by_default && !set.n;
	n = allowances(&set, a, &nodes, e);
	free(set.at);
	if (n < 0)
		return -1;
	if (n == 0 && v1 && !open) {
		fail(e, ERR_UNSUPPORTED,
		     "these device rules can't be said to systemd, which would "
		     "allow everything when it next reloads");
		fail_hint(e, "list what is allowed, device by device");
		return fail_at(e, "config.json: /linux/resources/devices");
	}
	if (n == 0)
		return 0;
	systemd_property_write(&(struct systemd_property){ "DevicePolicy", "s", policy }, out);
	systemd_property_write(&(struct systemd_property){ "DeviceAllow", "a(ss)", nodes }, out);
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

/* By these we find the unit and its processes again. */
static int check_annotation(const char *name, struct err *e)
{
	static const char *const ours[] = { "Description", "PIDs", "Slice", "Delegate" };

	for (size_t i = 0; i < COUNT(ours); i++)
		if (strcmp(ours[i], name) == 0)
			return fail(e, ERR_UNSUPPORTED,
				    "systemd property '%s' is the runtime's to set", name);
	return 0;
}

static int add_annotations(const struct pairs *annotations, struct arena *a, struct str *out,
			   struct err *e)
{
	static const char prefix[] = "org.systemd.property.";

	for (size_t i = 0; annotations && i < annotations->n; i++) {
		const struct pair *p = &annotations->at[i];
		const char *name = p->key + strlen(prefix);
		struct systemd_property property;
		char part[128];

		if (!text_starts(p->key, prefix))
			continue;
		if (check_annotation(name, e) < 0 ||
		    systemd_property_annotation(name, p->value, a, &property, e) < 0)
			return fail_at(e, "config.json: /annotations/%s",
				       text_pointer_key(p->key, part, sizeof(part)));
		systemd_property_write(&property, out);
	}
	return 0;
}

static int add_limits(const struct systemd_limits *l, struct arena *a, struct str *out,
		      struct err *e)
{
	systemd_property_list list = { 0 };

	if (systemd_properties(&l->host, l->resources, &l->how, a, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		systemd_property_write(&list.at[i], out);
	return 0;
}

/* What every scope of ours has: accounting, so that what a v1 memory cgroup is charged with
 * starts at its birth; and Delegate, which promises that systemd leaves the inside alone. */
static void add_basics(const struct systemd_scope *s, bool v1, struct str *out)
{
	const char *description[] = { s->description, NULL };
	bool slice = text_ends(s->names.unit, ".slice");

	systemd_property_write(&(struct systemd_property){ "Description", "s", description }, out);
	str_addf(out, "%s\n", "DefaultDependencies\tb\tfalse");
	str_addf(out,
		 "MemoryAccounting\tb\ttrue\nCPUAccounting\tb\ttrue\nTasksAccounting\tb\ttrue\n");
	str_addf(out, "%s\tb\ttrue\n", v1 ? "BlockIOAccounting" : "IOAccounting");
	if (slice)
		str_addf(out, "Wants\tas\t%s\n", s->names.slice);
	else
		str_addf(out, "Slice\ts\t%s\nDelegate\tb\ttrue\n", s->names.slice);
}

/**
 * systemd_draft() - everything that systemd_start() will say, but for the process
 * @annotations: org.systemd.property.* of them; may be NULL
 * @out:         gets the lines
 *
 * Pure, so that what systemd cannot be told is refused before anything is made.
 */
int systemd_draft(const struct systemd_scope *s, const struct systemd_limits *l,
		  const struct pairs *annotations, struct str *out, struct err *e)
{
	own_arena struct arena a = { 0 };

	add_basics(s, (l->host.v1 & CGROUP_IO) != 0, out);
	if (add_limits(l, &a, out, e) < 0 || add_devices(s, l, &a, out, e) < 0 ||
	    add_annotations(annotations, &a, out, e) < 0)
		return -1;
	return out->torn ? fail_errno(e, ENOMEM, "work out the unit's properties") : 0;
}

/* systemd_draft_update() - the same for systemd_update(): only the limits */
int systemd_draft_update(const struct systemd_limits *l, struct str *out, struct err *e)
{
	own_arena struct arena a = { 0 };

	if (add_limits(l, &a, out, e) < 0)
		return -1;
	return out->torn ? fail_errno(e, ENOMEM, "work out the unit's properties") : 0;
}

/**
 * systemd_round_quota() - the quota that systemd makes of this one: whole percents of a CPU
 *
 * What is in the cgroup's file is then what systemd will write there at its next look.
 */
int64_t systemd_round_quota(int64_t quota, uint64_t period)
{
	uint64_t per_sec;

	if (quota <= 0 || (uint64_t)quota > QUOTA_MAX)
		return quota;
	period = period ? period : 100000;
	per_sec = quota_per_sec((uint64_t)quota, period);
	return (int64_t)(per_sec * period / 1000000);
}
