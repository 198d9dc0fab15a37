/* systemd.c - systemd's names, and properties as values and as text */
#include "tests/unit/t.h"

#include "base/arena.h"
#include "base/err.h"
#include "os/systemd_names.h"
#include "os/systemd_value.h"
#include "runtime/systemd.h"

static struct err e;
static struct arena mem;

TEST(slices_expand_at_their_dashes)
{
	static const struct { const char *slice, *path; } rows[] = {
		{ "system.slice", "/system.slice" },
		{ "a-b.slice", "/a.slice/a-b.slice" },
		{ "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice" },
		{ "-.slice", "" },
		{ ".slice", NULL }, { "a", NULL }, { "a-.slice", NULL }, { "-a.slice", NULL },
		{ "a--b.slice", NULL }, { "a/b.slice", NULL }, { "", NULL }, { "a b.slice", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *path = NULL;

		if (systemd_slice_expand(rows[i].slice, &mem, &path, &e) < 0)
			path = NULL;
		if (!rows[i].path != !path || (path && strcmp(path, rows[i].path) != 0))
			T_FAIL("'%s' became '%s'", rows[i].slice, path ? path : "(refused)");
	}
}

TEST(cgroups_path_names_slice_and_unit)
{
	static const struct { const char *path; bool user; const char *slice, *unit, *cgroup; } rows[] = {
		{ "machine.slice:libpod:abc", false, "machine.slice", "libpod-abc.scope",
		  "/machine.slice/libpod-abc.scope" },
		{ "a-b.slice:cri:x", false, "a-b.slice", "cri-x.scope", "/a.slice/a-b.slice/cri-x.scope" },
		{ ":docker:1", false, "system.slice", "docker-1.scope", "/system.slice/docker-1.scope" },
		{ NULL, false, "system.slice", "tare-id.scope", "/system.slice/tare-id.scope" },
		{ "", true, "user.slice", "tare-id.scope",
		  "/user.slice/user-1000.slice/user@1000.service/user.slice/tare-id.scope" },
		{ "x.slice::own.slice", false, "x.slice", "own.slice", "/x.slice/own.slice" },
		{ "/a/b", false, NULL, NULL, NULL },
		{ "a:b", false, NULL, NULL, NULL },
		{ "a:b:c:d", false, NULL, NULL, NULL },
		{ "system.slice:p:", false, NULL, NULL, NULL },
		{ "system.slice:p:a/b", false, NULL, NULL, NULL },
		{ "nonsense:p:a", false, NULL, NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct systemd_names n;
		int r = systemd_names_resolve(rows[i].path, "id", rows[i].user, 1000, &mem, &n, &e);

		WANT_INT(r, rows[i].slice ? 0 : -1);
		if (r < 0) {
			WANT_STR(e.origin, "config.json: /linux/cgroupsPath");
			continue;
		}
		WANT_STR(n.slice, rows[i].slice);
		WANT_STR(n.unit, rows[i].unit);
		WANT_STR(n.path, rows[i].cgroup);
	}
}

static const char *line(const char *name, const char *text)
{
	struct systemd_property p;
	struct str s = { 0 };

	if (systemd_property_annotation(name, text, &mem, &p, &e) < 0)
		return "!";
	systemd_property_write(&p, &s);
	return s.at;
}

TEST(annotations_are_gvariant_text)
{
	static const struct { const char *name, *text, *want; } rows[] = {
		{ "CollectMode", "'inactive-or-failed'", "CollectMode\ts\tinactive-or-failed\n" },
		{ "Delegate", "true", "Delegate\tb\ttrue\n" },
		{ "TasksMax", "uint64 42", "TasksMax\tt\t42\n" },
		{ "TasksMax", "@t 42", "TasksMax\tt\t42\n" },
		{ "Nice", "-5", "Nice\ti\t-5\n" },
		{ "TimeoutStopSec", "uint64 2", "TimeoutStopUSec\tt\t2000000\n" },
		{ "TimeoutStopSec", "1.5", "TimeoutStopUSec\tt\t1500000\n" },
		{ "After", "['a.service', \"b c\"]", "After\tas\ta.service\tb%20c\n" },
		{ "After", "@as []", "After\tas\n" },
		{ "Some", "[1,2 , 3]", "Some\tai\t1\t2\t3\n" },
		{ "Description", "'it\\'s\\n'", "Description\ts\tit's%0a\n" },
		{ "TasksMax", "uint64 -1", "!" }, { "TasksMax", "uint64", "!" }, { "X", "1", "!" },
		{ "Bad.Name", "1", "!" }, { "Abc", "[1,'a']", "!" }, { "Abc", "[]", "!" },
		{ "Abc", "'open", "!" }, { "Abc", "1 2", "!" }, { "Abc", "", "!" }, { "Abc", "byte 256", "!" },
		{ "Abc", "int32 2147483648", "!" }, { "Abc", "banana", "!" }, { "TimeoutSec", "'x'", "!" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		WANT_STR(line(rows[i].name, rows[i].text), rows[i].want);
}

TEST(lines_are_read_back)
{
	systemd_property_list l;

	WANT_INT(systemd_properties_read("Aaa\tas\tx%20y\tz\nBbb\tb\ttrue\nCcc\tas\n", &mem, &l, &e), 0);
	WANT_INT(l.n, 3);
	WANT_STR(l.at[0].values[0], "x y");
	WANT_STR(l.at[0].values[1], "z");
	WANT(!l.at[0].values[2] && !l.at[2].values[0]);
	WANT_STR(l.at[1].type, "b");
	WANT_INT(systemd_properties_read("Aaa\tas", &mem, &l, &e), -1);
	WANT_INT(systemd_properties_read("Aaa\n", &mem, &l, &e), -1);
	WANT_INT(systemd_properties_read("Aaa\ts\t%0\n", &mem, &l, &e), -1);
	WANT_INT(systemd_properties_read("", &mem, &l, &e), 0);
	WANT_INT(l.n, 0);
}

static const char *properties(const struct resources_host *host, const char *json)
{
	struct oci_resources r = { 0 };
	systemd_property_list l = { 0 };
	struct str s = { 0 };

	if (bind_parse(&oci_resources_table, json, strlen(json), "test", NULL, &mem, &r, &e) < 0 ||
	    systemd_properties(host, &r, &mem, &l, &e) < 0)
		return "!";
	for (size_t i = 0; i < l.n; i++)
		systemd_property_write(&l.at[i], &s);
	return s.at ? s.at : "";
}

TEST(limits_in_systemds_words)
{
	const struct resources_host v2 = { .v2 = ~0U, .has_v2 = true }, v1 = { .v1 = ~0U };

	WANT_STR(properties(&v2, "{\"memory\":{\"limit\":100,\"swap\":300},\"cpu\":{\"quota\":5000,\"period\":10000,"
				 "\"cpus\":\"0,9\"},\"pids\":{\"limit\":-1}}"),
		 "MemorySwapMax\tt\t200\nMemoryMax\tt\t100\nAllowedCPUs\tay\t1\t2\n"
		 "CPUQuotaPeriodUSec\tt\t10000\nCPUQuotaPerSecUSec\tt\t500000\n"
		 "TasksMax\tt\t18446744073709551615\n");
	WANT_STR(properties(&v2, "{\"cpu\":{\"quota\":1001,\"period\":100000}}"),
		 "CPUQuotaPeriodUSec\tt\t100000\nCPUQuotaPerSecUSec\tt\t20000\n");
	WANT_STR(properties(&v2, "{\"memory\":{\"limit\":100},\"unified\":{\"memory.max\":\"max\"}}"),
		 "MemoryMax\tt\t18446744073709551615\n");
	WANT_STR(properties(&v1, "{\"memory\":{\"limit\":100},\"cpu\":{\"shares\":7,\"quota\":-1}}"),
		 "MemoryLimit\tt\t100\nCPUShares\tt\t7\nCPUQuotaPerSecUSec\tt\t18446744073709551615\n");
	WANT_STR(properties(&v2, "{\"cpu\":{\"idle\":1}}"), "CPUWeight\tt\t0\n");
}
