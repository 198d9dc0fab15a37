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
	static const struct {
		const char *slice, *path;
	} rows[] = {
		{ "system.slice", "/system.slice" },
		{ "a-b.slice", "/a.slice/a-b.slice" },
		{ "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice" },
		{ "-.slice", "" },
		{ ".slice", NULL },
		{ "a", NULL },
		{ "a-.slice", NULL },
		{ "-a.slice", NULL },
		{ "a--b.slice", NULL },
		{ "a/b.slice", NULL },
		{ "", NULL },
		{ "a b.slice", NULL },
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
	static const struct {
		const char *path;
		bool user;
		const char *slice, *unit, *cgroup;
	} rows[] = {
		{ "machine.slice:libpod:abc", false, "machine.slice", "libpod-abc.scope",
		  "/machine.slice/libpod-abc.scope" },
		{ "a-b.slice:cri:x", false, "a-b.slice", "cri-x.scope",
		  "/a.slice/a-b.slice/cri-x.scope" },
		{ ":docker:1", false, "system.slice", "docker-1.scope",
		  "/system.slice/docker-1.scope" },
		{ NULL, false, "system.slice", "tare-id.scope", "/system.slice/tare-id.scope" },
		{ "", true, "user.slice", "tare-id.scope",
		  "/user.slice/user-1000.slice/user@1000.service/user.slice/tare-id.scope" },
		{ "x.slice::x-own.slice", false, "x.slice", "x-own.slice", "/x.slice/x-own.slice" },
		{ "x.slice:a", false, "x.slice", "a.scope", "/x.slice/a.scope" },
		{ "x.slice:a.scope", false, "x.slice", "a.scope", "/x.slice/a.scope" },
		{ "x.slice:p:a.scope", false, "x.slice", "p-a.scope.scope",
		  "/x.slice/p-a.scope.scope" },
		{ "x.slice::own.slice", false, NULL, NULL, NULL },
		{ "/a/b", false, NULL, NULL, NULL },
		{ "a:b", false, NULL, NULL, NULL },
		{ "a:b:c:d", false, NULL, NULL, NULL },
		{ "system.slice:p:", false, NULL, NULL, NULL },
		{ "system.slice:p:a/b", false, NULL, NULL, NULL },
		{ "nonsense:p:a", false, NULL, NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct systemd_names n;
		const struct systemd_wish wish = { .cgroups_path = rows[i].path,
						   .prefix = "tare",
						   .id = "id",
						   .user = rows[i].user,
						   .uid = 1000 };
		int r = systemd_names_resolve(&wish, &mem, &n, &e);

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
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
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
		{ "TasksMax", "uint64 -1", "!" },
		{ "TasksMax", "uint64", "!" },
		{ "X", "1", "!" },
		{ "Bad.Name", "1", "!" },
		{ "Abc", "[1,'a']", "!" },
		{ "Abc", "[]", "!" },
		{ "Abc", "'open", "!" },
		{ "Abc", "1 2", "!" },
		{ "Abc", "", "!" },
		{ "Abc", "byte 256", "!" },
		{ "Abc", "int32 2147483648", "!" },
		{ "Abc", "banana", "!" },
		{ "TimeoutSec", "'x'", "!" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		WANT_STR(line(rows[i].name, rows[i].text), rows[i].want);
}

TEST(lines_are_read_back)
{
	systemd_property_list l;

	WANT_INT(systemd_properties_read("Aaa\tas\tx%20y\tz\nBbb\tb\ttrue\nCcc\tas\n", &mem, &l,
					 &e),
		 0);
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
	    systemd_properties(host, &r, &(struct resources_how){ 0 }, &mem, &l, &e) < 0)
		return "!";
	for (size_t i = 0; i < l.n; i++)
		systemd_property_write(&l.at[i], &s);
	return s.at ? s.at : "";
}

TEST(limits_in_systemds_words)
{
	const struct resources_host v2 = { .v2 = ~0U, .has_v2 = true }, v1 = { .v1 = ~0U };

	WANT_STR(properties(&v2, "{\"memory\":{\"limit\":100,\"swap\":300},\"cpu\":{\"quota\":5000,"
				 "\"period\":10000,"
				 "\"cpus\":\"0,9\"},\"pids\":{\"limit\":-1}}"),
		 "MemorySwapMax\tt\t200\nMemoryMax\tt\t100\nAllowedCPUs\tay\t1\t2\n"
		 "CPUQuotaPeriodUSec\tt\t10000\nCPUQuotaPerSecUSec\tt\t500000\n"
		 "TasksMax\tt\t18446744073709551615\n");
	WANT_STR(properties(&v2, "{\"cpu\":{\"quota\":1001,\"period\":100000}}"),
		 "CPUQuotaPeriodUSec\tt\t100000\nCPUQuotaPerSecUSec\tt\t20000\n");
	WANT_STR(properties(&v2,
			    "{\"memory\":{\"limit\":100},\"unified\":{\"memory.max\":\"max\"}}"),
		 "MemoryMax\tt\t18446744073709551615\n");
	WANT_STR(properties(&v1,
			    "{\"memory\":{\"limit\":100},\"cpu\":{\"shares\":7,\"quota\":-1}}"),
		 "MemoryLimit\tt\t100\nCPUShares\tt\t7\nCPUQuotaPerSecUSec\tt\t18446744073709551615"
		 "\n");
	WANT_STR(properties(&v2, "{\"cpu\":{\"idle\":1}}"), "CPUWeight\tt\t0\n");
}

TEST(block_io_weights_are_systemds)
{
	const struct resources_host v2 = { .v2 = ~0U, .has_v2 = true };

	WANT_STR(properties(&v2, "{\"blockIO\":{\"weight\":750}}"), "IOWeight\tt\t7475\n");
	WANT_STR(properties(&v2, "{\"unified\":{\"io.weight\":\"default 300\"}}"),
		 "IOWeight\tt\t300\n");
	WANT_STR(properties(&v2, "{\"unified\":{\"io.weight\":\"8:0 300\"}}"), "");
}

TEST(a_quota_is_what_systemd_will_make_of_it)
{
	WANT_INT(systemd_round_quota(50000, 100000), 50000);
	WANT_INT(systemd_round_quota(1001, 100000), 2000);
	WANT_INT(systemd_round_quota(1001, 0), 2000);
	WANT_INT(systemd_round_quota(-1, 100000), -1);
	WANT_INT(systemd_round_quota(0, 100000), 0);
	/* 2^64 / 1000000: no small number by overflow */
	WANT_INT(systemd_round_quota(18446744073710, 100000), 18446744073710);
	WANT_INT(systemd_round_quota(INT64_MAX, 100000), INT64_MAX);
}

/* What systemd_draft() adds for the devices. */
static const char *devices(const struct resources_host *host, const char *json)
{
	const struct systemd_scope scope = { .names = { "a.slice", "b.scope", "/a.slice/b.scope" },
					     .description = "x" };
	struct oci_resources r = { 0 };
	const struct systemd_limits l = { .host = *host, .resources = &r };
	struct str s = { 0 };
	const char *at;

	if (bind_parse(&oci_resources_table, json, strlen(json), "test", NULL, &mem, &r, &e) < 0 ||
	    systemd_draft(&scope, &l, NULL, &s, &e) < 0)
		return "!";
	at = strstr(s.at, "Device");
	return at ? at : "";
}

TEST(device_rules_in_systemds_words)
{
	const struct resources_host v2 = { .v2 = ~0U, .has_v2 = true }, v1 = { .v1 = ~0U };
	static const char deny[] = "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
				   "{\"allow\":true,\"type\":\"b\",\"major\":8,\"access\":\"r\"}]}";
	static const char open[] = "{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}";
	static const char holes[] =
		"{\"devices\":[{\"allow\":true,\"access\":\"rwm\"},"
		"{\"allow\":false,\"type\":\"b\",\"major\":8,\"access\":\"r\"}]}";
	static const char no_word[] =
		"{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
		"{\"allow\":true,\"type\":\"c\",\"minor\":8,\"access\":\"r\"}]}";
	const char *text = devices(&v2, deny);

	WANT(text_starts(text, "DevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)\t"));
	WANT(strstr(text, "\tblock-8\tr\t") != NULL);
	WANT(strstr(text, "\tchar-*\tm\t") != NULL);
	WANT(strstr(text, "\t/dev/char/1:3\trwm\t") != NULL);
	WANT(strstr(text, "\tchar-136\trwm\n") != NULL);
	WANT_STR(devices(&v1, deny), text);
	/* nothing to say, or nothing that could be said; on v1 that would be an open door */
	WANT_STR(devices(&v2, open), "");
	WANT_STR(devices(&v1, open), "");
	WANT_STR(devices(&v2, holes), "");
	WANT_STR(devices(&v2, no_word), "");
	WANT_STR(devices(&v1, holes), "!");
	WANT(strstr(e.text, "can't be said to systemd") != NULL);
	WANT_STR(devices(&v1, no_word), "!");
}

TEST(what_we_know_the_unit_by_is_ours_to_set)
{
	const struct systemd_scope scope = { .names = { "a.slice", "b.scope", "/a.slice/b.scope" },
					     .description = "x y" };
	const struct systemd_limits l = { .host = { .v2 = ~0U, .has_v2 = true } };
	struct pair one[] = { { (char *)"org.systemd.property.Slice", (char *)"'b.slice'" } };
	struct str s = { 0 };

	WANT_INT(systemd_draft(&scope, &l, &(struct pairs){ one, 1 }, &s, &e), -1);
	WANT_STR(e.origin, "config.json: /annotations/org.systemd.property.Slice");
	WANT(text_starts(s.at, "Description\ts\tx%20y\n"));
}
