/* cg.c - groups as they are written, and values that mean the same */
#include "t.h"

#include "base/err.h"
#include "base/own.h"
#include "cg/conf.h"
#include "cg/shares.h"
#include "cg/translate.h"

TEST(a_value_is_as_asked_when_a_line_of_the_file_says_the_same)
{
	static const struct {
		const char *asked, *now;
		bool same;
	} rows[] = {
		{ "5", "5", true },
		{ "5", "4", false },
		{ "64M", "67108864", true },
		{ "64m", "67108864", true },
		{ "1G", "67108864", false },
		{ "max", "max", true },
		{ "-1", "9223372036854771712", true },
		{ "-1", "-1", true },
		{ "max", "9223372036854771712", true },
		{ "1000", "0", false },
		{ "67108865", "67108864", false },
		{ "0,1", "0-1", true },
		{ "0-2,4", "0-2", false },
		{ "1,0", "0-1", true },
		{ "8:0 1048576", "7:0 5\n8:0 1048576", true },
		{ "8:0 1M", "8:0 1048576", true },
		{ "8:0 5", "7:0 5", false },
		{ "8:0 rbps=5", "8:0 rbps=5 wbps=max riops=max wiops=max", true },
		{ "50000", "50000 100000", true },
		{ "50000 100000", "50000 100000", true },
		{ "50000 90000", "50000 100000", false },
		{ "", "", true },
		{ "", "0-1", false },
		{ "5", "", false },
		{ "FROZEN", "FREEZING", false },
		{ "99999999999999999999999", "0", false },
		{ "16777216T", "0", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (cg_value_same(rows[i].asked, rows[i].now) != rows[i].same)
			T_FAIL("'%s' and '%s'", rows[i].asked, rows[i].now);
}

TEST(a_group_is_controllers_a_colon_and_a_path_that_leads_nowhere_else)
{
	static const struct {
		const char *text, *controllers, *path;
	} rows[] = {
		{ "memory:a", "memory", "a" },
		{ "memory,cpu:/a/b/", "memory,cpu", "/a/b/" },
		{ "name=systemd:/x", "name=systemd", "/x" },
		{ "memory:a:b", "memory", "a:b" },
		{ "*:x", "*", "x" },
		{ "memory:", "memory", "" },
		{ "memory", NULL, NULL },
		{ ":a", NULL, NULL },
		{ "", NULL, NULL },
		{ "memory:a/../../b", NULL, NULL },
		{ "memory:..", NULL, NULL },
		{ "memory:a\nb", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cg_group g;
		struct err e = { 0 };
		int r = cg_group_split(rows[i].text, &g, &e);

		if ((r == 0) != (rows[i].path != NULL))
			T_FAIL("'%s': %d", rows[i].text, r);
		if (r < 0)
			continue;
		WANT_STR(g.controllers, rows[i].controllers);
		WANT_STR(g.path, rows[i].path);
	}
}

static const char hybrid_mounts[] =
	"20 1 0:20 / /sys rw - sysfs sysfs rw\n"
	"21 20 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
	"22 21 0:22 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	"23 21 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	"24 21 0:24 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	"25 21 0:25 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n";
static const char hybrid_own[] = "3:memory:/\n2:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n";

static void want_groups(struct cgroup_world *w, const char *text, size_t n, const char *first)
{
	struct cg_group g;
	struct err e = { 0 };
	int r = cg_group_parse(w, text, &g, &e);

	if (!n) {
		WANT_INT(r, -1);
		return;
	}
	if (r < 0)
		T_FAIL("%s: %s", text, e.text);
	WANT_INT(g.n, n);
	WANT_STR(g.in[0].at->mount, first);
}

TEST(a_controller_is_found_in_the_hierarchy_that_has_it)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	struct err e = { 0 };

	WANT(cgroup_world_parse(&w, hybrid_mounts, hybrid_own, "hugetlb\n", &e) == 0);
	want_groups(&w, "memory:a", 1, "/sys/fs/cgroup/memory");
	want_groups(&w, "cpu,cpuacct:a", 1, "/sys/fs/cgroup/cpu,cpuacct");
	want_groups(&w, "cpuacct,memory:a", 2, "/sys/fs/cgroup/cpu,cpuacct");
	want_groups(&w, "name=systemd:a", 1, "/sys/fs/cgroup/systemd");
	want_groups(&w, "hugetlb:a", 1, "/sys/fs/cgroup/unified");
	want_groups(&w, "cgroup:a", 1, "/sys/fs/cgroup/unified");
	want_groups(&w, "pids:a", 0, NULL);
	want_groups(&w, "memory,pids:a", 0, NULL);
	want_groups(&w, "name=other:a", 0, NULL);
	want_groups(&w, ",:a", 0, NULL);
}

TEST(a_star_is_every_controller_and_no_named_hierarchy)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	struct cg_group g;
	struct err e = { 0 };

	WANT(cgroup_world_parse(&w, hybrid_mounts, hybrid_own, "\n", &e) == 0);
	WANT(cg_group_parse(&w, "*:a", &g, &e) == 0);
	WANT_INT(g.n, 2);
	for (size_t i = 0; i < g.n; i++)
		WANT_INT(g.in[i].at->version, CGROUP_V1);
}

TEST(modes_are_octal)
{
	static const struct {
		const char *text;
		int mode;
	} rows[] = {
		{ "750", 0750 },
		{ "0640", 0640 },
		{ "0", 0 },
		{ "777", 0777 },
		{ "1777", -1 },
		{ "888", -1 },
		{ "", -1 },
		{ "rwx", -1 },
		{ "7 ", -1 },
		{ "-1", -1 },
		{ "77777777777777", -1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t mode = 0;
		struct err e = { 0 };
		int r = cg_mode_parse(rows[i].text, &mode, &e);

		WANT_INT(r < 0 ? -1 : (int)mode, rows[i].mode);
	}
}

TEST(owners_are_names_or_numbers_and_either_may_be_missing)
{
	struct cg_owner o;
	struct err e = { 0 };

	WANT(cg_owner_parse("7:8", &o, &e) == 0 && o.uid == 7 && o.gid == 8);
	WANT(cg_owner_parse("root", &o, &e) == 0 && o.uid == 0 && o.gid == CG_KEEP);
	WANT(cg_owner_parse(":9", &o, &e) == 0 && o.uid == CG_KEEP && o.gid == 9);
	WANT(cg_owner_parse("no-such-user:root", &o, &e) < 0);
	WANT(cg_owner_parse("4294967295", &o, &e) < 0);
	WANT(cg_owner_parse("1x", &o, &e) < 0);
	WANT(cg_owner_parse(":", &o, &e) < 0);
	WANT(cg_owner_parse("", &o, &e) < 0);
}

static void want_text(const char *name, bool to_v2, const char *in, uint64_t memory,
		      const char *out)
{
	size_t n;
	const struct cg_pair *p = cg_pair_find(name, to_v2 ? CGROUP_V1 : CGROUP_V2, &n);
	own_str struct str text = { 0 };
	struct err e = { 0 };
	int r;

	WANT(p && n > 0);
	r = (to_v2 ? cg_to_v2 : cg_to_v1)(p, in, memory, &text, &e);
	if ((r == 0) != (out != NULL))
		T_FAIL("%s '%s': %s", name, in, e.text);
	if (out && strcmp(text.at ? text.at : "", out) != 0)
		T_FAIL("%s '%s' is '%s', want '%s'", name, in, text.at ? text.at : "", out);
}

TEST(v1_values_are_put_in_v2_terms)
{
	static const struct {
		const char *name, *in;
		uint64_t memory;
		const char *out;
	} rows[] = {
		{ "memory.limit_in_bytes", "64M", 0, "67108864" },
		{ "memory.limit_in_bytes", "-1", 0, "max" },
		{ "memory.limit_in_bytes", "9223372036854771712", 0, "max" },
		{ "memory.limit_in_bytes", "lots", 0, NULL },
		{ "memory.limit_in_bytes", "", 0, NULL },
		{ "memory.limit_in_bytes", "1 2", 0, NULL },
		{ "memory.limit_in_bytes", "1\n2", 0, NULL },
		{ "memory.limit_in_bytes", "maximum", 0, NULL },
		{ "memory.limit_in_bytes", "-10", 0, NULL },
		{ "blkio.throttle.read_bps_device", "8:0 1 2", 0, NULL },
		{ "memory.soft_limit_in_bytes", "-1", 0, "0" },
		{ "memory.memsw.limit_in_bytes", "100", 60, "40" },
		{ "memory.memsw.limit_in_bytes", "-1", 60, "max" },
		{ "memory.memsw.limit_in_bytes", "50", 60, NULL },
		{ "memory.memsw.limit_in_bytes", "50", UINT64_MAX, NULL },
		{ "cpu.shares", "1024", 0, "100" },
		{ "cpu.shares", "many", 0, NULL },
		{ "cpu.cfs_quota_us", "-1", 0, "max" },
		{ "cpu.cfs_quota_us", "50000", 0, "50000" },
		{ "cpuacct.usage", "5000", 0, "usage_usec 5" },
		{ "blkio.weight", "500", 0, "4950" },
		{ "blkio.weight", "9", 0, NULL },
		{ "blkio.throttle.read_bps_device", "8:0 1M", 0, "8:0 rbps=1048576" },
		{ "blkio.throttle.read_bps_device", "8:0 0", 0, "8:0 rbps=max" },
		{ "blkio.throttle.read_bps_device", "8:0", 0, NULL },
		{ "blkio.throttle.write_iops_device", "8:0 7\n8:16 9", 0,
		  "8:0 wiops=7\n8:16 wiops=9" },
		{ "freezer.state", "FROZEN", 0, "1" },
		{ "freezer.state", "THAWED", 0, "0" },
		{ "freezer.state", "COLD", 0, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		want_text(rows[i].name, true, rows[i].in, rows[i].memory, rows[i].out);
}

TEST(v2_values_are_put_in_v1_terms)
{
	static const struct {
		const char *name, *in;
		uint64_t memory;
		const char *out;
	} rows[] = {
		{ "memory.max", "max", 0, "-1" },
		{ "memory.max", "4096", 0, "4096" },
		{ "memory.max", "100 200", 0, NULL },
		{ "memory.max", "1\n2", 0, NULL },
		{ "cpu.weight", "50\n99", 0, NULL },
		{ "cpu.max", "50000x", 0, NULL },
		{ "io.max", "8:0 rbps=5 junk", 0, NULL },
		{ "io.max", "8:0 rbps=5 wpbs=6", 0, NULL },
		{ "memory.low", "0", 0, "-1" },
		{ "memory.swap.max", "40", 60, "100" },
		{ "memory.swap.max", "max", 60, "-1" },
		{ "memory.swap.max", "0", UINT64_MAX, NULL },
		{ "cpu.weight", "100", 0, "1024" },
		{ "cpu.weight", "0", 0, NULL },
		{ "cpu.weight", "10001", 0, NULL },
		{ "cpu.max", "max 100000", 0, "-1" },
		{ "cpu.max", "50000", 0, "50000" },
		{ "cpu.stat", "usage_usec 5\nuser_usec 2", 0, "5000" },
		{ "io.weight", "default 4950", 0, "500" },
		{ "io.weight", "0", 0, NULL },
		{ "io.max", "8:0 rbps=5 wbps=max\n8:16 wbps=6", 0, "8:0 5" },
		{ "io.max", "8:0 rbps=max", 0, "8:0 0" },
		{ "io.max", "8:0 wbps=6", 0, "" },
		{ "io.max", "8:0 rbps=much", 0, NULL },
		{ "cgroup.freeze", "1", 0, "FROZEN" },
		{ "cgroup.freeze", "2", 0, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		want_text(rows[i].name, false, rows[i].in, rows[i].memory, rows[i].out);
}

TEST(a_configuration_says_where_it_makes_no_sense)
{
	static const struct {
		const char *text, *where;
	} rows[] = {
		{ "", NULL },
		{ "# only a comment", NULL },
		{ "group x { cpu { a = b; c = \"d e\" } }", NULL },
		{ "group x { cpu { }; };", NULL },
		{ "group x {", "line 1: '}' is missing" },
		{ "}", "line 1: a '}' too many" },
		{ "group x {\n\n cpu }", "line 3: '{' or '=' is missing" },
		{ "group x { a = ; }", "line 1: a value is missing" },
		{ "group x { a = b c = d; }", "line 1: ';' is missing" },
		{ "a = \"b\nc\";", "line 1: a quoted word has no end" },
		{ "a = b|c;", "line 1: " },
		{ "a{a{a{a{a{a{a{a{a{a{}}}}}}}}}}", "line 1: too many blocks" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_arena struct arena a = { 0 };
		struct cg_node *first = NULL;
		struct err e = { 0 };
		int r = cg_conf_parse(rows[i].text, &a, &first, &e);

		if ((r < 0) != (rows[i].where != NULL) ||
		    (r < 0 && !text_starts(e.text, rows[i].where)))
			T_FAIL("'%s': %s", rows[i].text, e.text);
	}
}

TEST(a_configuration_is_written_as_it_is_read)
{
	static const char text[] =
		"group \"a b\" {\n\tcpu {\n\t\tcpu.shares = 5;\n\t\tx = \"1 2\";\n"
		"\t\ty = \"\";\n\t}\n}\n";
	own_arena struct arena a = { 0 };
	own_str struct str out = { 0 };
	struct cg_node *first = NULL;
	struct err e = { 0 };

	WANT(cg_conf_parse(text, &a, &first, &e) == 0);
	cg_conf_print(first, &out);
	WANT_STR(out.at, text);
}

TEST(a_file_of_shares_names_interfaces_and_their_rates)
{
	static const char text[] = "network eth0 100mbit\n"
				   "group cpu network\n"
				   "network 20% 5%\n"
				   "\teth1 10% -\n"
				   "network wlan0 1.5mbps # bytes\n";
	own_cg_shares struct cg_shares s = { 0 };
	struct err e = { 0 };

	WANT_INT(cg_shares_parse(text, "shares", &s, &e), 0);
	WANT_INT(s.n_networks, 2);
	WANT_STR(s.networks[0].name, "eth0");
	WANT_INT(s.networks[0].rate, 12500000);
	WANT_STR(s.networks[1].name, "wlan0");
	WANT_INT(s.networks[1].rate, 1500000);
	WANT_INT(s.n, 2);
	WANT_STR(s.at[0].path, "network");
	WANT_INT(s.at[0].part[CG_NET], 500);
	WANT_STR(s.at[1].path, "network/eth1");
	WANT_INT(s.at[1].part[CG_NET], 0);
}

TEST(a_line_of_an_interface_says_what_is_wrong_with_it)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "network eth0 10m\na 1%\n", "'10m' is not a rate" },
		{ "network eth/0 10mbit\na 1%\n", "no name of a network interface" },
		{ "network sixteen-letters- 10mbit\na 1%\n", "no name of a network interface" },
		{ "network e 1mbit\nnetwork e 1mbit\n", "in a line above already" },
		{ "network a 1mbit\nnetwork b 1mbit\nnetwork c 1mbit\nnetwork d 1mbit\n"
		  "network e 1mbit\nnetwork f 1mbit\nnetwork g 1mbit\nnetwork h 1mbit\n"
		  "network i 1mbit\n",
		  "more than 8 interfaces" },
		{ "network eth0 10mbit\n", "names no group" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_cg_shares struct cg_shares s = { 0 };
		struct err e = { 0 };

		WANT_INT(cg_shares_parse(rows[i].text, "shares", &s, &e), -1);
		WANT(strstr(e.text, rows[i].why));
	}
}
