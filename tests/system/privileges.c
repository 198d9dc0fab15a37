/* privileges.c - privileges_apply() on a real kernel, and under calls that fail or lie
 *
 * Runs as root. Each test is a process of its own (t.c forks), so that what it gives up is
 * gone for that test alone.
 */
#include "tests/unit/t.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "init/privileges.h"
#include "os/seccomp_load.h"
#include "spec/oci.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define SOME     (BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_AUDIT_WRITE))

static int64_t groups[] = { 7, 3 };
static struct oci_user user = { .uid = 1000, .gid = 1001, .additional_gids = { groups, 2 } };
static struct oci_capabilities caps = { .bounding = SOME, .permitted = SOME, .effective = SOME };
static char *no_env[] = { NULL };

static struct oci_process process(void)
{
	return (struct oci_process){ .user = &user,
				     .capabilities = &caps,
				     .cwd = "/",
				     .env = no_env,
				     .no_new_privileges = true };
}

static struct privileges extras(void)
{
	return (struct privileges){
		.container_id = "tare-test", .apparmor_fd = -1, .selinux_fd = -1, .keycreate_fd = -1
	};
}

/* A field of /proc/self/status, without its name and blanks. */
static const char *status(const char *name)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *at;

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, name);
	if (!at)
		T_FAIL("no %s in status", name);
	at += strlen(name);
	at += strspn(at, "\t ");
	at[strcspn(at, "\n")] = '\0';
	return at;
}

static uint64_t set(const char *name)
{
	return strtoull(status(name), NULL, 16);
}

static int apply(const struct oci_process *p, const struct privileges *x)
{
	struct err e = { 0 };
	int r = privileges_apply(p, x, &e);

	if (r < 0)
		T_FAIL("%s (%s) [%s]", e.text, e.hint, e.trace);
	return r;
}

static void refused(const struct oci_process *p, const struct privileges *x, const char *text)
{
	struct err e = { 0 };

	WANT_INT(privileges_apply(p, x, &e), -1);
	if (!strstr(e.text, text))
		T_FAIL("'%s' is not in '%s'", text, e.text);
}

/* From now on one system call returns @action; the rest is allowed. */
static void under(unsigned nr, unsigned action)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct err e = { 0 };

	WANT_INT(seccomp_install(f, sizeof(f), 0, NULL, &e), 0);
}

TEST(a_user_gets_exactly_what_is_configured)
{
	struct oci_process p = process();
	struct privileges x = extras();

	WANT_INT(apply(&p, &x), 0);
	WANT_STR(status("Uid:"), "1000\t1000\t1000\t1000");
	WANT_STR(status("Gid:"), "1001\t1001\t1001\t1001");
	WANT_STR(status("Groups:"), "3 7 ");
	WANT_INT(set("CapInh:"), 0);
	WANT_INT(set("CapPrm:"), SOME);
	WANT_INT(set("CapEff:"), SOME);
	WANT_INT(set("CapBnd:"), SOME);
	WANT_INT(set("CapAmb:"), 0);
	WANT_STR(status("NoNewPrivs:"), "1");
	WANT_STR(status("SigIgn:"), "0000000000000000");
	WANT_INT(umask(0), 0022);
	WANT_INT(prctl(PR_GET_DUMPABLE), 0);
}

TEST(the_parent_death_signal_survives_the_change_of_user)
{
	struct oci_process p = process();
	struct privileges x = extras();
	int sig = 0;

	WANT_INT(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
	WANT_INT(apply(&p, &x), 0);
	WANT_INT(prctl(PR_GET_PDEATHSIG, &sig), 0);
	WANT_INT(sig, SIGKILL);
}

TEST(root_without_capabilities_has_none)
{
	struct oci_user root = { 0 };
	struct oci_capabilities none = { 0 };
	struct oci_process p = process();
	struct privileges x = extras();

	p.user = &root;
	p.capabilities = &none;
	WANT_INT(apply(&p, &x), 0);
	WANT_INT(set("CapPrm:"), 0);
	WANT_INT(set("CapBnd:"), 0);
	WANT_STR(status("Groups:"), "");
}

TEST(ambient_capabilities_are_given_only_when_permitted_and_inheritable)
{
	struct oci_capabilities c = caps;
	struct oci_process p = process();
	struct privileges x = extras();

	c.inheritable = BIT(CAP_KILL);
	c.ambient = BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);
	p.capabilities = &c;
	WANT_INT(apply(&p, &x), TOLERATED_AMBIENT_CAP);
	WANT_INT(set("CapAmb:"), BIT(CAP_KILL));
	WANT_INT(set("CapInh:"), BIT(CAP_KILL));
}

TEST(a_capability_that_the_kernel_lacks_is_reported)
{
	struct oci_capabilities c = caps;
	struct oci_process p = process();
	struct privileges x = extras();

	c.bounding |= BIT(62);
	p.capabilities = &c;
	WANT_INT(apply(&p, &x), TOLERATED_UNKNOWN_CAP);
	WANT_INT(set("CapBnd:"), SOME);
}

TEST(effective_must_be_permitted)
{
	struct oci_capabilities c = caps;
	struct oci_process p = process();
	struct privileges x = extras();

	c.effective |= BIT(CAP_CHOWN);
	p.capabilities = &c;
	refused(&p, &x, "CAP_CHOWN is effective but not permitted");
}

TEST(limits_priorities_personality_and_umask_are_set)
{
	struct oci_rlimit limits[] = { { { true, RLIMIT_NOFILE }, 100, 200 },
				       { { true, RLIMIT_CORE }, 0, 0 } };
	struct oci_scheduler batch = { .policy = { true, SCHED_BATCH }, .nice = 3 };
	struct oci_io_priority idle = { .class = { true, 3 }, .priority = 0 };
	struct oci_cpu_affinity first = { .final = "0" };
	struct oci_personality l32 = { .domain = { true, 8 } };
	struct oci_user u = user;
	struct oci_process p = process();
	struct privileges x = extras();
	struct rlimit l;
	cpu_set_t cpus;

	p.rlimits.at = limits;
	p.rlimits.n = 2;
	p.scheduler = &batch;
	p.io_priority = &idle;
	p.exec_cpu_affinity = &first;
	u.umask = (struct opt_u64){ true, 0077 };
	p.user = &u;
	x.personality = &l32;
	x.exec = true;
	WANT_INT(apply(&p, &x), 0);
	getrlimit(RLIMIT_NOFILE, &l);
	WANT_INT(l.rlim_cur, 100);
	WANT_INT(l.rlim_max, 200);
	WANT_INT(syscall(SYS_sched_getscheduler, 0), SCHED_BATCH);
	WANT_INT(getpriority(PRIO_PROCESS, 0), 3);
	WANT_INT(syscall(SYS_ioprio_get, 1, 0), 3 << 13);
	WANT_INT(personality(0xffffffff), 8);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	WANT_INT(CPU_COUNT(&cpus), 1);
	WANT_INT(umask(0), 0077);
}

TEST(a_working_directory_outside_of_the_root_is_refused)
{
	char dir[] = "/tmp/tare-cwd-XXXXXX";
	struct oci_process p = process();
	struct privileges x = extras();
	int waited;

	WANT(mkdtemp(dir) != NULL);
	if (fork() == 0) {
		WANT_INT(chdir("/") | chroot(dir), 0);
		p.cwd = ".";
		refused(&p, &x, "is outside of the container's root");
		exit(0);
	}
	wait(&waited);
	WANT_INT(rmdir(dir) | waited, 0);
}

TEST(a_working_directory_that_is_missing_is_named)
{
	struct oci_process p = process();
	struct privileges x = extras();

	p.cwd = "/no/such/dir";
	refused(&p, &x,
		"cannot enter the working directory: chdir to '/no/such/dir': no such file");
}

TEST(a_label_with_nowhere_to_go_is_refused_and_unconfined_is_not)
{
	struct oci_process p = process();
	struct privileges x = extras();

	p.apparmor_profile = "docker-default";
	refused(&p, &x, "no AppArmor here");
	p.apparmor_profile = "unconfined";
	p.selinux_label = "system_u:system_r:container_t:s0";
	refused(&p, &x, "no SELinux here");
}

static struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };

TEST(without_no_new_privs_the_filter_is_loaded_before_capabilities_go)
{
	struct oci_process p = process();
	struct privileges x = extras();

	p.no_new_privileges = false;
	x.filter = allow;
	x.filter_size = sizeof(allow);
	WANT_INT(apply(&p, &x), 0);
	WANT_STR(status("NoNewPrivs:"), "0");
	WANT_STR(status("Seccomp:"), "2");
	WANT_INT(set("CapPrm:"), SOME);
}

TEST(with_no_new_privs_the_filter_is_loaded_by_seal)
{
	struct oci_process p = process();
	struct privileges x = extras();
	struct err e = { 0 };

	x.filter = allow;
	x.filter_size = sizeof(allow);
	WANT_INT(apply(&p, &x), 0);
	WANT_STR(status("Seccomp:"), "0");
	WANT_INT(privileges_seal(&p, &x, &e), 0);
	WANT_STR(status("Seccomp:"), "2");
}

static int took_fd(void *ctx, int fd, struct err *e)
{
	*(bool *)ctx = fcntl(fd, F_GETFD) == FD_CLOEXEC;
	return 0;
}

TEST(a_listener_is_handed_over)
{
	struct oci_process p = process();
	struct privileges x = extras();
	struct err e = { 0 };
	bool took = false;

	x.filter = allow;
	x.filter_size = sizeof(allow);
	x.notify = took_fd;
	x.notify_ctx = &took;
	WANT_INT(apply(&p, &x), 0);
	WANT_INT(privileges_seal(&p, &x, &e), 0);
	WANT(took);
}

TEST(a_policy_may_deny_capget_but_not_fake_capset)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_capget, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct oci_process p = process();
	struct privileges x = extras();
	int waited;

	p.no_new_privileges = false;
	x.filter = f;
	x.filter_size = sizeof(f);
	if (fork() == 0) {
		WANT_INT(apply(&p, &x), TOLERATED_UNREAD_CAPS);
		exit(0);
	}
	wait(&waited);
	WANT_INT(waited, 0);
	f[1].k = SYS_capset;
	f[2].k = SECCOMP_RET_ERRNO;
	refused(&p, &x, "the capability sets are not as configured");
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	WANT_INT(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* A namespace as an unprivileged user has it: one id, and no say over groups. */
static void enter_poor_namespace(void)
{
	WANT_INT(setgroups(0, NULL), 0);
	WANT_INT(setresgid(1000, 1000, 1000) | setresuid(1000, 1000, 1000), 0);
	WANT_INT(prctl(PR_SET_DUMPABLE, 1), 0);
	WANT_INT(unshare(CLONE_NEWUSER), 0);
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", "0 1000 1");
	put("/proc/self/gid_map", "0 1000 1");
}

TEST(where_setgroups_is_denied_no_groups_are_fine_and_some_are_not)
{
	struct oci_user root = { .additional_gids = { groups, 2 } };
	struct oci_process p = process();
	struct privileges x = extras();
	int waited;

	x.user_namespace = x.setgroups_denied = true;
	p.user = &root;
	fflush(stdout);
	if (fork() == 0) {
		enter_poor_namespace();
		refused(&p, &x, "cannot set the supplementary groups");
		exit(0);
	}
	wait(&waited);
	WANT_INT(waited, 0);
	enter_poor_namespace();
	root.additional_gids.n = 0;
	WANT_INT(apply(&p, &x), TOLERATED_GROUPS_KEPT);
	WANT_INT(set("CapPrm:"), SOME);
}

TEST(a_user_that_is_not_mapped_is_named)
{
	struct oci_user nobody = { .uid = 7 };
	struct oci_process p = process();
	struct privileges x = extras();
	struct err e = { 0 };

	enter_poor_namespace();
	x.user_namespace = x.setgroups_denied = true;
	p.user = &nobody;
	WANT_INT(privileges_apply(&p, &x, &e), -1);
	WANT_STR(e.text, "cannot set the user: set uid 7: invalid argument");
	WANT_STR(e.hint, "it is not mapped in the user namespace");
	WANT_STR(e.origin, "config.json: /process/user/uid");
}

TEST(a_limit_that_may_not_be_raised_stays_as_high_as_it_can_be)
{
	struct oci_rlimit limit = { { true, RLIMIT_NPROC }, 200, UINT64_MAX };
	struct rlimit low = { 100, 100 }, now;
	int tolerated;
	struct oci_process p = process();
	struct privileges x = extras();
	struct oci_user root = { 0 };
	struct err e = { 0 };

	WANT_INT(setrlimit(RLIMIT_NPROC, &low), 0);
	enter_poor_namespace();
	x.user_namespace = x.setgroups_denied = true;
	p.user = &root;
	p.rlimits.at = &limit;
	p.rlimits.n = 1;
	tolerated = privileges_apply(&p, &x, &e);
	WANT(tolerated >= 0 && (tolerated & TOLERATED_LOWER_LIMIT));
	WANT_INT(getrlimit(RLIMIT_NPROC, &now), 0);
	WANT_INT(now.rlim_cur, 100);
	WANT_INT(now.rlim_max, 100);
}

/* Which calls may fail with EPERM or ENOSYS and let the container start all the same? */
enum { NEVER, OUT_OF_REACH };

static const struct {
	const char *name;
	unsigned nr;
	int may;
} calls[] = {
	{ "capget", SYS_capget, NEVER },
	{ "capset", SYS_capset, NEVER },
	{ "prctl", SYS_prctl, NEVER },
	{ "setgroups", SYS_setgroups, NEVER },
	{ "setresgid", SYS_setresgid, NEVER },
	{ "setresuid", SYS_setresuid, NEVER },
	{ "getresuid", SYS_getresuid, NEVER },
	{ "getgroups", SYS_getgroups, NEVER },
	{ "getcwd", SYS_getcwd, NEVER },
	{ "chdir", SYS_chdir, NEVER },
	{ "prlimit64", SYS_prlimit64, NEVER },
	{ "sigaction", SYS_rt_sigaction, NEVER },
	{ "sigprocmask", SYS_rt_sigprocmask, NEVER },
	{ "keyctl", SYS_keyctl, OUT_OF_REACH },
};

/* Does privileges_apply() go on when system call @nr returns @action? */
static bool survives(unsigned nr, unsigned action)
{
	struct oci_rlimit limit = { { true, RLIMIT_CORE }, 0, 0 };
	struct oci_process p = process();
	struct privileges x = extras();
	struct err e = { 0 };
	int waited;

	fflush(stdout);
	if (fork() == 0) {
		p.rlimits.at = &limit;
		p.rlimits.n = 1;
		under(nr, action);
		_exit(privileges_apply(&p, &x, &e) >= 0);
	}
	wait(&waited);
	return waited != 0;
}

TEST(every_step_fails_closed)
{
	static const unsigned errnos[] = { EPERM, EINVAL, ENOSYS, ENOMEM, EACCES, EIO };

	for (size_t i = 0; i < COUNT(calls); i++)
		for (size_t k = 0; k < COUNT(errnos); k++) {
			bool passes = survives(calls[i].nr, SECCOMP_RET_ERRNO | errnos[k]);
			bool may = calls[i].may == OUT_OF_REACH &&
				   (errnos[k] == EPERM || errnos[k] == ENOSYS);

			if (passes != may)
				T_FAIL("%s with errno %u: %s", calls[i].name, errnos[k],
				       passes ? "went on" : "stopped");
		}
}

TEST(a_call_that_only_claims_success_is_found_out)
{
	static const unsigned lies[] = { SYS_capset,    SYS_prctl,  SYS_setgroups, SYS_setresgid,
					 SYS_setresuid, SYS_capget, SYS_getcwd };

	for (size_t i = 0; i < COUNT(lies); i++)
		if (survives(lies[i], SECCOMP_RET_ERRNO))
			T_FAIL("system call %u: went on", lies[i]);
}
