/* namespaces.c - what /proc says of processes and their namespaces */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/own.h"
#include "host/namespaces.h"
#include "host/proc_scan.h"
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
