/* sandbox.c - what is left to a process that has entered a sandbox; each test is a process */
#include "os/sandbox.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "os/caps.h"
#include "t.h"

static bool enter(struct sandbox s)
{
	bool landlock = false;
	struct err e = { 0 };

	if (sandbox_enter(&s, &landlock, &e) < 0)
		T_FAIL("%s", e.text);
	return landlock;
}

TEST(no_capability_and_no_way_back_is_left)
{
	struct err e = { 0 };
	struct caps c;

	enter((struct sandbox){ 0 });
	WANT_INT(caps_read(&c, &e), 0);
	WANT_INT((intmax_t)(c.effective | c.permitted | c.inheritable | c.ambient), 0);
	WANT_INT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	WANT_INT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	WANT(geteuid() != 0);
	WANT(setuid(0) < 0);
	WANT(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
}

TEST(programs_and_processes_are_refused)
{
	char *const argv[] = { "/bin/true", NULL };

	enter((struct sandbox){ .network = true, .threads = true });
	WANT(execve(argv[0], argv, NULL) < 0 && errno == EPERM);
	WANT(fork() < 0 && errno == EPERM);
	WANT(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0 && errno == EPERM);
	WANT(syscall(SYS_unshare, 0) < 0 && errno == EPERM);
	WANT(syscall(SYS_ptrace, 0, 0, 0, 0) < 0 && errno == EPERM);
	WANT(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
}

static void *nothing(void *unused)
{
	return unused;
}

TEST(threads_only_where_wanted)
{
	pthread_t t;

	enter((struct sandbox){ .threads = true });
	WANT_INT(pthread_create(&t, NULL, nothing, NULL), 0);
	WANT_INT(pthread_join(t, NULL), 0);
}

TEST(without_threads_there_are_none)
{
	pthread_t t;

	enter((struct sandbox){ 0 });
	WANT(pthread_create(&t, NULL, nothing, NULL) != 0);
}

TEST(no_network_unless_wanted)
{
	enter((struct sandbox){ 0 });
	WANT(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
	WANT(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
}

TEST(the_internet_but_no_raw_packets)
{
	enter((struct sandbox){ .network = true });
	WANT(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	WANT(socket(AF_INET6, SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT);
	WANT(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EAFNOSUPPORT);
	WANT(socket(AF_ALG, SOCK_SEQPACKET, 0) < 0 && errno == EAFNOSUPPORT);
	WANT(socket(AF_INET, SOCK_RAW, 0) < 0);
}

TEST(only_files_that_a_rule_allows)
{
	static const struct landlock_rule rules[] = {
		{ .fd = -1, .path = "/etc", .may = LANDLOCK_MAY_READ },
		{ .fd = -1, .path = "/no/such/folder", .may = LANDLOCK_MAY_READ },
	};

	if (landlock_try_version() < 0) {
		puts("# no Landlock in this kernel");
		return;
	}
	WANT(enter((struct sandbox){ .rules = rules, .n_rules = COUNT(rules) }));
	WANT(open("/etc/passwd", O_RDONLY) >= 0);
	WANT(open("/usr", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
	WANT(open("/proc/self/maps", O_RDONLY) < 0 && errno == EACCES);
	WANT(open("/tmp/tare-sandbox-test", O_RDWR | O_CREAT, 0600) < 0);
}

static void use_folder(int dir)
{
	struct landlock_rule rule = { .fd = dir, .may = LANDLOCK_MAY_CHANGE };

	enter((struct sandbox){ .keep_user = true, .rules = &rule, .n_rules = 1 });
	WANT_INT(mkdirat(dir, "a", 0700), 0);
	WANT(openat(dir, "a/b", O_RDWR | O_CREAT, 0600) >= 0);
	/* the first version knows no way to allow it */
	WANT_INT(renameat(dir, "a/b", dir, "a/c"), 0);
	WANT(landlock_try_version() == 1 || renameat(dir, "a/c", dir, "b") == 0);
	WANT(landlock_try_version() < 0 || mkdir("/tmp/tare-sandbox-other", 0700) < 0);
}

TEST(a_folder_can_be_given_whole)
{
	char folder[] = "/tmp/tare-sandbox-XXXXXX";
	int dir, status;

	WANT(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	if (fork() == 0) {
		use_folder(dir);
		exit(0);
	}
	WANT(wait(&status) > 0);
	(void)unlinkat(dir, "b", 0);
	(void)unlinkat(dir, "a/c", 0);
	(void)unlinkat(dir, "a", AT_REMOVEDIR);
	WANT_INT(rmdir(folder), 0);
	WANT_INT(status, 0);
}

TEST(limits_only_go_down)
{
	static const struct sandbox_limit limits[] = { { 7, "RLIMIT_NOFILE", 20 } };

	enter((struct sandbox){ .limits = limits, .n_limits = 1 });
	for (int i = 0; i < 40; i++)
		if (dup(0) < 0)
			return;
	WANT(!"the limit holds");
}

TEST(it_ends_with_its_parent)
{
	int ends[2];
	char byte;
	pid_t middle;

	WANT_INT(pipe(ends), 0);
	middle = fork();
	if (middle == 0) {
		if (fork() == 0) {
			enter((struct sandbox){ .parent = getppid() });
			WANT_INT(write(ends[1], "x", 1), 1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	close(ends[1]);
	WANT_INT(read(ends[0], &byte, 1), 1);
	WANT_INT(kill(middle, SIGKILL), 0);
	WANT_INT(waitpid(middle, NULL, 0), middle);
	WANT_INT(read(ends[0], &byte, 1), 0); /* the pipe's last writer has ended */
}
