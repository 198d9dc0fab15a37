/* ns_hold_live.c - namespaces kept under a name, beside ip(8)'s; needs root
 *
 * Everything happens in a mount namespace of the test's own, with a /run of its own.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "ns/hold.h"
#include "tests/unit/t.h"

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s (%s)", e.text, e.hint); \
	} while (0)

static struct err e;

static void start(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0) {
		puts("# skipped: it takes root");
		exit(0);
	}
}

static uint64_t inode_at(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static size_t count(const struct ns_store *s, struct ns_held_list *ret)
{
	static struct arena a;

	OK(ns_held_list(s, &a, ret, &e));
	return ret->names.n;
}

TEST(what_is_held_outlives_its_process_and_is_released)
{
	const uint64_t types = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;
	struct ns_held_list l;
	int fds[NSFS_TYPES];

	start();
	WANT_INT(count(&ns_store_any, &l), 0);
	OK(ns_hold_new(&ns_store_any, "it", types, &e));
	WANT_INT(count(&ns_store_any, &l), 1);
	WANT_STR(l.names.at[0].name, "it");
	WANT_INT(l.names.at[0].namespaces.n, 4);
	WANT_INT(l.names.at[0].namespaces.at[0].inode, inode_at("/run/tare/ns/it/ipc"));
	OK(ns_held_open(&ns_store_any, "it", fds, &e));
	WANT_INT(fds[NSFS_PID], FD_NONE);
	for (int i = 0; i < NSFS_TYPES; i++)
		if (types & nsfs_kinds[i].flag)
			OK(nsfs_enter(fds[i], (enum nsfs_type)i, &e));
	ns_fds_close(fds);
}

TEST(a_name_is_taken_until_it_is_released)
{
	struct ns_held_list l;
	uint64_t inode;
	int fds[NSFS_TYPES];

	start();
	OK(ns_hold_new(&ns_store_any, "it", CLONE_NEWUTS, &e));
	inode = inode_at("/run/tare/ns/it/uts");
	WANT_INT(ns_hold_new(&ns_store_any, "it", CLONE_NEWNET, &e), -1);
	WANT_INT(e.cls, ERR_CONFLICT);
	WANT_INT(inode_at("/run/tare/ns/it/uts"), inode);
	WANT_INT(inode_at("/run/tare/ns/it/net"), 0);
	OK(ns_release(&ns_store_any, "it", &e));
	WANT_INT(count(&ns_store_any, &l), 0);
	WANT_INT(ns_release(&ns_store_any, "it", &e), -1);
	WANT_INT(e.cls, ERR_ABSENT);
	WANT_INT(ns_held_open(&ns_store_any, "it", fds, &e), -1);
	WANT_INT(e.cls, ERR_ABSENT);
}

TEST(what_a_crash_has_left_is_used_again)
{
	struct ns_held_list l;

	start();
	OK(ns_hold_new(&ns_store_any, "it", CLONE_NEWUTS, &e));
	WANT_INT(umount2("/run/tare/ns/it/uts", MNT_DETACH), 0);
	WANT_INT(count(&ns_store_any, &l), 1);
	WANT_INT(l.names.at[0].namespaces.n, 0);
	OK(ns_hold_new(&ns_store_any, "it", CLONE_NEWUTS, &e));
	count(&ns_store_any, &l);
	WANT_INT(l.names.at[0].namespaces.n, 1);
	WANT_INT(umount2("/run/tare/ns/it/uts", MNT_DETACH), 0);
	OK(ns_release(&ns_store_any, "it", &e));
	WANT_INT(count(&ns_store_any, &l), 0);
}

TEST(what_cannot_be_a_name_or_be_held_is_refused)
{
	static const char *const names[] = { "",  ".",    "..",      ".x",       "a/b",
					     "/", "a\nb", "a\033[m", "\xff\xfe", "a\u202e" };
	int fds[NSFS_TYPES] = { -1, -1, -1, -1, -1, -1, -1, -1 };

	start();
	for (size_t i = 0; i < COUNT(names); i++) {
		WANT_INT(ns_hold_new(&ns_store_any, names[i], CLONE_NEWUTS, &e), -1);
		WANT_INT(e.cls, ERR_INPUT);
		WANT_INT(ns_release(&ns_store_any, names[i], &e), -1);
	}
	WANT_INT(ns_hold(&ns_store_any, "it", fds, &e), -1);
	WANT_INT(e.cls, ERR_INPUT);
	WANT_INT(ns_hold_new(&ns_store_any, "it", CLONE_NEWPID, &e), -1);
	WANT_INT(ns_hold_new(&ns_store_net, "it", CLONE_NEWUTS, &e), -1);
	WANT_INT(e.cls, ERR_INPUT);
	WANT_INT(inode_at("/run/tare"), 0);
}

TEST(network_namespaces_are_those_of_ip)
{
	struct ns_held_list l;

	start();
	if (system("ip netns list >/dev/null 2>&1") != 0) { // NOLINT
		puts("# skipped: it takes ip");
		return;
	}
	OK(ns_hold_new(&ns_store_net, "ours", CLONE_NEWNET, &e));
	WANT_INT(system("ip netns add theirs"), 0);                           // NOLINT
	WANT_INT(system("ip netns list | grep -q '^ours\\b'"), 0);            // NOLINT
	WANT_INT(system("ip netns exec ours ip link show lo >/dev/null"), 0); // NOLINT
	WANT_INT(count(&ns_store_net, &l), 2);
	WANT_STR(l.names.at[0].name, "ours");
	WANT_STR(l.names.at[1].name, "theirs");
	WANT_INT(l.names.at[1].namespaces.n, 1);
	WANT_INT(l.names.at[1].namespaces.at[0].type.v, NSFS_NET);
	OK(ns_release(&ns_store_net, "theirs", &e));
	WANT_INT(system("ip netns delete ours"), 0); // NOLINT
	WANT_INT(count(&ns_store_net, &l), 0);
	/* as ip makes it: each sees what the other makes */
	WANT_INT(system("grep -q ' /run/netns .* shared:' /proc/self/mountinfo"), 0); // NOLINT
}
