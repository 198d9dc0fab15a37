/* resources_writes.c - the resources document as a list of files to write (pure)
 *
 * Members that are one number in one file are rows of a table. What depends on something else
 * (swap, quota and period, lists of devices) has a function, one per part of the document.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "os/cgroup_convert.h"
#include "runtime/resources.h"

/* Groups of writes that the kernel checks against each other. */
enum { ALONE, MEMORY_LIMITS, CPU_BANDWIDTH, CPU_REALTIME, CPU_WEIGHT };

/**
 * struct plan - what a builder works on
 * @room: elements at @list.at
 */
struct plan {
	const struct resources_host *host;
	const struct oci_resources *r;
	const struct resources_how *how;
	struct arena *a;
	resource_writes list;
	size_t room;
	struct err *e;
};

static const char *controller_name(unsigned controller, bool v1)
{
	return controller == CGROUP_IO && v1 ? "blkio"
					     : word_name(cgroup_controller_words, controller);
}

static int fail_member(struct plan *p, const char *at)
{
	const char *doc = p->how->doc;

	return fail_at(p->e, "%s%s", doc ? doc : "config.json: /linux/resources", at);
}

static int no_memory(struct plan *p)
{
	return fail_errno(p->e, ENOMEM, "work out the resource limits");
}

/* Appends a write whose value is already text. */
static int put(struct plan *p, const struct resource_write *w)
{
	if (p->list.n == p->room) {
		size_t room = p->room ? p->room * 2 : 32;
		struct resource_write *grown = arena_array(p->a, room, sizeof(*grown));

		if (!grown)
			return no_memory(p);
		if (p->list.n)
			memcpy(grown, p->list.at, p->list.n * sizeof(*grown));
		p->list.at = grown;
		p->room = room;
	}
	if (!w->value || !w->file || !w->at)
		return no_memory(p);
	p->list.at[p->list.n++] = *w;
	return 0;
}

#define PUT(p, ...) put(p, &(struct resource_write){ __VA_ARGS__ })

static const char *i64_text(struct plan *p, int64_t v)
{
	return arena_printf(p->a, "%lld", (long long)v);
}

static const char *u64_text(struct plan *p, uint64_t v)
{
	return arena_printf(p->a, "%llu", (unsigned long long)v);
}

/* -1 is "no limit": v1 takes it as it is, v2 says "max". */
static const char *limit_text(struct plan *p, int64_t v, bool v1)
{
	return v < 0 ? (v1 ? "-1" : "max") : i64_text(p, v);
}

static bool given(struct opt_i64 o)
{
	return o.set && o.v != 0;
}

static bool given_u64(struct opt_u64 o)
{
	return o.set && o.v != 0;
}

static bool given_text(const char *text)
{
	return text && *text;
}

/* Where the controller lives: CGROUP_V1 or CGROUP_V2, or -1 when this host lacks it. */
static int home(struct plan *p, unsigned controller, const char *at)
{
	if (p->host->v1 & controller)
		return CGROUP_V1;
	if (p->host->v2 & controller)
		return CGROUP_V2;
	fail(p->e, ERR_UNSUPPORTED, "cannot set %s limit: this host has no '%s' cgroup controller",
	     controller_name(controller, true), controller_name(controller, true));
	fail_hint(p->e, "it is not mounted here, or disabled on the kernel's command line");
	return fail_member(p, at);
}

static int refuse_v2(struct plan *p, const char *at, const char *what, const char *hint)
{
	fail(p->e, ERR_UNSUPPORTED, "%s can't be set on cgroup v2", what);
	if (hint)
		fail_hint(p->e, "%s", hint);
	return fail_member(p, at);
}

/* --- one number in one file ------------------------------------------------------------- */

enum kind { NUMBER, COUNT_OF, SWITCH, TEXT };
enum zero { ZERO_ABSENT, ZERO_COUNTS };

/**
 * struct simple - a member that is one file
 * @at:         its JSON pointer
 * @controller: whose file it is
 * @part:       offset of the pointer to its object in struct oci_resources
 * @member:     offset in that object
 * @kind:       struct opt_i64, opt_u64, opt_bool or a string
 * @zero:       is 0 a value or absence?
 * @v1,@v2:     file names; NULL: this kind of hierarchy has nothing of the sort
 * @what:       for the refusal
 * @min,@max:   bounds, when @max is not 0
 */
struct simple {
	const char *at;
	unsigned controller;
	size_t part, member;
	enum kind kind;
	enum zero zero;
	const char *v1, *v2, *what;
	int64_t min, max;
	unsigned group;
	bool may_lack;
};

#define PART(p)  offsetof(struct oci_resources, p)
#define MEM(m)   PART(memory), offsetof(struct oci_memory, m)
#define CPU(m)   PART(cpu), offsetof(struct oci_cpu, m)
#define BLOCK(m) PART(block_io), offsetof(struct oci_block_io, m)
#define NET(m)   PART(network), offsetof(struct oci_network, m)
#define NO_V2    NULL
#define RT       CPU_REALTIME
#define BW       CPU_BANDWIDTH

// clang-format off
static const struct simple simple_table[] = {
	/* member                     controller        struct                   kind      zero         v1 file                        v2 file       words                    bounds    group  may lack */
	{ "/memory/reservation",      CGROUP_MEMORY,    MEM(reservation),        NUMBER,   ZERO_ABSENT, "memory.soft_limit_in_bytes",  "memory.low", "",                      -1, INT64_MAX, ALONE, false },
	{ "/memory/kernel",           CGROUP_MEMORY,    MEM(kernel),             NUMBER,   ZERO_ABSENT, "memory.kmem.limit_in_bytes",  NO_V2,        "a limit of kernel memory",     -1, INT64_MAX, ALONE, false },
	{ "/memory/kernelTCP",        CGROUP_MEMORY,    MEM(kernel_tcp),         NUMBER,   ZERO_ABSENT, "memory.kmem.tcp.limit_in_bytes", NO_V2,     "a limit of TCP buffer memory", -1, INT64_MAX, ALONE, false },
	{ "/memory/swappiness",       CGROUP_MEMORY,    MEM(swappiness),         COUNT_OF, ZERO_COUNTS, "memory.swappiness",           NO_V2,        "memory swappiness",     0, 100,   ALONE, false },
	{ "/memory/disableOOMKiller", CGROUP_MEMORY,    MEM(disable_oom_killer), SWITCH,   ZERO_ABSENT, "memory.oom_control",          NO_V2,        "disabling the OOM killer", 0, 0,  ALONE, false },
	{ "/memory/useHierarchy",     CGROUP_MEMORY,    MEM(use_hierarchy),      SWITCH,   ZERO_ABSENT, "memory.use_hierarchy",        "",           "",                      0, 0,     ALONE, true  },
	{ "/cpu/cpus",                CGROUP_CPUSET,    CPU(cpus),               TEXT,     ZERO_ABSENT, "cpuset.cpus",                 "cpuset.cpus", "",                     0, 0,     ALONE, false },
	{ "/cpu/mems",                CGROUP_CPUSET,    CPU(mems),               TEXT,     ZERO_ABSENT, "cpuset.mems",                 "cpuset.mems", "",                     0, 0,     ALONE, false },
	{ "/cpu/realtimePeriod",      CGROUP_CPU,       CPU(realtime_period),    COUNT_OF, ZERO_ABSENT, "cpu.rt_period_us",            NO_V2,        "a realtime period",     0, 0,     RT,    false },
	{ "/cpu/realtimeRuntime",     CGROUP_CPU,       CPU(realtime_runtime),   NUMBER,   ZERO_ABSENT, "cpu.rt_runtime_us",           NO_V2,        "a realtime runtime",    -1, INT64_MAX, RT, false },
	{ "/blockIO/leafWeight",      CGROUP_IO,        BLOCK(leaf_weight),      COUNT_OF, ZERO_ABSENT, "blkio.leaf_weight",           NO_V2,        "a leaf weight",         10, 1000, ALONE, false },
	{ "/network/classID",         CGROUP_NET_CLS,   NET(class_id),           COUNT_OF, ZERO_ABSENT, "net_cls.classid",             NO_V2,        "a network class",       0, 0,     ALONE, false },
};
// clang-format on

/* The member's text, NULL when it is absent. */
static const char *simple_value(struct plan *p, const struct simple *s, const void *member, bool v1)
{
	const struct opt_i64 *number = member;
	const struct opt_u64 *count = member;
	const struct opt_bool *on = member;
	bool zero = s->zero == ZERO_COUNTS;

	switch (s->kind) {
	case NUMBER:
		return number->set && (number->v || zero) ? limit_text(p, number->v, v1) : NULL;
	case COUNT_OF:
		/* some writers say -1 for "absent" */
		if (!count->set || count->v == UINT64_MAX)
			return NULL;
		return count->v || zero ? u64_text(p, count->v) : NULL;
	case SWITCH:
		return on->set && (on->v || p->how->update) ? (on->v ? "1" : "0") : NULL;
	case TEXT:
		return given_text(*(char *const *)member) ? *(char *const *)member : NULL;
	}
	return NULL;
}

static int simple_bounds(struct plan *p, const struct simple *s, const char *value)
{
	int64_t v;

	if (!s->max || strcmp(value, "max") == 0 ||
	    (text_i64(value, &v) == 0 && v >= s->min && v <= s->max))
		return 0;
	fail(p->e, ERR_INPUT, "%s is not between %lld and %lld", value, (long long)s->min,
	     (long long)s->max);
	return fail_member(p, s->at);
}

static int put_simple(struct plan *p, const struct simple *s)
{
	const char *part = *(char *const *)((const char *)p->r + s->part);
	const char *value = part ? simple_value(p, s, part + s->member, true) : NULL, *file;
	int version;

	if (!value)
		return 0;
	version = home(p, s->controller, s->at);
	if (version < 0 || simple_bounds(p, s, value) < 0)
		return -1;
	file = version == CGROUP_V1 ? s->v1 : s->v2;
	if (!file && (strcmp(value, "-1") == 0 || (s->kind == SWITCH && *value == '0')))
		return 0; /* asks for what is so anyway */
	if (!file)
		return refuse_v2(p, s->at, s->what, NULL);
	if (!*file)
		return 0;
	return PUT(p, .controller = s->controller, .group = s->group, .may_lack = s->may_lack,
		   .file = file,
		   .value = simple_value(p, s, part + s->member, version == CGROUP_V1),
		   .alias = s->controller == CGROUP_CPUSET ? file + strlen("cpuset.") : NULL,
		   .at = s->at);
}

static int put_simples(struct plan *p)
{
	for (size_t i = 0; i < COUNT(simple_table); i++)
		if (put_simple(p, &simple_table[i]) < 0)
			return -1;
	return 0;
}

/* --- memory ----------------------------------------------------------------------------- */

#define NO_SWAP_ACCOUNTING \
	"the kernel does not account swap: it lacks CONFIG_SWAP, or has swapaccount=0"

static int put_memory_v1(struct plan *p, const struct oci_memory *m)
{
	bool unlimited = m->limit.set && m->limit.v == -1 && !given(m->swap);

	if (given(m->limit) && PUT(p, .controller = CGROUP_MEMORY, .group = MEMORY_LIMITS,
				   .file = "memory.limit_in_bytes", .at = "/memory/limit",
				   .value = limit_text(p, m->limit.v, true)) < 0)
		return -1;
	if (!given(m->swap) && !unlimited)
		return 0;
	return PUT(p, .controller = CGROUP_MEMORY, .group = MEMORY_LIMITS,
		   .file = "memory.memsw.limit_in_bytes", .at = "/memory/swap",
		   .value = unlimited ? "-1" : limit_text(p, m->swap.v, true),
		   .may_lack = unlimited || m->swap.v == -1, .hint = NO_SWAP_ACCOUNTING);
}

static int put_memory_v2(struct plan *p, const struct oci_memory *m, int64_t swap)
{
	if (swap != INT64_MIN && PUT(p, .controller = CGROUP_MEMORY, .file = "memory.swap.max",
				     .at = "/memory/swap", .value = limit_text(p, swap, false),
				     .may_lack = swap <= 0, .hint = NO_SWAP_ACCOUNTING) < 0)
		return -1;
	if (!given(m->limit))
		return 0;
	return PUT(p, .controller = CGROUP_MEMORY, .file = "memory.max", .at = "/memory/limit",
		   .value = limit_text(p, m->limit.v, false));
}

static int put_memory(struct plan *p)
{
	const struct oci_memory *m = p->r->memory;
	bool no_swap;
	int version;
	int64_t swap;

	no_swap = m && m->swap.set && !m->limit.set;
	if (!m || (!given(m->limit) && !given(m->swap) && !no_swap))
		return 0;
	version = home(p, CGROUP_MEMORY, "/memory/limit");
	if (version < 0)
		return -1;
	if (m->limit.set && m->limit.v < -1) {
		fail(p->e, ERR_INPUT, "memory limit %lld is negative", (long long)m->limit.v);
		return fail_member(p, "/memory/limit");
	}
	if (resources_swap_max(m, &swap, p->e) < 0)
		return fail_member(p, "/memory/swap");
	return version == CGROUP_V1 ? put_memory_v1(p, m) : put_memory_v2(p, m, swap);
}

/* --- cpu -------------------------------------------------------------------------------- */

#define NO_BURST "the kernel has no CPU burst (Linux 5.14)"
#define NO_IDLE  "the kernel has no idle cgroups (Linux 5.15)"

static int put_shares(struct plan *p, const struct oci_cpu *c, bool v1)
{
	uint64_t shares = c->shares.v;

	/* an idle cgroup takes no weight (EINVAL) */
	if (!given_u64(c->shares) || (c->idle.set && c->idle.v == 1))
		return 0;
	if (v1 && (shares < 2 || shares > 262144)) {
		fail(p->e, ERR_INPUT, "the %s allowed cpu-shares is %d",
		     shares < 2 ? "minimum" : "maximum", shares < 2 ? 2 : 262144);
		return fail_member(p, "/cpu/shares");
	}
	return PUT(p, .controller = CGROUP_CPU, .group = CPU_WEIGHT, .at = "/cpu/shares",
		   .file = v1 ? "cpu.shares" : "cpu.weight",
		   .value = u64_text(p, v1 ? shares : cgroup_weight_of_shares(shares)));
}

static int put_idle(struct plan *p, const struct oci_cpu *c)
{
	if (!c->idle.set || (c->idle.v == 0 && !p->how->update))
		return 0;
	if (c->idle.v != 0 && c->idle.v != 1) {
		fail(p->e, ERR_INPUT, "cpu idle %lld is neither 0 nor 1", (long long)c->idle.v);
		return fail_member(p, "/cpu/idle");
	}
	return PUT(p, .controller = CGROUP_CPU, .group = CPU_WEIGHT, .at = "/cpu/idle",
		   .file = "cpu.idle", .value = i64_text(p, c->idle.v), .hint = NO_IDLE,
		   .may_lack = c->idle.v == 0);
}

static int put_bandwidth_v1(struct plan *p, const struct oci_cpu *c)
{
	if (given_u64(c->period) &&
	    PUT(p, .controller = CGROUP_CPU, .group = BW, .file = "cpu.cfs_period_us",
		.at = "/cpu/period", .value = u64_text(p, c->period.v)) < 0)
		return -1;
	if (given(c->quota) &&
	    PUT(p, .controller = CGROUP_CPU, .group = BW, .file = "cpu.cfs_quota_us",
		.at = "/cpu/quota", .value = c->quota.v < 0 ? "-1" : i64_text(p, c->quota.v)) < 0)
		return -1;
	return 0;
}

static int put_bandwidth_v2(struct plan *p, const struct oci_cpu *c)
{
	const char *quota = c->quota.set && c->quota.v > 0 ? i64_text(p, c->quota.v) : "max";
	uint64_t period = given_u64(c->period) ? c->period.v : 100000;

	if (!given(c->quota) && !given_u64(c->period))
		return 0;
	if (!quota)
		return no_memory(p);
	return PUT(p, .controller = CGROUP_CPU, .group = BW, .file = "cpu.max",
		   .at = given(c->quota) ? "/cpu/quota" : "/cpu/period",
		   .value = arena_printf(p->a, "%s %llu", quota, (unsigned long long)period));
}

static int put_burst(struct plan *p, const struct oci_cpu *c, bool v1)
{
	if (!c->burst.set || (c->burst.v == 0 && !p->how->update))
		return 0;
	if (c->quota.set && c->quota.v > 0 && c->burst.v > (uint64_t)c->quota.v) {
		fail(p->e, ERR_INPUT, "cpu burst %llu is larger than the quota %lld",
		     (unsigned long long)c->burst.v, (long long)c->quota.v);
		return fail_member(p, "/cpu/burst");
	}
	return PUT(p, .controller = CGROUP_CPU, .group = BW, .at = "/cpu/burst",
		   .file = v1 ? "cpu.cfs_burst_us" : "cpu.max.burst",
		   .value = u64_text(p, c->burst.v), .may_lack = c->burst.v == 0, .hint = NO_BURST);
}

static int put_cpu(struct plan *p)
{
	const struct oci_cpu *c = p->r->cpu;
	bool any = c && (given_u64(c->shares) || given(c->quota) || given_u64(c->period) ||
			 c->burst.set || c->idle.set);
	int version;

	if (!any)
		return 0;
	version = home(p, CGROUP_CPU, "/cpu");
	if (version < 0 || put_shares(p, c, version == CGROUP_V1) < 0 || put_idle(p, c) < 0)
		return -1;
	if ((version == CGROUP_V1 ? put_bandwidth_v1 : put_bandwidth_v2)(p, c) < 0)
		return -1;
	return put_burst(p, c, version == CGROUP_V1);
}

/* --- pids ------------------------------------------------------------------------------- */

/* 0 means that the container's first process may have no other: 1 says just that, is what runc
 * writes, and lets that first process in. */
static int put_pids(struct plan *p)
{
	const struct oci_pids *pids = p->r->pids;
	const char *value;

	if (!pids || !pids->limit.set)
		return 0;
	if (home(p, CGROUP_PIDS, "/pids/limit") < 0)
		return -1;
	value = pids->limit.v < 0 ? "max" : pids->limit.v == 0 ? "1" : i64_text(p, pids->limit.v);
	return PUT(p, .controller = CGROUP_PIDS, .file = "pids.max", .at = "/pids/limit",
		   .value = value);
}

/* --- block I/O --------------------------------------------------------------------------- */

#define NO_WEIGHT "the kernel's block layer has no weights here: no BFQ, no io.cost"

static int check_weight(struct plan *p, struct opt_u64 weight, const char *at)
{
	if (!given_u64(weight) || (weight.v >= 10 && weight.v <= 1000))
		return 0;
	fail(p->e, ERR_INPUT, "block I/O weight %llu is not between 10 and 1000",
	     (unsigned long long)weight.v);
	return fail_member(p, at);
}

static int put_weight(struct plan *p, const struct oci_block_io *b, bool v1)
{
	if (!given_u64(b->weight))
		return 0;
	if (check_weight(p, b->weight, "/blockIO/weight") < 0)
		return -1;
	if (v1)
		return PUT(p, .controller = CGROUP_IO, .at = "/blockIO/weight",
			   .file = "blkio.weight", .value = u64_text(p, b->weight.v),
			   .alias = "blkio.bfq.weight", .hint = NO_WEIGHT);
	return PUT(p, .controller = CGROUP_IO, .at = "/blockIO/weight", .file = "io.bfq.weight",
		   .value = u64_text(p, b->weight.v), .alias = "io.weight",
		   .alias_value = u64_text(p, cgroup_io_weight(b->weight.v)), .hint = NO_WEIGHT);
}

static const char *device_text(struct plan *p, const struct oci_weight_device *d, uint64_t value)
{
	return arena_printf(p->a, "%lld:%lld %llu", (long long)d->major, (long long)d->minor,
			    (unsigned long long)value);
}

static int put_weight_device(struct plan *p, const struct oci_weight_device *d, const char *at,
			     bool v1)
{
	if (!at)
		return no_memory(p);
	if (check_weight(p, d->weight, at) < 0 || check_weight(p, d->leaf_weight, at) < 0)
		return -1;
	if (given_u64(d->leaf_weight) && !v1)
		return refuse_v2(p, at, "a leaf weight", NULL);
	if (given_u64(d->weight) &&
	    PUT(p, .controller = CGROUP_IO, .at = at, .hint = NO_WEIGHT,
		.file = v1 ? "blkio.weight_device" : "io.bfq.weight",
		.value = device_text(p, d, d->weight.v),
		.alias = v1 ? "blkio.bfq.weight_device" : "io.weight",
		.alias_value =
			device_text(p, d, v1 ? d->weight.v : cgroup_io_weight(d->weight.v))) < 0)
		return -1;
	if (!given_u64(d->leaf_weight))
		return 0;
	return PUT(p, .controller = CGROUP_IO, .at = at, .hint = NO_WEIGHT,
		   .file = "blkio.leaf_weight_device",
		   .value = device_text(p, d, d->leaf_weight.v));
}

/* 0 takes a throttle away; v2 calls that "max". */
static int put_throttles(struct plan *p, const oci_throttles *list, const char *name,
			 const char *v1_file, const char *v2_key, bool v1)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_throttle_device *d = &list->at[i];
		const char *rate = d->rate || v1 ? u64_text(p, d->rate) : "max";
		const char *device =
			arena_printf(p->a, "%lld:%lld", (long long)d->major, (long long)d->minor);

		if (!rate || !device)
			return no_memory(p);
		if (PUT(p, .controller = CGROUP_IO, .file = v1 ? v1_file : "io.max",
			.at = arena_printf(p->a, "/blockIO/%s/%zu", name, i),
			.value = v1 ? arena_printf(p->a, "%s %s", device, rate)
				    : arena_printf(p->a, "%s %s=%s", device, v2_key, rate)) < 0)
			return -1;
	}
	return 0;
}

static int put_all_throttles(struct plan *p, const struct oci_block_io *b, bool v1)
{
	const struct {
		const oci_throttles *list;
		const char *name, *v1, *v2;
	} rows[] = {
		{ &b->read_bps, "throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps" },
		{ &b->write_bps, "throttleWriteBpsDevice", "blkio.throttle.write_bps_device",
		  "wbps" },
		{ &b->read_iops, "throttleReadIOPSDevice", "blkio.throttle.read_iops_device",
		  "riops" },
		{ &b->write_iops, "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device",
		  "wiops" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (put_throttles(p, rows[i].list, rows[i].name, rows[i].v1, rows[i].v2, v1) < 0)
			return -1;
	return 0;
}

static int put_block_io(struct plan *p)
{
	const struct oci_block_io *b = p->r->block_io;
	bool v1;
	int version;

	if (!b || (!given_u64(b->weight) && !b->weight_device.n && !b->read_bps.n &&
		   !b->write_bps.n && !b->read_iops.n && !b->write_iops.n))
		return 0;
	version = home(p, CGROUP_IO, "/blockIO");
	v1 = version == CGROUP_V1;
	if (version < 0 || put_weight(p, b, v1) < 0)
		return -1;
	for (size_t i = 0; i < b->weight_device.n; i++)
		if (put_weight_device(p, &b->weight_device.at[i],
				      arena_printf(p->a, "/blockIO/weightDevice/%zu", i), v1) < 0)
			return -1;
	return put_all_throttles(p, b, v1);
}

/* --- huge pages, rdma, network ------------------------------------------------------------ */

/* "2MB" */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits < 8 && strchr("KMG", text[digits]) && text[digits] &&
	       strcmp(text + digits + 1, "B") == 0;
}

static int put_hugepage(struct plan *p, const struct oci_hugepage *h, const char *at)
{
	int version = home(p, CGROUP_HUGETLB, at);
	const char *limit = version == CGROUP_V1 ? "limit_in_bytes" : "max";
	const char *value = u64_text(p, h->limit);

	if (version < 0)
		return -1;
	if (!is_page_size(h->page_size)) {
		fail(p->e, ERR_INPUT, "'%s' is no huge page size", h->page_size);
		fail_hint(p->e, "it is written like 2MB or 1GB");
		return fail_member(p, at);
	}
	if (PUT(p, .controller = CGROUP_HUGETLB, .at = at, .value = value,
		.file = arena_printf(p->a, "hugetlb.%s.%s", h->page_size, limit),
		.hint = "the kernel has no huge pages of this size") < 0)
		return -1;
	/* reservations, where the kernel counts them (Linux 5.7) */
	return PUT(p, .controller = CGROUP_HUGETLB, .at = at, .value = value, .may_lack = true,
		   .file = arena_printf(p->a, "hugetlb.%s.rsvd.%s", h->page_size, limit));
}

static int put_rdma(struct plan *p, const struct oci_rdma *d, const char *at)
{
	const char *handles = "", *objects = "";

	if (home(p, CGROUP_RDMA, at) < 0)
		return -1;
	if (!d->hca_handles.set && !d->hca_objects.set) {
		fail(p->e, ERR_INPUT, "neither hcaHandles nor hcaObjects is given for '%s'",
		     d->key);
		return fail_member(p, at);
	}
	if (d->hca_handles.set)
		handles = arena_printf(p->a, " hca_handle=%llu",
				       (unsigned long long)d->hca_handles.v);
	if (d->hca_objects.set)
		objects = arena_printf(p->a, " hca_object=%llu",
				       (unsigned long long)d->hca_objects.v);
	if (!handles || !objects)
		return no_memory(p);
	return PUT(p, .controller = CGROUP_RDMA, .file = "rdma.max", .at = at,
		   .value = arena_printf(p->a, "%s%s%s", d->key, handles, objects));
}

static int put_priority(struct plan *p, const struct oci_net_prio *n, const char *at)
{
	int version = home(p, CGROUP_NET_PRIO, at);

	if (version < 0)
		return -1;
	return PUT(p, .controller = CGROUP_NET_PRIO, .file = "net_prio.ifpriomap", .at = at,
		   .value = arena_printf(p->a, "%s %u", n->name, n->priority),
		   .hint = "there is no such network interface");
}

static int put_lists(struct plan *p)
{
	const struct oci_resources *r = p->r;

	for (size_t i = 0; i < r->hugepage_limits.n; i++)
		if (put_hugepage(p, &r->hugepage_limits.at[i],
				 arena_printf(p->a, "/hugepageLimits/%zu", i)) < 0)
			return -1;
	for (size_t i = 0; i < r->rdma.n; i++)
		if (put_rdma(p, &r->rdma.at[i], arena_printf(p->a, "/rdma/%s", r->rdma.at[i].key)) <
		    0)
			return -1;
	for (size_t i = 0; r->network && i < r->network->priorities.n; i++)
		if (put_priority(p, &r->network->priorities.at[i],
				 arena_printf(p->a, "/network/priorities/%zu", i)) < 0)
			return -1;
	return 0;
}

/* --- unified ------------------------------------------------------------------------------ */

static int check_unified(struct plan *p, const struct pair *u, const char *at,
			 unsigned *ret_controller)
{
	const char *dot = strchr(u->key, '.');
	char name[32];
	unsigned bit;

	if (strchr(u->key, '/')) {
		fail(p->e, ERR_INPUT, "unified resource '%s' must be a file name (no slashes)",
		     u->key);
		return fail_member(p, at);
	}
	if (!dot || dot == u->key || !dot[1]) {
		fail(p->e, ERR_INPUT,
		     "unified resource: the specified key has not the form CONTROLLER.VALUE `%s`",
		     u->key);
		return fail_member(p, at);
	}
	snprintf(name, sizeof(name), "%.*s", (int)(dot - u->key), u->key);
	*ret_controller = 0;
	if (strcmp(name, "cgroup") == 0)
		return 0;
	bit = cgroup_controllers_parse(name);
	if (bit & p->host->v2) {
		*ret_controller = bit;
		return 0;
	}
	fail(p->e, ERR_UNSUPPORTED,
	     "invalid configuration: unified resource '%s' can't be set: the requested "
	     "cgroup controller `%s` is not available",
	     u->key, name);
	if (bit & p->host->v1)
		fail_hint(p->e,
			  "on this host it lives in cgroup v1: use the other members of resources");
	return fail_member(p, at);
}

/* An idle cgroup takes no weight (EINVAL). */
static bool is_vain(const struct pairs *u, const char *file)
{
	for (size_t i = 0; i < u->n && strcmp(file, "cpu.weight") == 0; i++)
		if (strcmp(u->at[i].key, "cpu.idle") == 0 && strcmp(u->at[i].value, "1") == 0)
			return true;
	return false;
}

static int put_unified(struct plan *p)
{
	const struct pairs *u = &p->r->unified;

	if (u->n && !p->host->has_v2) {
		fail(p->e, ERR_UNSUPPORTED,
		     "invalid configuration: cannot use unified on cgroup v1");
		fail_hint(p->e, "use the other members of resources");
		return fail_member(p, "/unified");
	}
	for (size_t i = 0; i < u->n; i++) {
		const char *at = arena_printf(p->a, "/unified/%s", u->at[i].key);
		unsigned controller;

		if (!at)
			return no_memory(p);
		if (check_unified(p, &u->at[i], at, &controller) < 0)
			return -1;
		if (given_text(u->at[i].value) && !is_vain(u, u->at[i].key) &&
		    PUT(p, .controller = controller, .file = u->at[i].key, .value = u->at[i].value,
			.at = at) < 0)
			return -1;
	}
	return 0;
}

/**
 * resources_writes() - everything that must be written, in order
 * @host:     where each controller lives
 * @a:        owns the list and its texts
 * @ret_list: device access is not in it, see resources_apply()
 *
 * Touches nothing. Unified comes last: it has the last word.
 */
int resources_writes(const struct resources_host *host, const struct oci_resources *r,
		     const struct resources_how *how, struct arena *a, resource_writes *ret_list,
		     struct err *e)
{
	static int (*const builders[])(struct plan *) = {
		put_memory, put_simples, put_cpu, put_pids, put_block_io, put_lists, put_unified,
	};
	struct plan p = { .host = host, .r = r, .how = how, .a = a, .e = e };

	for (size_t i = 0; i < COUNT(builders); i++)
		if (builders[i](&p) < 0)
			return -1;
	*ret_list = p.list;
	return 0;
}
