/* resources_live.c - limits put in force on the machine's own hierarchies; needs root
 *
 * Runs the same on v1, hybrid and v2; what a host has no controller for is passed over.
 */
#include <sys/types.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_file.h"
#include "runtime/resources.h"
#include "tests/unit/t.h"

static struct err e;
static struct arena mem;
static struct cgroup_world world;
static struct cgroup cg;

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s: %s (%s)", e.origin, e.text, e.hint); \
	} while (0)

static struct oci_resources *parse(const char *json)
{
	struct oci_resources *r = arena_alloc(&mem, sizeof(*r));

	OK(bind_parse(&oci_resources_table, json, strlen(json), "test", NULL, &mem, r, &e));
	return r;
}

static bool has(unsigned controllers)
{
	for (unsigned bit = 1; bit && bit <= controllers; bit <<= 1)
		if ((controllers & bit) && !cgroup_world_with(&world, bit))
			return false;
	return true;
}

/* Also after a failed test. */
static void clean(void)
{
	struct err ignored;

	(void)cgroup_remove(&cg, &ignored);
}

static void start(unsigned controllers)
{
	struct cgroup_create_how how = { .need = 0 };
	char path[64];

	OK(cgroup_world_open(&world, &e));
	if (!has(controllers) || !controllers) {
		puts("# skipped: no such controller");
		exit(0);
	}
	snprintf(path, sizeof(path), "/tare-res-%d/x", (int)getpid());
	OK(cgroup_init(&cg, &world, CGROUP_AT_ROOT, path, &e));
	OK(cgroup_plan(&cg, &e));
	atexit(clean);
	how.need = controllers;
	if (cgroup_create(&cg, &how, &e) < 0) {
		struct err why = e;

		(void)cgroup_remove(&cg, &e);
		if (why.cls == ERR_DENIED) {
			puts("# skipped: no cgroups can be created here");
			exit(0);
		}
		T_FAIL("%s", why.text);
	}
}

static int apply(const char *json, bool update)
{
	const struct resources_how how = { .update = update, .no_devices = true };
	struct oci_resources *r = parse(json);

	if (resources_check(&world, r, &how, &e) < 0)
		return -1;
	return resources_apply(&cg, r, &how, &e);
}

static void want(unsigned controller, const char *v1, const char *v2, const char *value)
{
	const struct cgroup_place *p = cgroup_with(&cg, controller);
	const char *file = p->in->version == CGROUP_V1 ? v1 : v2;
	char path[4096], text[256];

	snprintf(path, sizeof(path), "%s/%s", p->dir, file);
	if (cgroup_try_read(-1, path, text, sizeof(text)) < 0)
		T_FAIL("can't read %s", path);
	if (strcmp(text, value) != 0)
		T_FAIL("%s is '%s', want '%s'", path, text, value);
}

static void finish(void)
{
	OK(cgroup_remove(&cg, &e));
}

TEST(memory_and_swap_may_grow_and_shrink_in_any_order)
{
	bool v2;

	start(CGROUP_MEMORY);
	v2 = cgroup_with(&cg, CGROUP_MEMORY)->in->version == CGROUP_V2;
	OK(apply("{\"memory\":{\"limit\":33554432,\"swap\":67108864,\"reservation\":16777216}}",
		 false));
	want(CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", "33554432");
	want(CGROUP_MEMORY, "memory.soft_limit_in_bytes", "memory.low", "16777216");
	want(CGROUP_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max",
	     v2 ? "33554432" : "67108864");
	OK(apply("{\"memory\":{\"limit\":134217728,\"swap\":268435456}}", true));
	want(CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", "134217728");
	OK(apply("{\"memory\":{\"limit\":16777216,\"swap\":16777216}}", true));
	want(CGROUP_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max",
	     v2 ? "0" : "16777216");
	OK(apply("{\"memory\":{\"limit\":-1}}", true));
	if (v2)
		want(CGROUP_MEMORY, "", "memory.max", "max");
	finish();
}

TEST(cpu_bandwidth_may_change_in_any_order)
{
	start(CGROUP_CPU);
	OK(apply("{\"cpu\":{\"shares\":512,\"quota\":50000,\"period\":100000,\"burst\":20000}}",
		 false));
	want(CGROUP_CPU, "cpu.shares", "cpu.weight",
	     cgroup_with(&cg, CGROUP_CPU)->in->version == CGROUP_V2 ? "59" : "512");
	want(CGROUP_CPU, "cpu.cfs_burst_us", "cpu.max.burst", "20000");
	OK(apply("{\"cpu\":{\"quota\":10000,\"period\":20000,\"burst\":5000}}", true));
	want(CGROUP_CPU, "cpu.cfs_burst_us", "cpu.max.burst", "5000");
	OK(apply("{\"cpu\":{\"quota\":90000,\"period\":100000,\"burst\":90000}}", true));
	OK(apply("{\"cpu\":{\"idle\":1,\"shares\":512}}", true));
	want(CGROUP_CPU, "cpu.idle", "cpu.idle", "1");
	OK(apply("{\"cpu\":{\"idle\":0,\"shares\":2048}}", true));
	want(CGROUP_CPU, "cpu.shares", "cpu.weight",
	     cgroup_with(&cg, CGROUP_CPU)->in->version == CGROUP_V2 ? "174" : "2048");
	finish();
}

TEST(pids_and_cpus)
{
	start(CGROUP_PIDS | CGROUP_CPUSET);
	OK(apply("{\"pids\":{\"limit\":20},\"cpu\":{\"cpus\":\"0\",\"mems\":\"0\"}}", false));
	want(CGROUP_PIDS, "pids.max", "pids.max", "20");
	want(CGROUP_CPUSET, "cpuset.cpus", "cpuset.cpus", "0");
	OK(apply("{\"pids\":{\"limit\":-1}}", true));
	want(CGROUP_PIDS, "pids.max", "pids.max", "max");
	WANT_INT(apply("{\"cpu\":{\"cpus\":\"4095\"}}", true), -1);
	WANT_STR(e.origin, "config.json: /linux/resources/cpu/cpus");
	finish();
}

TEST(huge_pages)
{
	start(CGROUP_HUGETLB);
	OK(apply("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}", false));
	want(CGROUP_HUGETLB, "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max", "4194304");
	want(CGROUP_HUGETLB, "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.max", "4194304");
	WANT_INT(apply("{\"hugepageLimits\":[{\"pageSize\":\"3MB\",\"limit\":4194304}]}", false),
		 -1);
	WANT(strstr(e.hint, "no huge pages of this size") != NULL);
	finish();
}

TEST(unified_where_there_is_v2)
{
	OK(cgroup_world_open(&world, &e));
	if (!cgroup_world_v2(&world))
		return;
	cgroup_world_done(&world);
	start(CGROUP_FREEZER);
	OK(apply("{\"unified\":{\"cgroup.max.depth\":\"3\"}}", false));
	WANT_INT(apply("{\"unified\":{\"cgroup.banana\":\"3\"}}", false), -1);
	WANT_INT(e.sysno, ENOENT);
	finish();
}

TEST(default_device_rules_go_with_no_resources_at_all)
{
	start(CGROUP_DEVICES);
	OK(resources_check(&world, NULL, NULL, &e));
	OK(resources_apply(&cg, NULL, NULL, &e));
	finish();
}
