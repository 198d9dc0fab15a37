/* ns_enter_live.c - programs in other processes' namespaces, side by side with nsenter(1); needs root */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "ns/enter.h"
#include "ns/hold.h"
#include "os/probe.h"
#include "os/seccomp_load.h"
#include "os/sys.h"
#include "tests/unit/t.h"

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s", #x); \
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

/* Runs in a child, until it says so by a line on its standard output, and on until we end. */
static pid_t live(char *const argv[])
{
	int p[2];
	char byte;
	pid_t pid;

	WANT(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(p[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(p[1]);
	WANT_INT(read(p[0], &byte, 1), 1);
	close(p[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int capture(const struct ns_enter *n, char *const *argv, char out[4096])
{
	size_t len = 0;
	ssize_t got;
	int p[2], status = 0;
	pid_t pid;

	WANT_INT(pipe2(p, O_CLOEXEC), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct err why = { 0 };

		dup2(p[1], 1);
		if (argv)
			execvp(argv[0], argv);
		else if (ns_enter(n, &status, &why) == 0)
			_exit(status);
		dprintf(1, "%s\n", why.text);
		_exit(err_exit_status(&why));
	}
	close(p[1]);
	while (len < 4095 && (got = read(p[0], out + len, 4095 - len)) > 0)
		len += (size_t)got;
	out[len] = '\0';
	close(p[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Both say the same, and something. */
static void same(struct ns_enter *n, char *options[], char *script)
{
	char *shell[] = { "sh", "-c", script, NULL }, *argv[32] = { "nsenter" }, target[16];
	char ours[4096], theirs[4096];
	int at = 1, status;

	snprintf(target, sizeof(target), "%d", (int)n->pid);
	argv[at++] = "--target";
	argv[at++] = target;
	for (; *options; options++)
		argv[at++] = *options;
	memcpy(argv + at, shell, sizeof(shell));
	n->argv = shell;
	status = capture(n, NULL, ours);
	WANT_INT(capture(NULL, argv, theirs), status);
	WANT_STR(ours, theirs);
	WANT(strlen(ours) > 0);
}

#define OPTIONS(...) \
	(char *[]) \
	{ \
		__VA_ARGS__, NULL \
	}
#define LINKS "for i in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$i; done"

TEST(each_namespace_is_the_one_that_nsenter_enters)
{
	struct ns_enter all = { .all = true }, some = { .types = CLONE_NEWNET | CLONE_NEWUTS };
	pid_t pid;

	start();
	/* the shell is the child of unshare, which is in the namespaces but for pid */
	pid = live((char *[]){ "unshare", "--mount", "--net", "--uts", "--ipc", "--cgroup", "sh",
			       "-c", "echo inside >/proc/sys/kernel/hostname; echo; exec sleep 100",
			       NULL });
	all.pid = some.pid = pid;
	same(&all, OPTIONS("--all"), LINKS "; uname -n; id -u");
	same(&some, OPTIONS("--net", "--uts"), LINKS "; uname -n; pwd");
	end(pid);
}

/* The first child of @pid: under unshare --fork it is the one in the pid namespace. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	WANT(f && fscanf(f, "%d", &child) == 1);
	fclose(f);
	return child;
}

TEST(pid_and_user_namespaces_take_a_child_that_is_their_root)
{
	struct ns_enter n = { .all = true };
	pid_t pid;

	start();
	pid = live((char *[]){ "unshare", "--user", "--map-root-user", "--pid", "--fork",
			       "--kill-child", "--mount-proc", "sh", "-c",
			       "echo; sleep 100; :", NULL });
	n.pid = child_of(pid);
	same(&n, OPTIONS("--user", "--pid", "--mount"),
	     LINKS "; id -u; id -g; cat /proc/1/comm; cat /proc/self/uid_map");
	end(pid);
}

TEST(kernels_without_pidfds_are_entered_one_by_one)
{
	struct ns_enter n = { .all = true };
	pid_t pid;

	start();
	probe_lack(SYS_PIDFD);
	pid = live((char *[]){ "unshare", "--user", "--map-root-user", "--pid", "--fork",
			       "--kill-child", "--mount-proc", "--uts", "sh", "-c",
			       "echo; sleep 100; :", NULL });
	n.pid = child_of(pid);
	same(&n, OPTIONS("--user", "--pid", "--mount", "--uts"), LINKS "; id -u; cat /proc/1/comm");
	end(pid);
}

TEST(a_plain_user_enters_what_is_his)
{
	struct ns_enter n = { .all = true };
	pid_t pid;

	start();
	WANT_INT(setgid(1) + setuid(1), 0);
	prctl(PR_SET_DUMPABLE, 1);
	pid = live((char *[]){ "unshare", "--user", "--map-root-user", "--pid", "--fork",
			       "--kill-child", "--mount-proc", "--net", "sh", "-c",
			       "echo; sleep 100; :", NULL });
	n.pid = child_of(pid);
	same(&n, OPTIONS("--user", "--pid", "--mount", "--net", "--preserve-credentials"),
	     LINKS "; id -u; cat /proc/1/comm");
	end(pid);
}

TEST(root_and_directory_and_environment_are_followed)
{
	struct ns_enter n = { .types = CLONE_NEWNS, .root = true, .wd = true };
	struct ns_enter env = { .env = true };
	char *argv[] = { "env", NULL }, out[4096];
	pid_t pid;

	start();
	pid = live((char *[]){ "env", "-i", "PATH=/usr/bin:/bin", "MARK=x y", "unshare", "--mount",
			       "sh", "-c", "cd /usr/bin; echo; exec sleep 100", NULL });
	n.pid = env.pid = pid;
	same(&n, OPTIONS("--mount", "--root", "--wd"), "pwd; readlink /proc/self/ns/mnt");
	env.argv = argv;
	WANT_INT(capture(&env, NULL, out), 0);
	WANT(strstr(out, "MARK=x y\n") && !strstr(out, "HOME="));
	end(pid);
}

TEST(no_folder_of_the_host_stays_the_working_directory)
{
	char *argv[] = { "pwd", NULL }, out[4096];
	struct ns_enter n = { .types = CLONE_NEWNS, .root = true, .argv = argv };

	start();
	WANT_INT(chdir("/run"), 0);
	n.pid = live((char *[]){ "unshare", "--mount", "sh", "-c", "echo; exec sleep 100", NULL });
	WANT_INT(capture(&n, NULL, out), 0);
	WANT_STR(out, "/\n");
	end(n.pid);
}

/* CVE-2024-21626; also where the kernel cannot close them all at once */
TEST(sealed_programs_get_the_streams_alone)
{
	char *argv[] = { "sh", "-c", "readlink /proc/$$/fd/9; readlink /proc/$$/fd/700; echo no",
			 NULL };
	struct ns_enter n = { .types = CLONE_NEWNS, .argv = argv };
	char out[4096];
	int folder;

	start();
	n.pid = live((char *[]){ "unshare", "--mount", "sh", "-c", "echo; exec sleep 100", NULL });
	folder = open("/", O_RDONLY | O_DIRECTORY);
	WANT(folder >= 0 && dup2(folder, 9) == 9 && dup2(folder, 700) == 700);
	WANT_INT(capture(&n, NULL, out), 0);
	WANT_STR(out, "/\n/\nno\n");
	n.sealed = true;
	for (int lacks = 0; lacks < 2; lacks++) {
		probe_lack(lacks ? SYS_CLOSE_RANGE : 0);
		WANT_INT(capture(&n, NULL, out), 0);
		WANT_STR(out, "no\n");
	}
	WANT_INT(dup2(folder, 0), 0);
	WANT_INT(capture(&n, NULL, out), 125);
	WANT(strstr(out, "stream 0 is a folder"));
	end(n.pid);
}

TEST(what_is_held_is_entered_by_its_name)
{
	char *argv[] = { "sh", "-c", "readlink /proc/self/ns/uts; readlink /proc/self/ns/net",
			 NULL };
	struct ns_enter n = { .held = "it", .argv = argv }, path = { .argv = argv };
	char out[4096], want[4096];
	struct stat uts, net;

	start();
	WANT_INT(ns_hold_new(&ns_store_any, "it", CLONE_NEWUTS | CLONE_NEWNET, &e), 0);
	stat("/run/tare/ns/it/uts", &uts);
	stat("/run/tare/ns/it/net", &net);
	snprintf(want, sizeof(want), "uts:[%ju]\nnet:[%ju]\n", (uintmax_t)uts.st_ino,
		 (uintmax_t)net.st_ino);
	WANT_INT(capture(&n, NULL, out), 0);
	WANT_STR(out, want);
	path.paths[NSFS_UTS] = "/run/tare/ns/it/uts";
	path.paths[NSFS_NET] = "/run/tare/ns/it/net";
	WANT_INT(capture(&path, NULL, out), 0);
	WANT_STR(out, want);
	path.paths[NSFS_NET] = "/run/tare/ns/it/uts";
	WANT_INT(capture(&path, NULL, out), 125);
	n.held = "other";
	WANT_INT(capture(&n, NULL, out), 125);
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
	pid_t pid, in[2];

	start();
	pid = live((char *[]){ "unshare", "--pid", "--fork", "--kill-child", "--uts", "sh", "-c",
			       "echo; sleep 100; :", NULL });
	in[0] = pid;
	in[1] = child_of(pid);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int forked = 0; forked < 2; forked++) {
			struct ns_enter n = { .pid = in[forked],
					      .argv = rows[i].argv,
					      .types = CLONE_NEWUTS | (forked ? CLONE_NEWPID : 0) };

			WANT_INT(capture(&n, NULL, out), rows[i].status);
		}
	end(pid);
}

TEST(its_cgroups_and_its_user_are_followed)
{
	char *argv[] = { "sh", "-c", "id -u; id -g; cat /proc/self/cgroup", NULL };
	struct ns_enter n = { .cgroup = true, .user = true, .argv = argv };
	char out[4096], *show[] = { "sh", "-c", NULL, NULL }, script[128], want[4096];

	start();
	n.pid = live((char *[]){ "setpriv", "--reuid", "5", "--regid", "6", "--clear-groups", "sh",
				 "-c", "echo; exec sleep 100", NULL });
	snprintf(script, sizeof(script), "echo 5; echo 6; cat /proc/%d/cgroup", (int)n.pid);
	show[2] = script;
	WANT_INT(capture(NULL, show, want), 0);
	WANT_INT(capture(&n, NULL, out), 0);
	WANT_STR(out, want);
	end(n.pid);
}

/* Allows everything. */
static void filter_oneself(void)
{
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	OK(seccomp_install(&allow, sizeof(allow), 0, NULL, &e));
}

/* A child that is @what, and stays so until we end. */
static pid_t become(void (*what)(pid_t), pid_t whose)
{
	int p[2];
	char byte;
	pid_t pid;

	WANT(pipe2(p, O_CLOEXEC) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		what(whose);
		(void)!write(p[1], "", 1);
		for (;;)
			pause();
	}
	close(p[1]);
	WANT_INT(read(p[0], &byte, 1), 1);
	close(p[0]);
	return pid;
}

static void filtered(pid_t nobody)
{
	filter_oneself();
}

static void tracer(pid_t of)
{
	OK(ptrace(PTRACE_SEIZE, of, NULL, NULL));
}

TEST(filters_that_somebody_keeps_from_us_are_not_left_out)
{
	char *argv[] = { "grep", "Seccomp:", "/proc/self/status", NULL }, out[4096];
	struct ns_enter n = { .all = true, .confined = true, .seccomp = true, .argv = argv };
	pid_t other;

	start();
	n.pid = become(filtered, 0);
	WANT_INT(capture(&n, NULL, out), 0);
	WANT_STR(out, "Seccomp:\t2\n");
	other = become(tracer, n.pid);
	WANT_INT(capture(&n, NULL, out), 125);
	WANT(strstr(out, "read the seccomp filters"));
	end(other);
	/* who is under a filter himself is not shown them: a warning, no more */
	filter_oneself();
	WANT_INT(capture(&n, NULL, out), 0);
	end(n.pid);
}

TEST(another_process_of_the_same_number_is_refused)
{
	char *argv[] = { "true", NULL }, out[4096];
	struct ns_enter n = { .types = CLONE_NEWUTS, .start = 1, .argv = argv };

	start();
	n.pid = live((char *[]){ "sh", "-c", "echo; exec sleep 100", NULL });
	WANT_INT(capture(&n, NULL, out), 125);
	WANT(strstr(out, "no such process"));
	end(n.pid);
}

TEST(what_needs_a_process_is_refused_without_one)
{
	char *argv[] = { "true", NULL };
	const struct ns_enter rows[] = {
		{ .types = CLONE_NEWNET, .argv = argv },
		{ .all = true, .argv = argv },
		{ .root = true, .argv = argv },
		{ .wd = true, .argv = argv },
		{ .env = true, .argv = argv },
		{ .cgroup = true, .argv = argv },
		{ .context = true, .argv = argv },
		{ .user = true, .argv = argv },
		{ .pid = 1 },
	};
	int status;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		WANT_INT(ns_enter(&rows[i], &status, &e), -1);
		WANT_INT(e.cls, ERR_INPUT);
	}
}
