/* resources.c - the resources document as files to write, on every kind of host */
#include "tests/unit/t.h"

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_convert.h"
#include "runtime/resources.h"

static struct err e;
static struct arena mem;

#define ALL \
	(CGROUP_CPU | CGROUP_CPUSET | CGROUP_MEMORY | CGROUP_DEVICES | CGROUP_FREEZER | \
	 CGROUP_IO | CGROUP_PIDS | CGROUP_HUGETLB | CGROUP_RDMA)

static const struct resources_host v1_host = { .v1 = ALL | CGROUP_NET_CLS | CGROUP_NET_PRIO };
static const struct resources_host v2_host = { .v2 = ALL, .has_v2 = true };
static const struct resources_host hybrid_host = { .v1 = ALL & ~CGROUP_HUGETLB,
						   .v2 = CGROUP_HUGETLB,
						   .has_v2 = true };

static struct oci_resources *parse(const char *json)
{
	struct oci_resources *r = arena_alloc(&mem, sizeof(*r));

	if (bind_parse(&oci_resources_table, json, strlen(json), "test", NULL, &mem, r, &e) < 0)
		T_FAIL("%s: %s: %s", json, e.origin, e.text);
	return r;
}

/* "file=value file=value", or "! origin: text" */
static const char *plan(const struct resources_host *host, const char *json, bool update)
{
	const struct resources_how how = { .update = update };
	resource_writes list = { 0 };
	struct str s = { 0 };

	e = (struct err){ 0 };
	if (resources_writes(host, parse(json), &how, &mem, &list, &e) < 0)
		return arena_printf(&mem, "! %s: %s", e.origin, e.text);
	for (size_t i = 0; i < list.n; i++)
		str_addf(&s, "%s%s=%s", i ? " " : "", list.at[i].file, list.at[i].value);
	return s.at ? s.at : "";
}

#define AT "config.json: /linux/resources"

// clang-format off
static const struct {
	const char *json, *v1, *v2;
} rows[] = {
	{ "{}", "", "" },
	{ "{\"memory\":{\"limit\":1048576}}", "memory.limit_in_bytes=1048576", "memory.max=1048576" },
	{ "{\"memory\":{\"limit\":-1}}", "memory.limit_in_bytes=-1 memory.memsw.limit_in_bytes=-1",
	  "memory.swap.max=max memory.max=max" },
	{ "{\"memory\":{\"limit\":100,\"swap\":300}}",
	  "memory.limit_in_bytes=100 memory.memsw.limit_in_bytes=300", "memory.swap.max=200 memory.max=100" },
	{ "{\"memory\":{\"limit\":100,\"swap\":100}}",
	  "memory.limit_in_bytes=100 memory.memsw.limit_in_bytes=100", "memory.swap.max=0 memory.max=100" },
	{ "{\"memory\":{\"limit\":100,\"swap\":-1}}",
	  "memory.limit_in_bytes=100 memory.memsw.limit_in_bytes=-1", "memory.swap.max=max memory.max=100" },
	{ "{\"memory\":{\"limit\":100,\"swap\":99}}",
	  "! " AT "/memory/swap: memory+swap limit 99 should be >= memory limit 100",
	  "! " AT "/memory/swap: memory+swap limit 99 should be >= memory limit 100" },
	{ "{\"memory\":{\"swap\":99}}", "! " AT "/memory/swap: unable to set swap limit without memory limit",
	  "! " AT "/memory/swap: unable to set swap limit without memory limit" },
	{ "{\"memory\":{\"swap\":0}}", "", "memory.swap.max=0" },
	{ "{\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0,\"kernel\":0}}", "", "" },
	{ "{\"memory\":{\"reservation\":4096}}", "memory.soft_limit_in_bytes=4096", "memory.low=4096" },
	{ "{\"memory\":{\"reservation\":-1}}", "memory.soft_limit_in_bytes=-1", "memory.low=max" },
	{ "{\"memory\":{\"swappiness\":0}}", "memory.swappiness=0",
	  "! " AT "/memory/swappiness: memory swappiness can't be set on cgroup v2" },
	{ "{\"memory\":{\"swappiness\":101}}", "! " AT "/memory/swappiness: 101 is not between 0 and 100",
	  "! " AT "/memory/swappiness: 101 is not between 0 and 100" },
	{ "{\"memory\":{\"disableOOMKiller\":true}}", "memory.oom_control=1",
	  "! " AT "/memory/disableOOMKiller: disabling the OOM killer can't be set on cgroup v2" },
	{ "{\"memory\":{\"disableOOMKiller\":false}}", "", "" },
	{ "{\"memory\":{\"kernel\":-1,\"kernelTCP\":-1}}",
	  "memory.kmem.limit_in_bytes=-1 memory.kmem.tcp.limit_in_bytes=-1", "" },
	{ "{\"memory\":{\"kernelTCP\":4096}}", "memory.kmem.tcp.limit_in_bytes=4096",
	  "! " AT "/memory/kernelTCP: a limit of TCP buffer memory can't be set on cgroup v2" },
	{ "{\"memory\":{\"useHierarchy\":true,\"checkBeforeUpdate\":true}}", "memory.use_hierarchy=1", "" },
	{ "{\"cpu\":{\"shares\":1024}}", "cpu.shares=1024", "cpu.weight=100" },
	{ "{\"cpu\":{\"shares\":1}}", "! " AT "/cpu/shares: the minimum allowed cpu-shares is 2", "cpu.weight=1" },
	{ "{\"cpu\":{\"shares\":0}}", "", "" },
	{ "{\"cpu\":{\"quota\":50000}}", "cpu.cfs_quota_us=50000", "cpu.max=50000 100000" },
	{ "{\"cpu\":{\"quota\":-1,\"period\":20000}}", "cpu.cfs_period_us=20000 cpu.cfs_quota_us=-1",
	  "cpu.max=max 20000" },
	{ "{\"cpu\":{\"quota\":3000,\"period\":10000,\"burst\":1000}}",
	  "cpu.cfs_period_us=10000 cpu.cfs_quota_us=3000 cpu.cfs_burst_us=1000",
	  "cpu.max=3000 10000 cpu.max.burst=1000" },
	{ "{\"cpu\":{\"quota\":3000,\"burst\":3001}}",
	  "! " AT "/cpu/burst: cpu burst 3001 is larger than the quota 3000",
	  "! " AT "/cpu/burst: cpu burst 3001 is larger than the quota 3000" },
	{ "{\"cpu\":{\"idle\":1,\"shares\":200}}", "cpu.idle=1", "cpu.idle=1" },
	{ "{\"cpu\":{\"idle\":2}}", "! " AT "/cpu/idle: cpu idle 2 is neither 0 nor 1",
	  "! " AT "/cpu/idle: cpu idle 2 is neither 0 nor 1" },
	{ "{\"cpu\":{\"realtimePeriod\":1000000,\"realtimeRuntime\":950000}}",
	  "cpu.rt_period_us=1000000 cpu.rt_runtime_us=950000",
	  "! " AT "/cpu/realtimePeriod: a realtime period can't be set on cgroup v2" },
	{ "{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}", "cpuset.cpus=0-1 cpuset.mems=0",
	  "cpuset.cpus=0-1 cpuset.mems=0" },
	{ "{\"cpu\":{\"cpus\":\"\"}}", "", "" },
	{ "{\"pids\":{\"limit\":20}}", "pids.max=20", "pids.max=20" },
	{ "{\"pids\":{\"limit\":0}}", "pids.max=1", "pids.max=1" },
	{ "{\"pids\":{\"limit\":-1}}", "pids.max=max", "pids.max=max" },
	{ "{\"pids\":{}}", "", "" },
	{ "{\"blockIO\":{\"weight\":10}}", "blkio.weight=10", "io.bfq.weight=10" },
	{ "{\"blockIO\":{\"weight\":9}}", "! " AT "/blockIO/weight: block I/O weight 9 is not between 10 and 1000",
	  "! " AT "/blockIO/weight: block I/O weight 9 is not between 10 and 1000" },
	{ "{\"blockIO\":{\"leafWeight\":10}}", "blkio.leaf_weight=10",
	  "! " AT "/blockIO/leafWeight: a leaf weight can't be set on cgroup v2" },
	{ "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":500}]}}",
	  "blkio.weight_device=8:0 500", "io.bfq.weight=8:0 500" },
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1000}],"
	  "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}}",
	  "blkio.throttle.read_bps_device=8:0 1000 blkio.throttle.write_iops_device=8:16 0",
	  "io.max=8:0 rbps=1000 io.max=8:16 wiops=max" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}",
	  "hugetlb.2MB.limit_in_bytes=4194304 hugetlb.2MB.rsvd.limit_in_bytes=4194304",
	  "hugetlb.2MB.max=4194304 hugetlb.2MB.rsvd.max=4194304" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]}",
	  "! " AT "/hugepageLimits/0: '../x' is no huge page size",
	  "! " AT "/hugepageLimits/0: '../x' is no huge page size" },
	{ "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}}}",
	  "rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=mlx5_1 hca_handle=3 hca_object=10000" },
	{ "{\"network\":{\"classID\":7,\"priorities\":[{\"name\":\"eth0\",\"priority\":5}]}}",
	  "net_cls.classid=7 net_prio.ifpriomap=eth0 5",
	  "! " AT "/network/classID: cannot set net_cls limit: this host has no 'net_cls' cgroup controller" },
	{ "{\"unified\":{\"memory.high\":\"1\"}}",
	  "! " AT "/unified: invalid configuration: cannot use unified on cgroup v1", "memory.high=1" },
	{ "{\"unified\":{\"a/b.c\":\"1\"}}",
	  "! " AT "/unified: invalid configuration: cannot use unified on cgroup v1",
	  "! " AT "/unified/a/b.c: unified resource 'a/b.c' must be a file name (no slashes)" },
	{ "{\"unified\":{\"foo.bar\":\"1\"}}",
	  "! " AT "/unified: invalid configuration: cannot use unified on cgroup v1",
	  "! " AT "/unified/foo.bar: invalid configuration: unified resource 'foo.bar' can't be set: the requested cgroup controller `foo` is not available" },
	{ "{\"unified\":{\"NOKEY\":\"1\"}}",
	  "! " AT "/unified: invalid configuration: cannot use unified on cgroup v1",
	  "! " AT "/unified/NOKEY: unified resource: the specified key has not the form CONTROLLER.VALUE `NOKEY`" },
	{ "{\"unified\":{\"cpu.idle\":\"1\",\"cpu.weight\":\"8\"}}",
	  "! " AT "/unified: invalid configuration: cannot use unified on cgroup v1", "cpu.idle=1" },
	{ "{\"unified\":{\"cgroup.max.depth\":\"3\"}}",
	  "! " AT "/unified: invalid configuration: cannot use unified on cgroup v1", "cgroup.max.depth=3" },
};
// clang-format on

TEST(each_member_becomes_the_right_file_or_an_error_that_names_it)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT_STR(plan(&v1_host, rows[i].json, false), rows[i].v1);
		WANT_STR(plan(&v2_host, rows[i].json, false), rows[i].v2);
	}
}

TEST(a_hybrid_host_gets_each_part_where_its_controller_lives)
{
	WANT_STR(plan(&hybrid_host,
		      "{\"memory\":{\"limit\":4096},\"hugepageLimits\":[{\"pageSize\":\"2MB\","
		      "\"limit\":0}]}",
		      false),
		 "memory.limit_in_bytes=4096 hugetlb.2MB.max=0 hugetlb.2MB.rsvd.max=0");
	WANT_STR(plan(&hybrid_host, "{\"unified\":{\"hugetlb.2MB.max\":\"0\"}}", false),
		 "hugetlb.2MB.max=0");
	WANT_STR(plan(&hybrid_host, "{\"unified\":{\"memory.max\":\"0\"}}", false),
		 "! " AT "/unified/memory.max: invalid configuration: unified resource "
		 "'memory.max' can't be set: the "
		 "requested cgroup controller `memory` is not available");
	WANT(strstr(e.hint, "lives in cgroup v1") != NULL);
}

TEST(an_update_may_set_things_back)
{
	WANT_STR(plan(&v1_host,
		      "{\"cpu\":{\"idle\":0,\"burst\":0},\"memory\":{\"disableOOMKiller\":false}}",
		      true),
		 "memory.oom_control=0 cpu.idle=0 cpu.cfs_burst_us=0");
}

TEST(a_weight_has_the_shares_that_have_it)
{
	WANT_INT(cgroup_shares_of_weight(1), 2);
	WANT_INT(cgroup_shares_of_weight(100), 1024);
	WANT_INT(cgroup_weight_of_shares(cgroup_shares_of_weight(10000)), 10000);
	for (uint64_t w = 1; w <= 10000; w++)
		WANT(cgroup_weight_of_shares(cgroup_shares_of_weight(w)) >= w);
	for (uint64_t s = 2; s < 262144; s++)
		WANT(cgroup_shares_of_weight(cgroup_weight_of_shares(s)) <= (s > 1024 ? s : 1024));
}

TEST(shares_become_weights_on_the_peers_curve)
{
	static const uint64_t known[][2] = {
		{ 0, 0 },      { 1, 1 },          { 2, 1 },          { 3, 2 },
		{ 102, 17 },   { 512, 59 },       { 1024, 100 },     { 2048, 174 },
		{ 4096, 303 }, { 262143, 10000 }, { 262144, 10000 }, { 999999999, 10000 },
	};

	for (size_t i = 0; i < COUNT(known); i++)
		WANT_INT(cgroup_weight_of_shares(known[i][0]), known[i][1]);
	for (uint64_t s = 3; s < 262144; s++)
		WANT(cgroup_weight_of_shares(s) >= cgroup_weight_of_shares(s - 1));
	WANT_INT(cgroup_io_weight(10), 1);
	WANT_INT(cgroup_io_weight(1000), 10000);
	for (uint64_t w = 10; w <= 1000; w++)
		WANT_INT(cgroup_blkio_weight(cgroup_io_weight(w)), w);
}

TEST(of_a_member_that_is_there_twice_the_last_one_counts)
{
	static const char json[] =
		"{\"unified\":{\"a.b\":\"1\",\"c.d\":\"2\"},\"Unified\":{\"e.f\":\"3\"},"
		"\"rdma\":{\"x\":{},\"y\":{}},\"Rdma\":{\"z\":{}}}";
	struct oci_resources r = { 0 };

	for (int i = 0; i < 2; i++) {
		WANT_INT(bind_parse(&oci_resources_table, json, strlen(json), "test", NULL, &mem,
				    &r, &e),
			 0);
		WANT_INT(r.unified.n, 1);
		WANT_STR(r.unified.at[0].key, "e.f");
		WANT_INT(r.rdma.n, 1);
		WANT_STR(r.rdma.at[0].key, "z");
	}
}

TEST(a_merge_takes_members_one_by_one)
{
	struct oci_resources *r = parse(
		"{\"memory\":{\"limit\":100,\"swap\":200,\"reservation\":50},"
		"\"cpu\":{\"quota\":5000,\"cpus\":\"0\"},"
		"\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1}]},"
		"\"unified\":{\"a.b\":\"1\"}}");
	struct oci_memory *before = r->memory;
	const struct oci_resources *change = parse(
		"{\"memory\":{\"limit\":150,\"swap\":0},\"cpu\":{\"period\":10000,\"cpus\":\"\"},"
		"\"pids\":{\"limit\":0},\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,"
		"\"minor\":0,"
		"\"rate\":2},{\"major\":8,\"minor\":1,\"rate\":3}]},\"unified\":{\"a.b\":\"2\",\"c."
		"d\":\"3\"}}");

	WANT_INT(resources_merge(r, change, &mem, &e), 0);
	WANT_INT(before->limit.v, 100);
	WANT_INT(r->memory->limit.v, 150);
	WANT_INT(r->memory->swap.v, 200);
	WANT_INT(r->memory->reservation.v, 50);
	WANT_INT(r->cpu->quota.v, 5000);
	WANT_INT(r->cpu->period.v, 10000);
	WANT_STR(r->cpu->cpus, "0");
	WANT(r->pids->limit.set && r->pids->limit.v == 0);
	WANT_INT(r->block_io->read_bps.n, 2);
	WANT_INT(r->block_io->read_bps.at[0].rate, 2);
	WANT_INT(r->block_io->read_bps.at[1].rate, 3);
	WANT_INT(r->unified.n, 2);
	WANT_STR(r->unified.at[0].value, "2");
}

TEST(no_memory_limit_any_more_forgets_the_swap_limit)
{
	struct oci_resources *r = parse("{\"memory\":{\"limit\":100,\"swap\":200}}");

	WANT_INT(resources_merge(r, parse("{\"memory\":{\"limit\":-1}}"), &mem, &e), 0);
	WANT(!r->memory->swap.set);
	WANT_INT(r->memory->limit.v, -1);
}

TEST(check_looks_at_device_rules)
{
	struct cgroup_world w;

	WANT_INT(cgroup_world_parse(
			 &w, "9 1 0:1 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n",
			 "1:devices:/\n", "", &e),
		 0);
	WANT_INT(resources_check(&w, parse("{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}"),
				 NULL, &e),
		 0);
	WANT_INT(resources_check(&w, NULL, NULL, &e), 0);
	WANT_INT(resources_check(&w, parse("{\"devices\":[{\"allow\":false}]}"), NULL, &e), -1);
	WANT_STR(e.origin, AT "/devices/0");
	WANT_INT(resources_check(
			 &w,
			 parse("{\"devices\":[{\"allow\":true,\"type\":\"u\",\"access\":\"r\"}]}"),
			 NULL, &e),
		 -1);
	WANT_INT(resources_check(&w,
				 parse("{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":10,"
				       "\"access\":"
				       "\"rwm\"},{\"allow\":false,\"type\":\"c\",\"major\":10,"
				       "\"minor\":200,\"access\":"
				       "\"r\"}]}"),
				 NULL, &e),
		 -1);
	WANT_STR(e.origin, AT "/devices/1");
	cgroup_world_done(&w);

	WANT_INT(cgroup_world_parse(&w, "", "", "", &e), 0);
	WANT_INT(resources_check(&w, NULL, NULL, &e), -1);
	WANT_STR(e.origin, AT "/devices");
	WANT_INT(resources_check(&w, parse("{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}"),
				 NULL, &e),
		 0);
	cgroup_world_done(&w);
}
