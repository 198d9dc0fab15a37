/* ns_run_live.c - programs in new namespaces, side by side with unshare(1); needs root
 *
 * Everything happens in a mount namespace of the test's own, where /etc/subuid is the test's.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "ns/run.h"
#include "tests/unit/t.h"

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s (%s)", e.text, e.hint); \
	} while (0)

#define DAEMON 1 /* Debian's user of that name */

static struct err e;

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		T_FAIL("%s: %s", path, strerror(errno));
	close(fd);
}

static void start(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0) {
		puts("# skipped: it takes root");
		exit(0);
	}
	put("/run/ids", "root:100000:65536\ndaemon:300000:1000\ndaemon:400000:10\n");
	for (int i = 0; i < 2; i++) {
		const char *file = i ? "/etc/subgid" : "/etc/subuid";

		if (access(file, F_OK) < 0 || mount("/run/ids", file, NULL, MS_BIND, NULL) < 0) {
			puts("# skipped: no /etc/subuid");
			exit(0);
		}
	}
}

/* Output and status of what runs in a child, as that user. */
static int capture(uid_t user, const struct ns_run *r, char *const *argv, char out[4096])
{
	size_t n = 0;
	ssize_t got;
	int p[2], status = 0;
	pid_t pid;

	WANT_INT(pipe2(p, O_CLOEXEC), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct err why = { 0 };

		dup2(p[1], 1);
		if (user && (setgid(user) < 0 || setuid(user) < 0))
			_exit(99);
		/* as after an exec */
		prctl(PR_SET_DUMPABLE, 1);
		if (argv)
			execvp(argv[0], argv);
		else if (ns_run(r, &status, &why) == 0)
			_exit(status);
		dprintf(1, "%s\n", why.text);
		_exit(err_exit_status(&why));
	}
	close(p[1]);
	while (n < 4095 && (got = read(p[0], out + n, 4095 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(p[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void map(struct ns_run *r, const char *users, const char *groups)
{
	OK(ns_map_add(&r->maps.users, NS_MAP_USERS, users, &e));
	OK(ns_map_add(&r->maps.groups, NS_MAP_GROUPS, groups, &e));
}

/* Both say the same, and something. */
static void same(uid_t user, struct ns_run *r, char *options[], char *script)
{
	char *shell[] = { "sh", "-c", script, NULL }, *argv[32] = { "unshare" };
	char ours[4096], theirs[4096];
	int n = 1, our_status, their_status;

	for (; *options; options++)
		argv[n++] = *options;
	memcpy(argv + n, shell, sizeof(shell));
	r->argv = shell;
	our_status = capture(user, r, NULL, ours);
	their_status = capture(user, NULL, argv, theirs);
	WANT_STR(ours, theirs);
	WANT_INT(our_status, their_status);
	WANT(strlen(ours) > 0);
}

#define OPTIONS(...) \
	(char *[]) \
	{ \
		__VA_ARGS__, NULL \
	}
#define IDS  "id -u; id -g; id -G; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups"
#define CAPS "grep ^Cap /proc/self/status; id -u"

TEST(maps_are_those_of_unshare)
{
	struct ns_run root = { .types = CLONE_NEWUSER,
			       .maps.users.own = true,
			       .maps.groups.own = true };
	struct ns_run own = { .types = CLONE_NEWUSER,
			      .maps.users = { true, DAEMON },
			      .maps.groups = { true, DAEMON } };
	struct ns_run none = { .types = CLONE_NEWUSER };

	start();
	same(0, &root, OPTIONS("--user", "--map-root-user"), IDS);
	same(DAEMON, &root, OPTIONS("--user", "--map-root-user"), IDS);
	same(DAEMON, &own, OPTIONS("--user", "--map-current-user"), IDS);
	same(DAEMON, &none, OPTIONS("--user"), IDS);
}

TEST(subordinate_ids_make_room_for_ones_own)
{
	struct ns_run r = { .types = CLONE_NEWUSER,
			    .maps.users.own = true,
			    .maps.groups.own = true };

	start();
	if (access("/usr/bin/newuidmap", X_OK) < 0) {
		puts("# skipped: it takes newuidmap");
		return;
	}
	/* ns_map_add() looks the caller up */
	OK(setegid(DAEMON));
	OK(seteuid(DAEMON));
	map(&r, "auto", "auto");
	WANT_INT(seteuid(0) + setegid(0), 0);
	WANT_INT(r.maps.users.at[0].outside, 300000);
	same(DAEMON, &r, OPTIONS("--user", "--map-root-user", "--map-auto"), IDS);
}

TEST(all_subordinate_ids_are_mapped_for_a_plain_user)
{
	struct ns_run r = { .types = CLONE_NEWUSER,
			    .maps.users.own = true,
			    .maps.groups.own = true };
	char *argv[] = { "sh", "-c", "tr -s ' ' </proc/self/uid_map", NULL }, out[4096];

	start();
	if (access("/usr/bin/newuidmap", X_OK) < 0) {
		puts("# skipped: it takes newuidmap");
		return;
	}
	OK(setegid(DAEMON));
	OK(seteuid(DAEMON));
	map(&r, "subids", "subids");
	WANT_INT(seteuid(0) + setegid(0), 0);
	r.argv = argv;
	WANT_INT(capture(DAEMON, &r, NULL, out), 0);
	WANT_STR(out, " 0 1 1\n 1 300000 999\n 1000 400000 10\n");
}

TEST(mounts_and_pids_are_those_of_unshare)
{
	struct ns_run mounts = { .types = CLONE_NEWNS, .propagation = MS_SLAVE };
	struct ns_run pids = { .types = CLONE_NEWNS | CLONE_NEWPID,
			       .propagation = MS_PRIVATE,
			       .fork = true,
			       .mount_proc = "/proc" };
	struct ns_run place = {
		.types = CLONE_NEWNS, .propagation = MS_PRIVATE, .root = "/usr", .wd = "/share"
	};
	struct ns_run others = { .types = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC };

	start();
	WANT_INT(mount("none", "/run", NULL, MS_SHARED, NULL), 0);
	same(0, &mounts, OPTIONS("--mount", "--propagation", "slave"),
	     "grep ' /run ' /proc/self/mountinfo | grep -o master:");
	same(0, &pids, OPTIONS("--pid", "--fork", "--mount-proc"),
	     "echo $$; ls -d /proc/[0-9]*; grep -c ' /proc ' /proc/self/mountinfo");
	if (access("/usr/bin/sh", X_OK) == 0 && access("/usr/lib64", F_OK) < 0)
		same(0, &place, OPTIONS("--mount", "--root=/usr", "--wd=/usr"), "pwd");
	same(0, &others, OPTIONS("--net", "--uts", "--ipc"),
	     "tail -n +3 /proc/net/dev | cut -d : -f 1; echo x >/proc/sys/kernel/hostname; uname "
	     "-n");
}

TEST(clocks_users_and_capabilities_are_those_of_unshare)
{
	struct ns_run clocks = { .types = CLONE_NEWTIME,
				 .fork = true,
				 .monotonic = { true, 1000 },
				 .boottime = { true, 86400 } };
	struct ns_run caps = { .types = CLONE_NEWUSER,
			       .maps.users = { true, DAEMON },
			       .maps.groups = { true, DAEMON },
			       .keep_caps = true };
	struct ns_run user = { .types = CLONE_NEWUTS, .uid = { true, 5 }, .gid = { true, 6 } };

	start();
	same(0, &clocks, OPTIONS("--time", "--fork", "--monotonic", "1000", "--boottime", "86400"),
	     "cat /proc/self/timens_offsets");
	same(DAEMON, &caps, OPTIONS("--user", "--map-current-user", "--keep-caps"), CAPS);
	same(0, &user, OPTIONS("--uts", "--setuid", "5", "--setgid", "6"),
	     CAPS "; "
		  "id -g; id -G");
}

TEST(the_status_is_docker_s)
{
	static const struct {
		char *argv[4];
		int status;
	} rows[] = {
		{ { "sh", "-c", "exit 7" }, 7 },
		{ { "sh", "-c", "kill -9 $$" }, 137 },
		{ { "no-such-program" }, 127 },
		{ { "/etc/passwd" }, 126 },
	};
	char out[4096];

	start();
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int forked = 0; forked < 2; forked++) {
			struct ns_run r = { .types = CLONE_NEWUTS,
					    .fork = forked,
					    .argv = rows[i].argv };

			WANT_INT(capture(0, &r, NULL, out), rows[i].status);
		}
}

TEST(a_file_keeps_a_namespace_that_nsenter_enters)
{
	char *argv[] = { "sh", "-c", "echo kept >/proc/sys/kernel/hostname", NULL }, out[4096];
	char *enter[] = { "nsenter", "--uts=/run/uts", "uname", "-n", NULL };
	struct ns_run r = { .types = CLONE_NEWUTS, .argv = argv };

	start();
	r.persist[NSFS_UTS] = "/run/uts";
	WANT_INT(capture(0, &r, NULL, out), 125); /* it does not exist */
	put("/run/uts", "");
	WANT_INT(capture(0, &r, NULL, out), 0);
	WANT_INT(capture(0, NULL, enter, out), 0);
	WANT_STR(out, "kept\n");
}

TEST(the_child_dies_with_us)
{
	char *argv[] = { "sh", "-c", "echo; exec sleep 100", NULL };
	struct ns_run r = {
		.types = CLONE_NEWPID, .fork = true, .kill_child = SIGKILL, .argv = argv
	};
	int p[2], status;
	char byte;
	pid_t pid;

	start();
	WANT_INT(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		_exit(ns_run(&r, &status, &e));
	}
	close(p[1]);
	WANT_INT(read(p[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	/* its standard output ends with it */
	WANT_INT(read(p[0], &byte, 1), 0);
}

TEST(what_cannot_be_is_refused_before_anything_is_made)
{
	char *argv[] = { "true", NULL };
	const struct ns_run rows[] = {
		{ .maps.users.own = true, .argv = argv },
		{ .maps.setgroups = NS_SETGROUPS_DENY, .argv = argv },
		{ .keep_caps = true, .argv = argv },
		{ .mount_proc = "/proc", .argv = argv },
		{ .monotonic = { true, 1 }, .argv = argv },
		{ .kill_child = SIGKILL, .argv = argv },
		{ .fork = true, .kill_child = 65, .argv = argv },
		{ .types = CLONE_NEWUTS },
		{ .types = CLONE_NEWPID, .persist[NSFS_PID] = "/dev/null", .argv = argv },
		{ .types = CLONE_NEWUTS, .persist[NSFS_NET] = "/dev/null", .argv = argv },
		{ .types = CLONE_NEWUSER,
		  .argv = argv,
		  .maps.users = { .n = 2, .at = { { 0, 10, 5 }, { 4, 20, 5 } } } },
		{ .types = CLONE_NEWUSER,
		  .argv = argv,
		  .maps.users = { .n = 2, .at = { { 0, 10, 5 }, { 5, 14, 5 } } } },
	};
	struct stat was, is;
	int status;

	stat("/proc/self/ns/uts", &was);
	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT_INT(ns_run(&rows[i], &status, &e), -1);
		WANT_INT(e.cls, ERR_INPUT);
	}
	stat("/proc/self/ns/uts", &is);
	WANT_INT(is.st_ino, was.st_ino);
}
