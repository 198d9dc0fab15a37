/* cgroup_stats.c - reading a cgroup's counters */
#include "os/cgroup_stats.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "os/cgroup.h"
#include "os/cgroup_file.h"

#define TEXT_MAX (64 << 10)
#define TICK_NS  10000000 /* USER_HZ is 100 on every architecture that we know */
#define USEC     1000

/**
 * struct reader - one directory's files, one after the other
 * @text: the file read last
 */
struct reader {
	struct arena *a;
	struct cgroup_stats *s;
	int fd;
	char *text;
};

static bool slurp(struct reader *r, const char *file)
{
	return cgroup_try_read(r->fd, file, r->text, TEXT_MAX) >= 0;
}

static void number(struct reader *r, const char *file, uint64_t *ret)
{
	(void)cgroup_try_read_u64(r->fd, file, ret);
}

/* Takes "KEY VALUE\n" off *@at. */
static bool pair_next(char **at, const char **ret_key, uint64_t *ret_value)
{
	while (**at) {
		char *line = *at, *end = line + strcspn(line, "\n"), *blank;

		*at = *end ? end + 1 : end;
		*end = '\0';
		blank = strchr(line, ' ');
		if (!blank)
			continue;
		*blank = '\0';
		*ret_key = line;
		if (text_u64(blank + 1, UINT64_MAX, ret_value) == 0)
			return true;
	}
	return false;
}

/* struct field - where a key's number goes, and what it is multiplied by */
struct field {
	const char *key;
	uint64_t *to;
	uint64_t unit;
};

static void fields(struct reader *r, const char *file, const struct field *table, size_t n)
{
	const char *key;
	uint64_t value;
	char *at = r->text;

	if (!slurp(r, file))
		return;
	while (pair_next(&at, &key, &value))
		for (size_t i = 0; i < n; i++)
			if (strcmp(table[i].key, key) == 0)
				*table[i].to = value * table[i].unit;
}

/* Grows by doubling in the arena; what is left behind is small. */
static void *grow(struct arena *a, struct list_any *l, size_t size)
{
	if ((l->n & (l->n - 1)) == 0) {
		void *at = arena_array(a, l->n ? l->n * 2 : 1, size);

		if (!at)
			return NULL;
		if (l->n)
			memcpy(at, l->at, l->n * size);
		l->at = at;
	}
	return (char *)l->at + l->n++ * size;
}

static void count_add(struct arena *a, cgroup_counts *l, uint64_t v)
{
	uint64_t *at = grow(a, (struct list_any *)l, sizeof(*at));

	if (at)
		*at = v;
}

/* --- pressure ------------------------------------------------------------------------------ */

/* "12.34" in hundredths */
static uint64_t hundredths(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10) * 100;

	if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
		v += (uint64_t)(end[1] - '0') * 10;
		if (end[2] >= '0' && end[2] <= '9')
			v += (uint64_t)(end[2] - '0');
	}
	return v;
}

static const char *after(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	const char *end = strchr(line, '\n');

	return at && (!end || at < end) ? at + strlen(key) : "0";
}

static void stall_parse(const char *text, const char *kind, struct cgroup_stall *ret)
{
	const char *line = strstr(text, kind);

	if (!line)
		return;
	ret->avg10 = hundredths(after(line, "avg10="));
	ret->avg60 = hundredths(after(line, "avg60="));
	ret->avg300 = hundredths(after(line, "avg300="));
	ret->total = strtoull(after(line, "total="), NULL, 10);
}

/* cgroup_pressure_parse() - a *.pressure file */
bool cgroup_pressure_parse(const char *text, struct cgroup_pressure *ret)
{
	*ret = (struct cgroup_pressure){ .present =
						 strstr(text, "some ") || strstr(text, "full ") };
	stall_parse(text, "some ", &ret->some);
	stall_parse(text, "full ", &ret->full);
	return ret->present;
}

static void pressure(struct reader *r, const char *file, struct cgroup_pressure *ret)
{
	if (slurp(r, file))
		(void)cgroup_pressure_parse(r->text, ret);
}

/* --- cpu ------------------------------------------------------------------------------------- */

static void cpu_stat_v1(struct reader *r)
{
	const struct field f[] = {
		{ "nr_periods", &r->s->cpu.periods, 1 },
		{ "nr_throttled", &r->s->cpu.throttled_periods, 1 },
		{ "throttled_time", &r->s->cpu.throttled_time, 1 },
	};

	fields(r, "cpu.stat", f, COUNT(f));
}

static void numbers(struct reader *r, const char *text, cgroup_counts *ret)
{
	while (*text) {
		size_t blank = strspn(text, " \n");
		char *end;
		uint64_t v = strtoull(text + blank, &end, 10);

		if (end == text + blank)
			return;
		count_add(r->a, ret, v);
		text = end;
	}
}

/* "cpu user system" and then a line for each cpu */
static void usage_all(struct reader *r)
{
	const char *at;

	if (!slurp(r, "cpuacct.usage_all"))
		return;
	for (at = strchr(r->text, '\n'); at; at = strchr(at + 1, '\n')) {
		unsigned long long user, kernel;

		if (sscanf(at + 1, "%*u %llu %llu", &user, &kernel) != 2)
			break;
		count_add(r->a, &r->s->cpu.percpu_user, user);
		count_add(r->a, &r->s->cpu.percpu_kernel, kernel);
	}
}

static void cpuacct_v1(struct reader *r)
{
	const struct field f[] = {
		{ "user", &r->s->cpu.user, TICK_NS },
		{ "system", &r->s->cpu.kernel, TICK_NS },
	};

	fields(r, "cpuacct.stat", f, COUNT(f));
	number(r, "cpuacct.usage", &r->s->cpu.total);
	if (slurp(r, "cpuacct.usage_percpu"))
		numbers(r, r->text, &r->s->cpu.percpu);
	usage_all(r);
}

static void cpu_v2(struct reader *r)
{
	const struct field f[] = {
		{ "usage_usec", &r->s->cpu.total, USEC },
		{ "user_usec", &r->s->cpu.user, USEC },
		{ "system_usec", &r->s->cpu.kernel, USEC },
		{ "nr_periods", &r->s->cpu.periods, 1 },
		{ "nr_throttled", &r->s->cpu.throttled_periods, 1 },
		{ "throttled_usec", &r->s->cpu.throttled_time, USEC },
	};

	fields(r, "cpu.stat", f, COUNT(f));
}

/* "0-2,5" one by one; at most as many as the kernel can have */
static void cpu_list(struct reader *r, const char *file, cgroup_counts *ret)
{
	const char *at = r->text;

	if (!slurp(r, file))
		return;
	while (*at >= '0' && *at <= '9') {
		char *end;
		uint64_t from = strtoull(at, &end, 10), to = from;

		if (*end == '-')
			to = strtoull(end + 1, &end, 10);
		for (; from <= to && from < 8192; from++)
			count_add(r->a, ret, from);
		at = *end == ',' ? end + 1 : end;
	}
}

static void cpuset_v1(struct reader *r)
{
	char text[32];

	cpu_list(r, "cpuset.cpus", &r->s->cpuset.cpus);
	cpu_list(r, "cpuset.mems", &r->s->cpuset.mems);
	number(r, "cpuset.cpu_exclusive", &r->s->cpuset.cpu_exclusive);
	number(r, "cpuset.mem_hardwall", &r->s->cpuset.mem_hardwall);
	number(r, "cpuset.mem_exclusive", &r->s->cpuset.mem_exclusive);
	number(r, "cpuset.memory_migrate", &r->s->cpuset.memory_migrate);
	number(r, "cpuset.memory_spread_page", &r->s->cpuset.spread_page);
	number(r, "cpuset.memory_spread_slab", &r->s->cpuset.spread_slab);
	number(r, "cpuset.memory_pressure", &r->s->cpuset.memory_pressure);
	number(r, "cpuset.sched_load_balance", &r->s->cpuset.load_balance);
	if (cgroup_try_read(r->fd, "cpuset.sched_relax_domain_level", text, sizeof(text)) > 0)
		(void)text_i64(text, &r->s->cpuset.relax_domain_level);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void memory_raw(struct reader *r, const char *cache_key)
{
	const char *key;
	char *at = r->text;
	uint64_t value;

	if (!slurp(r, "memory.stat"))
		return;
	while (pair_next(&at, &key, &value)) {
		struct cgroup_raw *raw =
			grow(r->a, (struct list_any *)&r->s->memory.raw, sizeof(*raw));

		if (!raw)
			return;
		*raw = (struct cgroup_raw){ .key = arena_dup(r->a, key), .value = value };
		if (strcmp(key, cache_key) == 0)
			r->s->memory.cache = value;
	}
}

static void usage_v1(struct reader *r, const char *name, struct cgroup_usage *ret)
{
	const struct {
		const char *suffix;
		uint64_t *to;
	} rows[] = {
		{ "usage_in_bytes", &ret->usage },
		{ "max_usage_in_bytes", &ret->max_usage },
		{ "failcnt", &ret->failcnt },
		{ "limit_in_bytes", &ret->limit },
	};
	char file[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(file, sizeof(file), "memory.%s%s", name, rows[i].suffix);
		number(r, file, rows[i].to);
	}
}

static void memory_v1(struct reader *r)
{
	memory_raw(r, "cache");
	usage_v1(r, "", &r->s->memory.usage);
	usage_v1(r, "memsw.", &r->s->memory.swap);
	usage_v1(r, "kmem.", &r->s->memory.kernel);
	usage_v1(r, "kmem.tcp.", &r->s->memory.kernel_tcp);
}

/* Memory and swap together, as v1 has it; a peak of the sum does not exist. */
static void memory_v2(struct reader *r)
{
	struct cgroup_usage *u = &r->s->memory.usage, *s = &r->s->memory.swap;
	const struct field f[] = { { "max", &u->failcnt, 1 } };

	memory_raw(r, "file");
	number(r, "memory.current", &u->usage);
	number(r, "memory.max", &u->limit);
	number(r, "memory.peak", &u->max_usage);
	fields(r, "memory.events", f, COUNT(f));
	if (cgroup_try_read_u64(r->fd, "memory.swap.current", &s->usage) == 0) {
		number(r, "memory.swap.max", &s->limit);
		s->usage += u->usage;
		if (s->limit != UINT64_MAX)
			s->limit =
				u->limit > UINT64_MAX - s->limit ? UINT64_MAX : s->limit + u->limit;
	}
	for (size_t i = 0; i < r->s->memory.raw.n; i++)
		if (r->s->memory.raw.at[i].key && strcmp(r->s->memory.raw.at[i].key, "kernel") == 0)
			r->s->memory.kernel.usage = r->s->memory.raw.at[i].value;
}

static void pids(struct reader *r)
{
	number(r, "pids.current", &r->s->pids.current);
	number(r, "pids.max", &r->s->pids.limit);
	if (r->s->pids.limit == UINT64_MAX)
		r->s->pids.limit = 0;
}

/* --- block I/O ------------------------------------------------------------------------------- */

static void io_add(struct arena *a, cgroup_io_list *l, uint64_t major, uint64_t minor,
		   const char *op, uint64_t value)
{
	struct cgroup_io_entry *at = grow(a, (struct list_any *)l, sizeof(*at));

	if (at)
		*at = (struct cgroup_io_entry){ major, minor, value, op };
}

/* cgroup_blkio_parse() - "8:0 Read 4096", "8:0 17", "Total 9" (passed over); false on nonsense */
bool cgroup_blkio_parse(const char *text, struct arena *a, cgroup_io_list *ret_list)
{
	while (*text) {
		unsigned long long major = 0, minor = 0, value = 0;
		char op[16] = "";
		size_t len = strcspn(text, "\n");

		if (len && strncmp(text, "Total", 5) != 0) {
			if (sscanf(text, "%llu:%llu %15[A-Za-z] %llu", &major, &minor, op,
				   &value) != 4 &&
			    sscanf(text, "%llu:%llu %llu", &major, &minor, &value) != 3)
				return false;
			io_add(a, ret_list, major, minor, arena_dup(a, op), value);
		}
		text += len + (text[len] == '\n');
	}
	return true;
}

/* v1's counters of the scheduler in use, best first: the first file of a row tells whether the
 * row exists. */
static void io_v1(struct reader *r)
{
	static const char *const prefixes[] = { "blkio.bfq.", "blkio.", "blkio.throttle.", NULL };
	const struct {
		const char *name;
		cgroup_io_list *to;
	} rows[] = {
		{ "io_serviced_recursive", &r->s->io.serviced },
		{ "io_service_bytes_recursive", &r->s->io.service_bytes },
		{ "io_service_time_recursive", &r->s->io.service_time },
		{ "io_wait_time_recursive", &r->s->io.wait_time },
		{ "io_merged_recursive", &r->s->io.merged },
		{ "io_queued_recursive", &r->s->io.queued },
		{ "time_recursive", &r->s->io.time },
		{ "sectors_recursive", &r->s->io.sectors },
	};
	char file[64];

	for (const char *const *prefix = prefixes; *prefix; prefix++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			snprintf(file, sizeof(file), "%s%s", *prefix, rows[i].name);
			if (slurp(r, file))
				(void)cgroup_blkio_parse(r->text, r->a, rows[i].to);
		}
		/* BFQ's files are there, and empty, where another scheduler is in use */
		if (r->s->io.serviced.n)
			return;
	}
}

/* cgroup_io_stat_parse() - "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …" */
bool cgroup_io_stat_parse(const char *text, struct arena *a, struct cgroup_stats *s)
{
	const struct {
		const char *key, *op;
		cgroup_io_list *to;
	} rows[] = {
		{ "rbytes=", "Read", &s->io.service_bytes },
		{ "wbytes=", "Write", &s->io.service_bytes },
		{ "rios=", "Read", &s->io.serviced },
		{ "wios=", "Write", &s->io.serviced },
	};

	while (*text) {
		unsigned long long major = 0, minor = 0;
		size_t len = strcspn(text, "\n");
		const char *end = text + len, *at = memchr(text, ' ', len);

		if (len && sscanf(text, "%llu:%llu", &major, &minor) != 2)
			return false;
		for (; at && at < end; at = memchr(at, ' ', (size_t)(end - at))) {
			at++;
			for (size_t i = 0; i < COUNT(rows); i++)
				if (text_starts(at, rows[i].key))
					io_add(a, rows[i].to, major, minor, rows[i].op,
					       strtoull(at + strlen(rows[i].key), NULL, 10));
		}
		text = *end ? end + 1 : end;
	}
	return true;
}

static void io_v2(struct reader *r)
{
	if (slurp(r, "io.stat"))
		(void)cgroup_io_stat_parse(r->text, r->a, r->s);
}

/* --- huge pages, rdma ------------------------------------------------------------ */

/* "hugepages-2048kB" as the cgroup files call it: "2MB" */
static bool page_size(const char *name, char *ret_size, size_t size)
{
	unsigned long kb;

	if (sscanf(name, "hugepages-%lukB", &kb) != 1)
		return false;
	if (kb >= 1 << 20)
		snprintf(ret_size, size, "%luGB", kb >> 20);
	else if (kb >= 1 << 10)
		snprintf(ret_size, size, "%luMB", kb >> 10);
	else
		snprintf(ret_size, size, "%luKB", kb);
	return true;
}

static bool hugepage_read(struct reader *r, const char *size, const char *rsvd, bool v2,
			  struct cgroup_hugepage *ret)
{
	char file[96];

	snprintf(file, sizeof(file), "hugetlb.%s%s.%s", size, rsvd,
		 v2 ? "current" : "usage_in_bytes");
	if (cgroup_try_read_u64(r->fd, file, &ret->usage) < 0)
		return false;
	if (v2) {
		const struct field f[] = { { "max", &ret->failcnt, 1 } };

		snprintf(file, sizeof(file), "hugetlb.%s.events", size);
		fields(r, file, f, COUNT(f));
		return true;
	}
	snprintf(file, sizeof(file), "hugetlb.%s%s.max_usage_in_bytes", size, rsvd);
	number(r, file, &ret->max_usage);
	snprintf(file, sizeof(file), "hugetlb.%s%s.failcnt", size, rsvd);
	number(r, file, &ret->failcnt);
	return true;
}

static void hugetlb(struct reader *r, bool v2)
{
	own_dir DIR *dir = opendir("/sys/kernel/mm/hugepages");
	struct dirent *d;
	char size[32];

	while (dir && (d = readdir(dir))) {
		struct cgroup_hugepage h = { 0 }, *at;

		if (!page_size(d->d_name, size, sizeof(size)))
			continue;
		if (!hugepage_read(r, size, ".rsvd", v2, &h) && !hugepage_read(r, size, "", v2, &h))
			continue;
		h.size = arena_dup(r->a, size);
		at = grow(r->a, (struct list_any *)&r->s->hugetlb, sizeof(*at));
		if (at && h.size)
			*at = h;
	}
}

static uint64_t rdma_number(const char *line, const char *key)
{
	const char *at = after(line, key);

	return *at == 'm' ? UINT32_MAX : strtoull(at, NULL, 10);
}

static void rdma_file(struct reader *r, const char *file, struct list_any *ret)
{
	if (!slurp(r, file))
		return;
	for (const char *line = r->text; *line;) {
		size_t len = strcspn(line, "\n");
		struct cgroup_rdma *at = len ? grow(r->a, ret, sizeof(*at)) : NULL;

		if (at)
			*at = (struct cgroup_rdma){
				.device = arena_dup_len(r->a, line, strcspn(line, " \n")),
				.handles = rdma_number(line, "hca_handle="),
				.objects = rdma_number(line, "hca_object="),
			};
		line += len + (line[len] == '\n');
	}
}

/* --- all ------------------------------------------------------------ */

static void read_v1(struct reader *r, unsigned controllers)
{
	static const struct {
		unsigned controller;
		void (*read)(struct reader *);
	} rows[] = {
		{ CGROUP_CPU, cpu_stat_v1 },  { CGROUP_CPUACCT, cpuacct_v1 },
		{ CGROUP_CPUSET, cpuset_v1 }, { CGROUP_MEMORY, memory_v1 },
		{ CGROUP_PIDS, pids },        { CGROUP_IO, io_v1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (controllers & rows[i].controller)
			rows[i].read(r);
	if (controllers & CGROUP_HUGETLB)
		hugetlb(r, false);
}

/* cpu.stat and the pressure files are there without the controllers; a hybrid host's v1
 * counters, read before, stay. */
static void read_v2(struct reader *r, unsigned controllers)
{
	if (!r->s->cpu.total)
		cpu_v2(r);
	if (controllers & CGROUP_MEMORY)
		memory_v2(r);
	if (controllers & CGROUP_PIDS)
		pids(r);
	if (controllers & CGROUP_IO)
		io_v2(r);
	if (controllers & CGROUP_HUGETLB)
		hugetlb(r, true);
	pressure(r, "cpu.pressure", &r->s->cpu.pressure);
	pressure(r, "memory.pressure", &r->s->memory.pressure);
	pressure(r, "io.pressure", &r->s->io.pressure);
}

static int read_place(struct reader *r, const struct cgroup_place *p, struct err *e)
{
	own_fd int fd = cgroup_place_open(p, e);

	if (fd < 0)
		return -1;
	r->fd = fd;
	if (p->in->version == CGROUP_V1)
		read_v1(r, p->in->controllers);
	else
		read_v2(r, p->in->controllers);
	if (p->in->controllers & CGROUP_RDMA) {
		rdma_file(r, "rdma.current", (struct list_any *)&r->s->rdma_current);
		rdma_file(r, "rdma.max", (struct list_any *)&r->s->rdma_limit);
	}
	return 0;
}

/**
 * cgroup_stats() - read all counters of a container's cgroup
 * @a: owns the lists and texts
 *
 * A file that is missing (an older kernel, a controller that is off) leaves zeroes. Fails when
 * the cgroup itself is gone.
 */
int cgroup_stats(const struct cgroup *cg, struct arena *a, struct cgroup_stats *ret_stats,
		 struct err *e)
{
	own_mem char *text = malloc(TEXT_MAX);
	struct reader r = { .a = a, .s = ret_stats, .text = text };

	if (!text)
		return fail_errno(e, ENOMEM, "read the cgroup's counters");
	*ret_stats = (struct cgroup_stats){ 0 };
	for (int version = CGROUP_V1; version <= CGROUP_V2; version++)
		for (size_t i = 0; i < cg->n; i++)
			if ((int)cg->at[i].in->version == version &&
			    read_place(&r, &cg->at[i], e) < 0)
				return -1;
	return 0;
}
