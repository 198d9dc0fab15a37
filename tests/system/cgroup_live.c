/* cgroup_live.c - os/cgroup on the machine's own hierarchies, whatever they are; needs root
 *
 * Every test works below /tare-test-PID and removes it. A test passes with a
 * note where this user may not create cgroups.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup.h"
#include "os/cgroup_file.h"
#include "os/cgroup_stats.h"
#include "os/devices.h"
#include "os/probe.h"
#include "os/sys.h"
#include "tests/unit/t.h"

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s (%s)", e.text, e.hint); \
	} while (0)

static struct err e;
static struct cgroup_world world;
static const struct cgroup_create_how any = { 0 };

static void skip(void)
{
	puts("# skipped: no cgroups can be created here");
	exit(0);
}

static char *test_path(const char *leaf)
{
	static char path[128];

	snprintf(path, sizeof(path), "/tare-test-%d/%s", (int)getpid(), leaf);
	return path;
}

/* Also after a failed test. */
static const struct cgroup *started;

static void clean(void)
{
	struct err ignored;

	if (!started)
		return;
	if (cgroup_ours(started))
		(void)cgroup_kill(started, &ignored);
	(void)cgroup_remove(started, &ignored);
}

static void start(struct cgroup *cg, const char *leaf)
{
	OK(cgroup_world_open(&world, &e));
	if (world.n == 0)
		skip();
	OK(cgroup_init(cg, &world, CGROUP_AT_ROOT, test_path(leaf), &e));
	OK(cgroup_plan(cg, &e));
	started = cg;
	if (cgroup_create(cg, &any, &e) < 0) {
		struct err why = e;

		(void)cgroup_remove(cg, &e);
		if (why.cls == ERR_DENIED)
			skip();
		T_FAIL("%s (%s)", why.text, why.hint);
	}
	atexit(clean);
}

static void finish(struct cgroup *cg)
{
	OK(cgroup_remove(cg, &e));
	started = NULL;
	for (size_t i = 0; i < cg->n; i++) {
		int fd = open(cg->at[i].dir, O_PATH);

		if (fd >= 0)
			T_FAIL("'%s%s' is still there", cg->at[i].in->mount, cg->at[i].path);
	}
	cgroup_done(cg);
	cgroup_world_done(&world);
}

/* A child that entered by itself and waits; forks @more children of its own. */
static pid_t child_in(const struct cgroup *cg, int more)
{
	struct cgroup_entry entry;
	int p[2];
	char c;
	pid_t pid;

	OK(cgroup_entry_open(cg, &entry, &e));
	OK(cgroup_entry_no_clone(cg, &entry, &e));
	if (pipe(p) < 0)
		T_FAIL("pipe");
	pid = fork();
	if (pid == 0) {
		int r = cgroup_try_enter(&entry);

		while (more-- > 0 && fork() != 0)
			;
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nobody behind */
		if (r < 0 || write(p[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	for (int i = 0; i <= more; i++)
		if (read(p[0], &c, 1) != 1)
			T_FAIL("child could not enter");
	close(p[0]);
	cgroup_entry_close(&entry);
	return pid;
}

static size_t count(const struct cgroup *cg)
{
	struct arena a = { 0 };
	struct numbers pids;

	OK(cgroup_pids(cg, &pids, &a, &e));
	arena_done(&a);
	return pids.n;
}

static void wait_empty(const struct cgroup *cg)
{
	bool empty = false;

	for (int i = 0; i < 200 && !empty; i++) {
		OK(cgroup_empty(cg, &empty, &e));
		usleep(5000);
	}
	WANT(empty);
}

TEST(a_child_enters_every_hierarchy_and_the_cgroup_goes_away_after_it)
{
	struct cgroup cg;
	pid_t pid;
	char name[64], text[8192];

	start(&cg, "one");
	pid = child_in(&cg, 0);
	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	WANT(cgroup_try_read(AT_FDCWD, name, text, sizeof(text)) > 0);
	for (size_t i = 0; i < cg.n; i++) {
		char want[256];

		snprintf(want, sizeof(want), ":%s:%s", cg.at[i].in->name, cg.at[i].path);
		if (!strstr(text, want))
			T_FAIL("'%s' is not in:\n%s", want, text);
	}
	WANT_INT(count(&cg), 1);
	OK(cgroup_kill(&cg, &e));
	waitpid(pid, NULL, 0);
	finish(&cg);
}

static void kills(const char *leaf)
{
	struct cgroup cg;

	signal(SIGCHLD, SIG_IGN);
	start(&cg, leaf);
	child_in(&cg, 5);
	WANT_INT(count(&cg), 6);
	OK(cgroup_kill(&cg, &e));
	wait_empty(&cg);
	finish(&cg);
}

TEST(kill_reaches_everybody)
{
	kills("kill");
}

TEST(kill_reaches_everybody_without_cgroup_kill)
{
	probe_lack(SYS_CGROUP_KILL);
	kills("kill-old");
}

static void kills_frozen(const char *leaf)
{
	struct cgroup cg;
	enum cgroup_frozen state;

	signal(SIGCHLD, SIG_IGN);
	start(&cg, leaf);
	child_in(&cg, 3);
	OK(cgroup_freeze(&cg, &e));
	OK(cgroup_frozen(&cg, &state, &e));
	WANT_INT(state, CGROUP_FROZEN);
	OK(cgroup_kill(&cg, &e));
	wait_empty(&cg);
	finish(&cg);
}

TEST(kill_reaches_a_frozen_container)
{
	kills_frozen("frozen");
}

TEST(kill_reaches_a_frozen_container_without_cgroup_kill)
{
	probe_lack(SYS_CGROUP_KILL);
	kills_frozen("frozen-old");
}

TEST(freeze_and_thaw)
{
	struct cgroup cg;
	enum cgroup_frozen state;

	signal(SIGCHLD, SIG_IGN);
	start(&cg, "pause");
	child_in(&cg, 2);
	OK(cgroup_frozen(&cg, &state, &e));
	WANT_INT(state, CGROUP_THAWED);
	OK(cgroup_freeze(&cg, &e));
	OK(cgroup_frozen(&cg, &state, &e));
	WANT_INT(state, CGROUP_FROZEN);
	OK(cgroup_thaw(&cg, &e));
	OK(cgroup_frozen(&cg, &state, &e));
	WANT_INT(state, CGROUP_THAWED);
	OK(cgroup_signal(&cg, SIGTERM, &e));
	wait_empty(&cg);
	finish(&cg);
}

TEST(a_later_process_removes_by_the_notes_alone_even_nested_cgroups)
{
	struct cgroup cg, later;
	struct arena a = { 0 };
	cgroup_note_list notes;

	start(&cg, "notes");
	for (size_t i = 0; i < cg.n; i++) {
		char sub[512];

		snprintf(sub, sizeof(sub), "%s/x", cg.at[i].dir);
		WANT_INT(mkdirat(AT_FDCWD, sub, 0755), 0);
		snprintf(sub, sizeof(sub), "%s/x/y", cg.at[i].dir);
		WANT_INT(mkdirat(AT_FDCWD, sub, 0755), 0);
		snprintf(sub, sizeof(sub), "%s/z", cg.at[i].dir);
		WANT_INT(mkdirat(AT_FDCWD, sub, 0755), 0);
	}
	OK(cgroup_notes(&cg, &a, &notes, &e));
	OK(cgroup_recall(&later, &world, &notes, &e));
	WANT_INT(later.n, cg.n);
	OK(cgroup_remove(&later, &e));
	OK(cgroup_remove(&later, &e));
	cgroup_done(&later);
	finish(&cg);
	arena_done(&a);
}

static char *parent_dir(const struct cgroup_place *p, char *ret_dir)
{
	strcpy(ret_dir, p->dir);
	*strrchr(ret_dir, '/') = '\0';
	return ret_dir;
}

TEST(removal_by_the_intent_alone_is_complete_wherever_creation_stopped)
{
	struct cgroup cg, later;
	struct arena a = { 0 };
	cgroup_note_list notes;
	char parent[512];

	OK(cgroup_world_open(&world, &e));
	OK(cgroup_init(&cg, &world, CGROUP_AT_ROOT, test_path("half"), &e));
	OK(cgroup_plan(&cg, &e));
	OK(cgroup_notes(&cg, &a, &notes, &e));
	WANT_INT(notes.at[0].made, 2);
	for (size_t i = 0; i < (cg.n + 1) / 2; i++)
		if (mkdir(parent_dir(&cg.at[i], parent), 0755) < 0)
			skip();
	WANT_INT(mkdirat(AT_FDCWD, cg.at[0].dir, 0755), 0);
	OK(cgroup_recall(&later, &world, &notes, &e));
	OK(cgroup_remove(&later, &e));
	for (size_t i = 0; i < cg.n; i++)
		WANT(faccessat(AT_FDCWD, parent_dir(&cg.at[i], parent), F_OK, 0) < 0);
	arena_done(&a);
}

TEST(a_cgroup_that_was_there_is_used_and_left_alone)
{
	struct cgroup first, second;
	struct cgroup_world w2;

	start(&first, "shared");
	OK(cgroup_world_open(&w2, &e));
	OK(cgroup_init(&second, &w2, CGROUP_AT_ROOT, first.at[0].path, &e));
	OK(cgroup_plan(&second, &e));
	WANT(!cgroup_ours(&second));
	OK(cgroup_create(&second, &any, &e));
	OK(cgroup_remove(&second, &e));
	for (size_t i = 0; i < first.n; i++)
		WANT_INT(faccessat(AT_FDCWD, first.at[i].dir, F_OK, 0), 0);
	cgroup_done(&second);
	cgroup_world_done(&w2);
	finish(&first);
}

TEST(a_cgroup_with_processes_is_refused_and_never_removed)
{
	struct cgroup first, second;
	pid_t pid;

	start(&first, "busy");
	pid = child_in(&first, 0);
	OK(cgroup_init(&second, &world, CGROUP_AT_ROOT, first.at[0].path, &e));
	WANT_INT(cgroup_plan(&second, &e), -1);
	WANT(strstr(e.text, "1 process(es) found") != NULL);
	second.at[0].made = 1;
	WANT_INT(cgroup_remove(&second, &e), -1);
	WANT_INT(e.sysno, EBUSY);
	WANT(strstr(e.hint, "still in it") != NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cgroup_done(&second);
	finish(&first);
}

TEST(a_directory_that_somebody_else_made_under_our_name_is_left_alone)
{
	struct cgroup cg;

	start(&cg, "replaced");
	cgroup_identify(&cg);
	for (size_t i = 0; i < cg.n; i++) {
		cg.at[i].old = true;
		cg.at[i].id++;
	}
	OK(cgroup_remove(&cg, &e));
	for (size_t i = 0; i < cg.n; i++) {
		WANT_INT(faccessat(AT_FDCWD, cg.at[i].dir, F_OK, 0), 0);
		cg.at[i].id--;
	}
	finish(&cg);
}

TEST(removal_waits_for_processes_that_are_dying)
{
	struct cgroup cg;

	signal(SIGCHLD, SIG_IGN);
	start(&cg, "dying");
	child_in(&cg, 20);
	OK(cgroup_kill(&cg, &e));
	finish(&cg);
}

TEST(a_pid_is_attached_and_sub_paths_are_found)
{
	struct cgroup cg, sub, of_pid;
	char *no_specs[] = { NULL }, *specs[] = { (char *)"inner", NULL };
	struct cgroup_entry entry;
	char inner[4352];
	pid_t pid;

	start(&cg, "sub");
	/* where it exists nowhere, that is an error; else it is entered wherever it exists */
	WANT_INT(cgroup_init_sub(&sub, &cg, specs, &e), -1);
	WANT_INT(e.sysno, ENOENT);
	cgroup_done(&sub);
	for (size_t i = 0; i < cg.n; i++) {
		snprintf(inner, sizeof(inner), "%s/inner", cg.at[i].dir);
		WANT_INT(mkdir(inner, 0755), 0);
	}
	OK(cgroup_init_sub(&sub, &cg, specs, &e));
	OK(cgroup_entry_open(&sub, &entry, &e));
	cgroup_entry_close(&entry);
	for (size_t i = 0; i < cg.n; i++)
		sub.at[i].made = 1;
	OK(cgroup_create(&sub, &any, &e) < 0 && e.sysno != EEXIST ? -1 : 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	OK(cgroup_init_sub(&of_pid, &cg, no_specs, &e));
	OK(cgroup_attach_pid(&of_pid, pid, &e));
	WANT_INT(count(&cg), 1);
	cgroup_done(&of_pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cgroup_done(&sub);
	finish(&cg);
}

TEST(clone3_puts_a_child_into_the_v2_cgroup)
{
	struct cgroup cg;
	struct cgroup_entry entry;
	const struct cgroup_place *p;
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls,
			set_tid, set_tid_size, cgroup;
	} args = { .flags = 0x200000000ULL, .exit_signal = SIGCHLD };
	char name[64], text[8192], want[256];
	long pid;

	start(&cg, "clone");
	OK(cgroup_entry_open(&cg, &entry, &e));
	p = cgroup_v2(&cg);
	if (!p) {
		cgroup_entry_close(&entry);
		finish(&cg);
		exit(0);
	}
	args.cgroup = (uint64_t)entry.into;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		for (;;)
			pause();
	WANT(pid > 0);
	snprintf(name, sizeof(name), "/proc/%ld/cgroup", pid);
	WANT(cgroup_try_read(AT_FDCWD, name, text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "0::%s", p->path);
	WANT(strstr(text, want) != NULL);
	kill((pid_t)pid, SIGKILL);
	waitpid((pid_t)pid, NULL, 0);
	cgroup_entry_close(&entry);
	finish(&cg);
}

TEST(a_very_deep_nest_is_removed_with_two_descriptors)
{
	struct cgroup cg;
	const struct cgroup_place *p;
	int fd;

	start(&cg, "deep");
	p = cgroup_with(&cg, CGROUP_PIDS);
	if (!p)
		p = &cg.at[0];
	fd = openat(AT_FDCWD, p->dir, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 1200; i++) {
		int down;

		if (mkdirat(fd, "d", 0755) < 0)
			break;
		down = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = down;
	}
	close(fd);
	finish(&cg);
}

/* What a child in the cgroup gets when it opens a device: errno, or 0. */
static int opens(const struct cgroup *cg, const char *path, int flags)
{
	struct cgroup_entry entry;
	int status;
	pid_t pid;

	OK(cgroup_entry_open(cg, &entry, &e));
	OK(cgroup_entry_no_clone(cg, &entry, &e));
	pid = fork();
	if (pid == 0) {
		if (cgroup_try_enter(&entry) < 0)
			_exit(99);
		_exit(open(path, flags) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	cgroup_entry_close(&entry);
	return WEXITSTATUS(status);
}

TEST(devices_are_denied_allowed_and_updated)
{
	struct device_rule rules[16] = {
		{ .allow = false, .type = 'a', .access = DEVICE_ALL, .major = -1, .minor = -1 },
	};
	size_t n = 1 + device_defaults_count;
	const struct cgroup_place *p;
	struct cgroup cg;

	start(&cg, "devices");
	p = cgroup_with(&cg, CGROUP_DEVICES);
	if (!p) {
		finish(&cg);
		skip();
	}
	memcpy(rules + 1, device_defaults, device_defaults_count * sizeof(*rules));
	OK(devices_apply(p, rules, n, true, &e));
	WANT_INT(opens(&cg, "/dev/null", O_RDWR), 0);
	WANT_INT(opens(&cg, "/dev/kmsg", O_WRONLY), EPERM);

	rules[n++] = (struct device_rule){
		.allow = true, .type = 'c', .access = DEVICE_WRITE, .major = 1, .minor = 11
	};
	OK(devices_apply(p, rules, n, false, &e));
	WANT_INT(opens(&cg, "/dev/kmsg", O_WRONLY), 0);
	WANT_INT(opens(&cg, "/dev/kmsg", O_RDONLY), EPERM);
	WANT_INT(opens(&cg, "/dev/null", O_RDWR), 0);

	OK(devices_apply(p, rules, n - 1, false, &e));
	WANT_INT(opens(&cg, "/dev/kmsg", O_WRONLY), EPERM);

	rules[0].allow = true;
	OK(devices_apply(p, rules, 1, false, &e));
	WANT_INT(opens(&cg, "/dev/kmsg", O_RDONLY), 0);
	rules[1] = (struct device_rule){
		.allow = false, .type = 'c', .access = DEVICE_ALL, .major = 1, .minor = 11
	};
	OK(devices_apply(p, rules, 2, false, &e));
	WANT_INT(opens(&cg, "/dev/kmsg", O_RDONLY), EPERM);
	WANT_INT(opens(&cg, "/dev/full", O_RDONLY), 0);
	finish(&cg);
}

TEST(stats_count_processes_memory_and_time)
{
	struct cgroup_stats stats;
	struct arena a = { 0 };
	struct cgroup cg;

	signal(SIGCHLD, SIG_IGN);
	start(&cg, "stats");
	child_in(&cg, 2);
	OK(cgroup_stats(&cg, &a, &stats, &e));
	if (cgroup_with(&cg, CGROUP_PIDS))
		WANT_INT(stats.pids.current, 3);
	if (cgroup_with(&cg, CGROUP_MEMORY))
		WANT(stats.memory.raw.n > 5 && stats.memory.usage.limit > 0);
	if (cgroup_with(&cg, CGROUP_CPUACCT) || cgroup_v2(&cg))
		WANT(stats.cpu.total > 0);
	arena_done(&a);
	OK(cgroup_kill(&cg, &e));
	wait_empty(&cg);
	finish(&cg);
}

TEST(the_oom_killer_is_announced)
{
	const struct cgroup_place *p;
	struct cgroup_entry entry;
	struct cgroup_watch w;
	enum cgroup_news news;
	struct pollfd poller;
	struct cgroup cg;
	pid_t pid;

	start(&cg, "oom");
	p = cgroup_with(&cg, CGROUP_MEMORY);
	if (!p) {
		finish(&cg);
		skip();
	}
	OK(cgroup_try_write(cgroup_place_open(p, &e),
			    p->in->version == CGROUP_V1 ? "memory.limit_in_bytes" : "memory.max",
			    "8388608"));
	OK(cgroup_watch_oom(&cg, &w, &e));
	OK(cgroup_entry_open(&cg, &entry, &e));
	OK(cgroup_entry_no_clone(&cg, &entry, &e));
	pid = fork();
	if (pid == 0) {
		char *at;

		if (cgroup_try_enter(&entry) < 0)
			_exit(1);
		at = malloc(256 << 20);
		for (size_t i = 0; at && i < 256 << 20; i += 4096)
			at[i] = 1;
		_exit(0);
	}
	poller = (struct pollfd){ .fd = w.fd, .events = w.events };
	/* v2 wakes up for lesser events in memory.events, too */
	do
		WANT_INT(poll(&poller, 1, 5000), 1);
	while ((news = cgroup_watch_read(&w)) == CGROUP_NOTHING);
	WANT_INT(news, CGROUP_HAPPENED);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cgroup_entry_close(&entry);
	finish(&cg);
	cgroup_watch_close(&w);
}
