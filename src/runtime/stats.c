/* stats.c - a cgroup's counters as the JSON that runc's `events` prints
 *
 * containerd's shim and docker read this: names, nesting and which zeroes are left out are
 * those of runc 1.3 (types/events.go). Written directly: the document is two dozen numbers in
 * a fixed shape, and nothing here reads it back.
 */
#include "runtime/stats.h"

#include <inttypes.h>

#include "base/json_text.h"
#include "base/text.h"
#include "os/cgroup_stats.h"

/* struct out - the text, and whether the next member needs a comma */
struct out {
	struct str *s;
	bool comma;
};

enum zero { SHOW_ZERO, OMIT_ZERO };

static void key(struct out *o, const char *name)
{
	str_addf(o->s, "%s\"%s\":", o->comma ? "," : "", name);
	o->comma = true;
}

static void begin(struct out *o, const char *name)
{
	if (name)
		key(o, name);
	str_add(o->s, "{");
	o->comma = false;
}

static void end(struct out *o)
{
	str_add(o->s, "}");
	o->comma = true;
}

static void number(struct out *o, const char *name, uint64_t v, enum zero zero)
{
	if (!v && zero == OMIT_ZERO)
		return;
	key(o, name);
	str_addf(o->s, "%" PRIu64, v);
}

static void counts(struct out *o, const char *name, const cgroup_counts *l)
{
	if (!l->n)
		return;
	key(o, name);
	for (size_t i = 0; i < l->n; i++)
		str_addf(o->s, "%s%" PRIu64, i ? "," : "[", l->at[i]);
	str_add(o->s, "]");
}

static void share(struct out *o, const char *name, uint64_t hundredths)
{
	uint64_t rest = hundredths % 100;

	key(o, name);
	str_addf(o->s, "%" PRIu64, hundredths / 100);
	if (rest)
		str_addf(o->s, rest % 10 ? ".%02" PRIu64 : ".%" PRIu64,
			 rest % 10 ? rest : rest / 10);
}

static void stall(struct out *o, const char *name, const struct cgroup_stall *s)
{
	if (!s->avg10 && !s->avg60 && !s->avg300 && !s->total)
		return;
	begin(o, name);
	share(o, "avg10", s->avg10);
	share(o, "avg60", s->avg60);
	share(o, "avg300", s->avg300);
	number(o, "total", s->total, SHOW_ZERO);
	end(o);
}

static void pressure(struct out *o, const struct cgroup_pressure *p)
{
	if (!p->present)
		return;
	begin(o, "psi");
	stall(o, "some", &p->some);
	stall(o, "full", &p->full);
	end(o);
}

static void cpu(struct out *o, const struct cgroup_stats *s)
{
	begin(o, "cpu");
	begin(o, "usage");
	number(o, "total", s->cpu.total, OMIT_ZERO);
	counts(o, "percpu", &s->cpu.percpu);
	counts(o, "percpu_kernel", &s->cpu.percpu_kernel);
	counts(o, "percpu_user", &s->cpu.percpu_user);
	number(o, "kernel", s->cpu.kernel, SHOW_ZERO);
	number(o, "user", s->cpu.user, SHOW_ZERO);
	end(o);
	begin(o, "throttling");
	number(o, "periods", s->cpu.periods, OMIT_ZERO);
	number(o, "throttledPeriods", s->cpu.throttled_periods, OMIT_ZERO);
	number(o, "throttledTime", s->cpu.throttled_time, OMIT_ZERO);
	end(o);
	pressure(o, &s->cpu.pressure);
	end(o);
}

static void cpuset(struct out *o, const struct cgroup_stats *s)
{
	begin(o, "cpuset");
	counts(o, "cpus", &s->cpuset.cpus);
	number(o, "cpu_exclusive", s->cpuset.cpu_exclusive, SHOW_ZERO);
	counts(o, "mems", &s->cpuset.mems);
	number(o, "mem_hardwall", s->cpuset.mem_hardwall, SHOW_ZERO);
	number(o, "mem_exclusive", s->cpuset.mem_exclusive, SHOW_ZERO);
	number(o, "memory_migrate", s->cpuset.memory_migrate, SHOW_ZERO);
	number(o, "memory_spread_page", s->cpuset.spread_page, SHOW_ZERO);
	number(o, "memory_spread_slab", s->cpuset.spread_slab, SHOW_ZERO);
	number(o, "memory_pressure", s->cpuset.memory_pressure, SHOW_ZERO);
	number(o, "sched_load_balance", s->cpuset.load_balance, SHOW_ZERO);
	key(o, "sched_relax_domain_level");
	str_addf(o->s, "%" PRId64, s->cpuset.relax_domain_level);
	end(o);
}

static void usage(struct out *o, const char *name, const struct cgroup_usage *u)
{
	begin(o, name);
	number(o, "limit", u->limit, SHOW_ZERO);
	number(o, "usage", u->usage, OMIT_ZERO);
	number(o, "max", u->max_usage, OMIT_ZERO);
	number(o, "failcnt", u->failcnt, SHOW_ZERO);
	end(o);
}

static void memory(struct out *o, const struct cgroup_stats *s)
{
	begin(o, "memory");
	number(o, "cache", s->memory.cache, OMIT_ZERO);
	usage(o, "usage", &s->memory.usage);
	usage(o, "swap", &s->memory.swap);
	usage(o, "kernel", &s->memory.kernel);
	usage(o, "kernelTCP", &s->memory.kernel_tcp);
	if (s->memory.raw.n) {
		begin(o, "raw");
		for (size_t i = 0; i < s->memory.raw.n; i++)
			number(o, s->memory.raw.at[i].key, s->memory.raw.at[i].value, SHOW_ZERO);
		end(o);
	}
	pressure(o, &s->memory.pressure);
	end(o);
}

static void io_list(struct out *o, const char *name, const cgroup_io_list *l)
{
	if (!l->n)
		return;
	key(o, name);
	str_add(o->s, "[");
	for (size_t i = 0; i < l->n; i++) {
		const struct cgroup_io_entry *entry = &l->at[i];

		str_add(o->s, i ? "," : "");
		begin(o, NULL);
		number(o, "major", entry->major, OMIT_ZERO);
		number(o, "minor", entry->minor, OMIT_ZERO);
		if (entry->op && *entry->op) {
			key(o, "op");
			str_addf(o->s, "\"%s\"", entry->op);
		}
		number(o, "value", entry->value, OMIT_ZERO);
		end(o);
	}
	str_add(o->s, "]");
	o->comma = true;
}

static void blkio(struct out *o, const struct cgroup_stats *s)
{
	begin(o, "blkio");
	io_list(o, "ioServiceBytesRecursive", &s->io.service_bytes);
	io_list(o, "ioServicedRecursive", &s->io.serviced);
	io_list(o, "ioQueueRecursive", &s->io.queued);
	io_list(o, "ioServiceTimeRecursive", &s->io.service_time);
	io_list(o, "ioWaitTimeRecursive", &s->io.wait_time);
	io_list(o, "ioMergedRecursive", &s->io.merged);
	io_list(o, "ioTimeRecursive", &s->io.time);
	io_list(o, "sectorsRecursive", &s->io.sectors);
	pressure(o, &s->io.pressure);
	end(o);
}

static void hugetlb(struct out *o, const struct cgroup_stats *s)
{
	begin(o, "hugetlb");
	for (size_t i = 0; i < s->hugetlb.n; i++) {
		begin(o, s->hugetlb.at[i].size);
		number(o, "usage", s->hugetlb.at[i].usage, OMIT_ZERO);
		number(o, "max", s->hugetlb.at[i].max_usage, OMIT_ZERO);
		number(o, "failcnt", s->hugetlb.at[i].failcnt, SHOW_ZERO);
		end(o);
	}
	end(o);
}

static void head(struct out *o, const char *type, const char *id)
{
	begin(o, NULL);
	key(o, "type");
	json_text_quote(o->s, type);
	key(o, "id");
	json_text_quote(o->s, id);
}

/**
 * stats_event() - one line of `events`: {"type":"stats","id":…,"data":{…}}
 * @out: appended to, with a newline; check ->torn
 */
void stats_event(const struct cgroup_stats *s, const char *id, struct str *out)
{
	struct out o = { .s = out };

	head(&o, "stats", id);
	begin(&o, "data");
	cpu(&o, s);
	cpuset(&o, s);
	memory(&o, s);
	begin(&o, "pids");
	number(&o, "current", s->pids.current, OMIT_ZERO);
	number(&o, "limit", s->pids.limit, OMIT_ZERO);
	end(&o);
	blkio(&o, s);
	hugetlb(&o, s);
	begin(&o, "intel_rdt");
	end(&o);
	key(&o, "network_interfaces");
	str_add(out, "null");
	end(&o);
	end(&o);
	str_add(out, "\n");
}

/* stats_notice() - one line of `events` without data: "oom", "pressure" */
void stats_notice(const char *type, const char *id, struct str *out)
{
	struct out o = { .s = out };

	head(&o, type, id);
	end(&o);
	str_add(out, "\n");
}
