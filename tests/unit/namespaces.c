/* namespaces.c - what /proc says of processes and their namespaces */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/own.h"
#include "ns/namespaces.h"
#include "ns/enter.h"
#include "ns/maps.h"
#include "host/proc_scan.h"
#include "os/mountinfo.h"
#include "os/nsfs.h"

TEST(a_link_names_type_and_inode)
{
	enum nsfs_type type;
	uint64_t inode;

	for (int i = 0; i < NSFS_TYPES; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s:[4026531840]", nsfs_kinds[i].name);
		WANT_INT(nsfs_parse_link(text, &type, &inode), 0);
		WANT_INT(type, i);
		WANT_INT(inode, 4026531840);
		WANT_INT(nsfs_type_of(nsfs_kinds[i].flag), i);
	}
}

TEST(what_is_no_namespace_is_not_taken_for_one)
{
	static const char *const texts[] = {
		"",
		"net",
		"net:",
		"net:[",
		"net:[]",
		"net:[1",
		"net:1]",
		"net:[1] ",
		"net:[-1]",
		"net:[0x1]",
		"socket:[123]",
		"pipe:[123]",
		"nett:[1]",
		"ne:[1]",
		"/net:[1]",
		"anon_inode:[eventfd]",
		"net:[99999999999999999999]",
		"net:[111111111111111111111111111111111111]",
		"net:[1] (deleted)",
	};
	enum nsfs_type type;
	uint64_t inode;

	for (size_t i = 0; i < COUNT(texts); i++)
		if (nsfs_parse_link(texts[i], &type, &inode) != -EINVAL)
			T_FAIL("'%s' is taken for a namespace", texts[i]);
}

TEST(status_is_read_line_by_line)
{
	struct proc_status st;

	WANT_INT(proc_parse_status("Name:\tx\\nUid:\t9 9 9 9\nUmask:\t0022\nUid:\t1\t2\t3\t4\n"
				   "Gid:\t5\t6\t7\t8\nNSpid:\t4711\t17\t1\nKthread:\t0\n"
				   "VmRSS:\t    2048 kB\nVmSwap:\t 4 kB\nThreads:\t12\n"
				   "CapInh:\t0000000000000001\nCapPrm:\t00000000a80425fb\n"
				   "CapEff:\t000001ffffffffff\nCapBnd:\t0000000000000002\n"
				   "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n",
				   &st),
		 0);
	WANT_INT(st.uid[0], 1);
	WANT_INT(st.uid[3], 4);
	WANT_INT(st.gid[1], 6);
	WANT_INT(st.n_nspid, 3);
	WANT_INT(st.nspid[0], 4711);
	WANT_INT(st.nspid[2], 1);
	WANT_INT(st.rss, 2048 * 1024);
	WANT_INT(st.swap, 4096);
	WANT_INT(st.threads, 12);
	WANT_INT(st.cap_prm, 0xa80425fb);
	WANT_INT(st.cap_eff, 0x1ffffffffff);
	WANT_INT(st.no_new_privs, 1);
	WANT_INT(st.seccomp, 2);
	WANT_INT(st.kernel_thread, 0);
	WANT_INT(proc_parse_status("Name:\tx\n", &st), -EINVAL);
	WANT_INT(proc_parse_status("", &st), -EINVAL);
}

static int keep(void *ctx, int dir, const struct proc_entry *p, struct err *e)
{
	struct proc_entry *kept = ctx;

	if (p->pid != getpid())
		return 0;
	*kept = *p;
	kept->cgroup = kept->uid_map = kept->gid_map = NULL;
	WANT(p->cgroup && strchr(p->cgroup, ':'));
	WANT(p->uid_map && p->gid_map);
	WANT(p->cmdline_len > 0 && p->cmdline[p->cmdline_len - 1] == '\0');
	return 0;
}

TEST(a_scan_finds_the_process_that_scans)
{
	struct proc_entry me = { 0 };
	struct proc_scan s = { .want = PROC_STAT | PROC_STATUS | PROC_CGROUP | PROC_NS |
				       PROC_CHILDREN | PROC_CMDLINE | PROC_MAPS | PROC_OWNER,
			       .each = keep,
			       .ctx = &me };
	enum nsfs_type type;
	uint64_t inode;
	struct err e;

	WANT_INT(proc_scan(&s, &e), 0);
	WANT_INT(me.pid, getpid());
	WANT_INT(me.have, s.want);
	WANT_INT(me.denied, 0);
	WANT_INT(me.stat.parent, getppid());
	WANT_INT(me.status.uid[0], getuid());
	WANT_INT(me.owner_uid, geteuid());
	WANT_INT(nsfs_try_link(AT_FDCWD, "/proc/self/ns/net", &type, &inode), 0);
	WANT_INT(me.ns[NSFS_NET], inode);
	WANT_INT(me.child[NSFS_PID], me.ns[NSFS_PID]);
	WANT(s.seen >= 1);
}

TEST(of_no_process_nothing_is_seen)
{
	struct proc_entry none = { 0 };
	struct proc_scan s = { .want = PROC_NS, .each = keep, .ctx = &none };
	struct err e;

	WANT_INT(proc_scan_one(0x7fffffff, &s, &e), 0);
	WANT_INT(s.seen, 0);
	WANT_INT(s.gone, 1);
}

TEST(only_a_namespace_is_opened_as_one)
{
	enum nsfs_type type;
	struct err e;
	own_fd int fd = nsfs_open(AT_FDCWD, "/proc/self/ns/uts", &type, &e);

	WANT(fd >= 0);
	WANT_INT(type, NSFS_UTS);
	WANT_INT(nsfs_open(AT_FDCWD, "/dev/null", &type, &e), -1);
	WANT_INT(e.cls, ERR_INPUT);
	WANT_INT(nsfs_open(AT_FDCWD, "/proc/self/status", &type, &e), -1);
	WANT_INT(nsfs_open(AT_FDCWD, "/nowhere", &type, &e), -1);
	WANT_INT(e.sysno, ENOENT);
}

TEST(the_graph_shows_our_own_namespaces_as_ours)
{
	own_arena struct arena a = { 0 };
	struct ns_graph g;
	own_mem char *json = NULL;
	struct err e;
	int ours = 0;

	WANT_INT(ns_graph_read(NS_FIND_MOUNTS | NS_FIND_FDS, &a, &g, &e), 0);
	for (size_t i = 0; i < g.namespaces.n; i++) {
		const struct ns_node *n = &g.namespaces.at[i];

		ours += n->ours;
		if (n->ours)
			WANT(n->processes.n > 0 && n->first.set && n->command);
		if (i > 0 && n[-1].type.v == n->type.v)
			WANT(n[-1].inode < n->inode);
		WANT(ns_graph_find(&g, (enum nsfs_type)n->type.v, n->inode) == n);
	}
	WANT(ours >= 7);
	json = bind_print(&ns_graph_table, &g, false, &e);
	WANT(json && strstr(json, "\"type\":\"mnt\""));
	WANT(strstr(json, "\"processes\":["));
}

static void want_ranges(const struct ns_map *m, const char *want)
{
	own_str struct str s = { 0 };

	for (size_t i = 0; i < m->n; i++)
		str_addf(&s, "%s%u:%u:%u", i ? " " : "", m->at[i].inside, m->at[i].outside,
			 m->at[i].size);
	WANT_STR(s.at ? s.at : "", want);
}

TEST(ranges_are_written_in_both_orders_of_unshare)
{
	struct ns_map m = { 0 };
	struct err e;

	WANT_INT(ns_map_add(&m, NS_MAP_USERS, "0:100000:65536", &e), 0);
	WANT_INT(ns_map_add(&m, NS_MAP_USERS, "200000,65536,10", &e), 0);
	want_ranges(&m, "0:100000:65536 65536:200000:10");
}

TEST(what_is_no_range_is_refused)
{
	static const char *const texts[] = {
		"",
		"0",
		"0:1",
		"0:1:",
		"0:1:0",
		"0:1:2:3",
		"0,1:2",
		"-1:0:1",
		" 0:1:2",
		"a:1:2",
		"0:1:4294967296",
		"4294967295:0:1",
		"4294967290:0:6",
		"0:4294967290:6",
		"Auto",
	};
	struct ns_map m = { 0 };
	struct err e;

	for (size_t i = 0; i < COUNT(texts); i++)
		if (ns_map_add(&m, NS_MAP_USERS, texts[i], &e) == 0)
			T_FAIL("'%s' is taken for a range", texts[i]);
	WANT_INT(m.n, 0);
	WANT_INT(ns_map_add(&m, NS_MAP_USERS, "4294967290:0:5", &e), 0);
}

TEST(subordinate_ids_are_found_by_name_and_by_number)
{
	static const char text[] =
		"\nroot:1:2\nme:100:10\nmee:5:5\nm:6:6\n#me:7:7\nme:bad:3\nme:9\n"
		"1000:200:20\nme:300:0\nme:400:5";
	struct ns_map first = { 0 }, all = { 0 }, unnamed = { 0 }, none = { 0 };
	struct err e;

	WANT_INT(ns_map_subids(text, "me", 1000, &first, false, &e), 0);
	want_ranges(&first, "0:100:10");
	WANT_INT(ns_map_subids(text, "me", 1000, &all, true, &e), 0);
	want_ranges(&all, "0:100:10 10:200:20 30:400:5");
	WANT_INT(ns_map_subids(text, NULL, 1000, &unnamed, true, &e), 0);
	want_ranges(&unnamed, "0:200:20");
	WANT_INT(ns_map_subids(text, "you", 7, &none, true, &e), -1);
	WANT_INT(e.cls, ERR_ABSENT);
}

TEST(ranges_make_room_for_the_own_id)
{
	static const struct {
		struct ns_map map;
		const char *want;
	} rows[] = {
		{ { .n = 1, .at = { { 0, 100, 10 } } }, "0:100:10" },
		{ { .own = true }, "0:7:1" },
		{ { .own = true, .n = 1, .at = { { 0, 100, 10 } } }, "0:7:1 1:100:9" },
		{ { .own = true, .own_inside = 3, .n = 1, .at = { { 0, 100, 10 } } },
		  "3:7:1 0:100:3 4:103:6" },
		{ { .own = true, .own_inside = 20, .n = 1, .at = { { 0, 0, 10 } } },
		  "20:7:1 0:0:7 7:8:2" },
		{ { .own = true, .own_inside = 7, .n = 1, .at = { { 0, 0, 10 } } },
		  "7:7:1 0:0:7 8:8:2" },
		{ { .own = true, .own_inside = 9, .n = 1, .at = { { 0, 100, 10 } } },
		  "9:7:1 0:100:9" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ns_map m = rows[i].map;
		struct err e;

		WANT_INT(ns_map_settle(&m, 7, &e), 0);
		want_ranges(&m, rows[i].want);
	}
}

TEST(an_id_is_found_in_a_map_from_outside)
{
	static const char map[] =
		"         0       1000          1\n         1     100000      65536\n";
	uint32_t in;

	WANT_INT(ns_enter_map_id(map, 1000, &in), 0);
	WANT_INT(in, 0);
	WANT_INT(ns_enter_map_id(map, 100005, &in), 0);
	WANT_INT(in, 6);
	WANT_INT(ns_enter_map_id(map, 165536, &in), -ENOENT);
	WANT_INT(ns_enter_map_id(map, 0, &in), -ENOENT);
	WANT_INT(ns_enter_map_id("", 0, &in), -ENOENT);
	WANT_INT(ns_enter_map_id("0 x 1", 0, &in), -ENOENT);
}

TEST(an_environment_is_split_at_its_ends)
{
	char text[] = "A=1\0\0B\0=x\0C=\0D=a=b", none[] = "";
	char **env;

	WANT(ns_enter_split_env(text, sizeof(text) - 1, &env));
	WANT_STR(env[0], "A=1");
	WANT_STR(env[1], "C=");
	WANT_STR(env[2], "D=a=b");
	WANT(!env[3]);
	free(env);
	WANT(ns_enter_split_env(none, 0, &env));
	WANT(!env[0]);
	free(env);
}

TEST(propagation_is_read_from_mountinfo)
{
	static const struct {
		const char *line;
		struct mount_peers want;
	} rows[] = {
		{ "31 23 0:28 / /a rw,relatime shared:9 - tmpfs tmpfs rw\n", { .shared = 9 } },
		{ "31 23 0:28 / /a rw shared:9 master:12 - tmpfs - rw\n",
		  { .shared = 9, .master = 12 } },
		{ "31 23 0:28 / /a rw master:12 propagate_from:3 - tmpfs tmpfs rw\n",
		  { .master = 12, .from = 3 } },
		{ "31 23 0:28 / /shared:7 shared:8 unbindable - shared:5 tmpfs rw\n",
		  { .unbindable = true } },
		{ "31 23 0:28 / /a rw - tmpfs shared:5 master:6\n", { 0 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = rows[i].line;
		struct mount_peers got;
		struct mount_line m;

		WANT(mount_line_next_any(&text, &m));
		mount_line_peers(&m, &got);
		WANT_INT((long long)got.shared, (long long)rows[i].want.shared);
		WANT_INT((long long)got.master, (long long)rows[i].want.master);
		WANT_INT((long long)got.from, (long long)rows[i].want.from);
		WANT_INT(got.unbindable, rows[i].want.unbindable);
	}
}
