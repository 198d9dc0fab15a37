/* namespaces_live.c - the graph of the host's namespaces against lsns(8), and what lsns does not see
 *
 * Needs root. Each test makes namespaces that nobody else has, so what else goes on does not matter.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "ns/namespaces.h"
#include "os/nsfs.h"
#include "tests/unit/t.h"

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s (%s)", e.text, e.hint); \
	} while (0)

static struct err e;
static struct arena arena;
static struct ns_graph graph;

static void need_root(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		puts("# skipped: it takes root");
		exit(0);
	}
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		T_FAIL("%s: %s", path, strerror(errno));
	close(fd);
}

/* A child in new namespaces that waits for its end; it dies with us. */
static pid_t child_in(int flags)
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (pid < 0)
		T_FAIL("clone: %s", strerror(errno));
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static uint64_t inode_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		T_FAIL("%s: %s", path, strerror(errno));
	return st.st_ino;
}

static uint64_t inode_of(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, file);
	return inode_at(path);
}

static const struct ns_node *node(enum nsfs_type type, uint64_t inode)
{
	const struct ns_node *n = ns_graph_find(&graph, type, inode);

	if (!n)
		T_FAIL("%s namespace %ju is not found", nsfs_kinds[type].name, (uintmax_t)inode);
	return n;
}

static void look(unsigned find)
{
	arena_done(&arena);
	arena = (struct arena){ 0 };
	OK(ns_graph_read(find, &arena, &graph, &e));
}

/* What lsns says of a namespace; false when it does not list it. */
static int lsns(uint64_t inode, char type[16], int *n, int *pid)
{
	uintmax_t ns;
	FILE *f = popen("lsns -rno NS,TYPE,NPROCS,PID 2>/dev/null", "r"); // NOLINT
	char line[256];
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%ju %15s %d %d", &ns, type, n, pid) == 4 && ns == inode)
			found = 1;
	if (f)
		pclose(f);
	return found;
}

TEST(each_type_is_listed_as_lsns_lists_it)
{
	int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
		    CLONE_NEWCGROUP | CLONE_NEWPID;
	pid_t pid;

	need_root();
	pid = child_in(flags);
	look(0);
	for (int i = 0; i < NSFS_TYPES; i++) {
		uint64_t inode = inode_of(pid, nsfs_kinds[i].name);
		const struct ns_node *n = node((enum nsfs_type)i, inode);
		int count = 0, first = 0;
		char type[16];

		if (i == NSFS_TIME)
			continue;
		WANT_INT(n->processes.n, 1);
		WANT_INT(n->processes.at[0], pid);
		WANT_INT(n->first.v, pid);
		WANT(!n->ours);
		WANT_INT(n->owner.v,
			 i == NSFS_USER ? inode_of(getpid(), "user") : inode_of(pid, "user"));
		if (lsns(inode, type, &count, &first) > 0) {
			WANT_STR(type, nsfs_kinds[i].name);
			WANT_INT(count, 1);
			WANT_INT(first, pid);
		}
	}
	WANT_INT(node(NSFS_USER, inode_of(pid, "user"))->parent.v, inode_of(getpid(), "user"));
	WANT_INT(node(NSFS_USER, inode_of(pid, "user"))->owner_uid.v, 0);
	WANT_INT(node(NSFS_PID, inode_of(pid, "pid"))->parent.v, inode_of(getpid(), "pid"));
	end(pid);
}

TEST(a_namespace_without_processes_is_found_by_its_bind_mount_and_by_its_descriptor)
{
	char place[] = "/tmp/ns live.XXXXXX", path[64];
	const struct ns_node *n;
	uint64_t inode, owner;
	pid_t pid;
	int fd;

	need_root();
	fd = mkstemp(place);
	WANT(fd >= 0);
	close(fd);
	pid = child_in(CLONE_NEWUSER | CLONE_NEWNET);
	inode = inode_of(pid, "net");
	owner = inode_of(pid, "user");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	WANT_INT(mount(path, place, NULL, MS_BIND, NULL), 0);
	end(pid);

	look(0);
	WANT(!ns_graph_find(&graph, NSFS_NET, inode));
	look(NS_FIND_MOUNTS);
	n = node(NSFS_NET, inode);
	WANT_INT(n->processes.n, 0);
	WANT(!n->first.set);
	WANT_INT(n->holders.n, 1);
	WANT_INT(n->holders.at[0].kind.v, NS_HELD_MOUNT);
	WANT_STR(n->holders.at[0].path, place);
	WANT_INT(n->holders.at[0].mount_ns.v, inode_of(getpid(), "mnt"));
	/* its owner has no process either, and nothing leads to it but the ioctl */
	WANT_INT(n->owner.v, owner);
	WANT_INT(node(NSFS_USER, owner)->processes.n, 0);
	WANT_INT(node(NSFS_USER, owner)->holders.n, 0);

	/* from another's descriptor: our own are not looked at */
	fd = open(place, O_RDONLY);
	WANT(fd >= 0);
	WANT_INT(umount2(place, MNT_DETACH), 0);
	unlink(place);
	pid = child_in(0);
	close(fd);
	look(NS_FIND_FDS);
	n = node(NSFS_NET, inode);
	WANT_INT(n->holders.n, 1);
	WANT_INT(n->holders.at[0].kind.v, NS_HELD_FD);
	WANT_INT(n->holders.at[0].pid, pid);
	WANT_INT(n->holders.at[0].fd.v, fd);
	WANT_INT(n->owner.v, owner);
	end(pid);
	look(NS_FIND_FDS | NS_FIND_MOUNTS);
	WANT(!ns_graph_find(&graph, NSFS_NET, inode));
}

TEST(a_mount_in_another_mount_namespace_is_found)
{
	char place[] = "/tmp/ns-live.XXXXXX", path[64];
	pid_t pid, holder;
	uint64_t inode;

	need_root();
	close(mkstemp(place));
	pid = child_in(CLONE_NEWUTS);
	inode = inode_of(pid, "uts");
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)pid);
	WANT_INT(mount(path, place, NULL, MS_BIND, NULL), 0);
	holder = child_in(CLONE_NEWNS);
	WANT_INT(umount2(place, MNT_DETACH), 0);
	end(pid);
	look(NS_FIND_MOUNTS);
	WANT_INT(node(NSFS_UTS, inode)->holders.n, 1);
	WANT_INT(node(NSFS_UTS, inode)->holders.at[0].pid, holder);
	WANT_INT(node(NSFS_UTS, inode)->holders.at[0].mount_ns.v, inode_of(holder, "mnt"));
	WANT_INT(node(NSFS_UTS, inode)->owner.v, inode_of(getpid(), "user"));
	end(holder);
	unlink(place);
}

TEST(a_process_holds_the_namespace_of_its_children_to_be)
{
	uint64_t inode;

	need_root();
	if (unshare(CLONE_NEWTIME) < 0) {
		puts("# skipped: no time namespaces");
		return;
	}
	inode = inode_of(getpid(), "time_for_children");
	look(0);
	WANT_INT(node(NSFS_TIME, inode)->processes.n, 0);
	WANT_INT(node(NSFS_TIME, inode)->holders.n, 1);
	WANT_INT(node(NSFS_TIME, inode)->holders.at[0].kind.v, NS_HELD_CHILDREN);
	WANT_INT(node(NSFS_TIME, inode)->holders.at[0].pid, getpid());
}

TEST(a_namespace_above_is_found_through_the_one_below)
{
	int up[2];
	pid_t outer, inner;
	uint64_t above, below;

	need_root();
	WANT_INT(pipe2(up, O_CLOEXEC), 0);
	/* makes a user namespace in a user namespace, and leaves the upper one */
	outer = fork();
	if (outer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(1);
		above = inode_at("/proc/self/ns/user");
		put("/proc/self/setgroups", "deny");
		put("/proc/self/uid_map", "0 0 1");
		put("/proc/self/gid_map", "0 0 1");
		(void)!write(up[1], &above, sizeof(above));
		inner = unshare(CLONE_NEWUSER);
		(void)!write(up[1], &inner, sizeof(inner));
		pause();
		_exit(0);
	}
	WANT_INT(read(up[0], &above, sizeof(above)), sizeof(above));
	WANT_INT(read(up[0], &inner, sizeof(inner)), sizeof(inner));
	WANT_INT(inner, 0);
	below = inode_of(outer, "user");
	look(0);
	WANT_INT(node(NSFS_USER, above)->processes.n, 0);
	WANT_INT(node(NSFS_USER, below)->parent.v, above);
	WANT_INT(node(NSFS_USER, above)->parent.v, inode_of(getpid(), "user"));
	end(outer);
}

/* What a plain user finds, in a child of ours: exit status of @look_at. */
static int as_daemon(int (*look_at)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setgid(1) < 0 || setuid(1) < 0)
			_exit(99);
		prctl(PR_SET_DUMPABLE, 1);
		look(NS_FIND_MOUNTS | NS_FIND_FDS);
		_exit(look_at());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* His own are there; that others are not to be seen is said. */
static int partly(void)
{
	if (!ns_graph_find(&graph, NSFS_NET, inode_at("/proc/self/ns/net")))
		return 1;
	if (graph.hidden)
		return 2;
	return graph.denied > 0 ? 0 : 3;
}

static int hidden(void)
{
	if (!ns_graph_find(&graph, NSFS_NET, inode_at("/proc/self/ns/net")))
		return 1;
	return graph.hidden ? 0 : 2;
}

TEST(what_a_plain_user_may_not_see_is_counted)
{
	need_root();
	WANT_INT(as_daemon(partly), 0);
}

TEST(processes_that_hidepid_hides_are_spoken_of)
{
	need_root();
	WANT_INT(mount("proc", "/proc", "proc", 0, "hidepid=2"), 0);
	WANT_INT(as_daemon(hidden), 0);
	look(0);
	WANT(!graph.hidden);
}
