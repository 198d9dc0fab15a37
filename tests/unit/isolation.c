/* isolation.c - grades: of made-up reports, and of a container of a made-up host */
#include "t.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "any/isolation.h"

#define BIT(cap)       (UINT64_C(1) << (cap))
#define ALL_CAPS       0x1ffffffffffU
#define DOCKER_CAPS    0xa80425fbU /* the 14 that dockerd leaves */
#define DOCKER_DEFAULT (FACT_HOST_USER | FACT_HOST_ROOT | FACT_NEW_PRIVS)

static struct isolation judged(uint64_t facts, uint64_t caps)
{
	static struct arena mem;
	struct isolation report = { .facts = facts, .caps = caps };

	WANT_INT(isolation_judge(&report, &mem), 0);
	return report;
}

static bool has_rule(const struct isolation *report, const char *rule)
{
	for (size_t i = 0; i < report->findings.n; i++)
		if (strcmp(report->findings.at[i].rule, rule) == 0)
			return true;
	return false;
}

TEST(grades_are_by_the_worst_finding)
{
	static const struct {
		const char *name, *grade;
		uint64_t facts, caps;
	} rows[] = {
		{ "a user's, with everything", "A", 0, 0 },
		{ "a user's, but for no_new_privs", "B", FACT_NEW_PRIVS, 0 },
		{ "all capabilities in a user namespace of its own", "A", 0, ALL_CAPS },
		{ "docker's default", "C", DOCKER_DEFAULT, DOCKER_CAPS },
		{ "docker without seccomp", "D", DOCKER_DEFAULT | FACT_NO_SECCOMP, DOCKER_CAPS },
		{ "docker with the host's network", "E", DOCKER_DEFAULT | FACT_HOST_NET,
		  DOCKER_CAPS },
		{ "docker with the host's processes", "D", DOCKER_DEFAULT | FACT_HOST_PID,
		  DOCKER_CAPS },
		{ "privileged", "F", DOCKER_DEFAULT | FACT_NO_SECCOMP | FACT_ALL_DEVICES,
		  ALL_CAPS },
		{ "a writable /proc/sys", "F", DOCKER_DEFAULT | FACT_SYSCTLS, DOCKER_CAPS },
		{ "a writable /proc/sys that is another's", "A", FACT_SYSCTLS, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct isolation report = judged(rows[i].facts, rows[i].caps);

		if (strcmp(report.grade, rows[i].grade) != 0)
			T_FAIL("%s: %s, want %s", rows[i].name, report.grade, rows[i].grade);
	}
}

/* With everything at once, each row of the table is a finding, and they come worst first. */
TEST(findings_come_worst_first)
{
	struct isolation report = judged(UINT64_MAX, UINT64_MAX);

	WANT_STR(report.grade, "F");
	WANT(report.findings.n >= 28);
	for (size_t i = 1; i < report.findings.n; i++)
		WANT(report.findings.at[i].weight.v <= report.findings.at[i - 1].weight.v);
	WANT(has_rule(&report, "unconfined") && has_rule(&report, "cap-module"));
	WANT_INT(judged(0, 0).findings.n, 0);
}

TEST(some_paths_of_the_host_are_not_for_containers)
{
	// clang-format off
	static const struct {
		const char *path;
		bool writable, sensitive;
		enum isolation_weight weight;
	} rows[] = {
		{ "/",                      true,  true,  WEIGHT_CRITICAL },
		{ "/",                      false, true,  WEIGHT_SERIOUS  },
		{ "/run/docker.sock",       false, true,  WEIGHT_CRITICAL },
		{ "/somewhere/docker.sock", false, true,  WEIGHT_CRITICAL },
		{ "/etc",                   true,  true,  WEIGHT_CRITICAL },
		{ "/etc/resolv.conf",       true,  false, 0 },
		{ "/srv/data",              true,  false, 0 },
		{ "/etcetera",              true,  false, 0 },
	};
	// clang-format on

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum isolation_weight weight = 0;
		const char *what;

		if (isolation_sensitive(rows[i].path, rows[i].writable, &weight, &what) !=
			    rows[i].sensitive ||
		    weight != rows[i].weight)
			T_FAIL("%s: weight %d", rows[i].path, weight);
	}
}

/* --- a made-up host --------------------------------------------------------------------- */

static char root[64];

static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *p = strchr(path + strlen(root) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(path, 0755);
		*p = '/';
	}
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		T_FAIL("write %s: %s", path, strerror(errno));
}

static void put_namespaces(int pid, const char *own)
{
	static const char *const names[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };
	char path[PATH_MAX], link[64];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/proc/%d/ns", root, pid);
		(void)mkdir(path, 0755);
		snprintf(path, sizeof(path), "%s/proc/%d/ns/%s", root, pid, names[i]);
		snprintf(link, sizeof(link), "%s:[%d]", names[i], strstr(own, names[i]) ? pid : 1);
		WANT_INT(symlink(link, path), 0);
	}
}

static void remove_host(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	(void)!system(command);
}

#define STAT(pid) pid " (sh) S 1 5 6 7 -1 9 10 11 12 13 14 15 16 17 20 -5 1 0 " pid " 23 24\n"
#define HOST_MOUNTS \
	"20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n" \
	"21 20 0:5 / /run rw,nosuid - tmpfs tmpfs rw\n" \
	"22 20 8:2 / /home rw - ext4 /dev/sda2 rw\n"

static void new_host(const char *own_namespaces, const char *status, const char *mounts)
{
	strcpy(root, "/tmp/tare-host-XXXXXX");
	if (!mkdtemp(root))
		T_FAIL("mkdtemp: %s", strerror(errno));
	atexit(remove_host);
	put("proc/sys/kernel/x", "");
	put("proc/sysrq-trigger", "");
	put("sys/x", "");
	put("proc/1/mountinfo", HOST_MOUNTS);
	put("proc/70/mountinfo", mounts);
	put("proc/70/stat", STAT("70"));
	put("proc/70/status", status);
	put("proc/70/uid_map", "         0     100000      65536\n");
	put("proc/70/gid_map", "         0     100000          1\n         1  200000  5\n");
	put_namespaces(1, "");
	put_namespaces(70, own_namespaces);
}

static struct container_found container = { .id = "one", .pid = 70, .pid_start = 70 };
static struct arena mem;

static struct isolation inspected(void)
{
	struct isolation report;
	struct err e = { 0 };

	if (isolation_inspect(root, &container, &mem, &report, &e) < 0)
		T_FAIL("%s", e.text);
	return report;
}

TEST(a_good_container_is_an_A)
{
	struct isolation report;
	char path[PATH_MAX];

	new_host("user mnt pid net ipc uts cgroup",
		 "Name:\tsh\nUid:\t100000\t100000\t100000\t100000\nCapPrm:"
		 "\t0000000000000400\nCapEff:\t0000000000000400\n"
		 "CapBnd:\t000001ffffffffff\nNoNewPrivs:\t1\nSeccomp:\t2\n",
		 "30 20 0:30 / / rw - overlay overlay rw\n31 30 0:31 / /proc rw - proc proc rw\n"
		 "32 31 0:31 /sys /proc/sys ro - proc proc rw\n33 30 0:33 / /sys ro - sysfs sysfs "
		 "rw\n"
		 "34 30 8:2 /me /data rw - ext4 /dev/sda2 rw\n");
	report = inspected();
	WANT_STR(report.grade, "A");
	WANT(!report.shared[0]);
	WANT_INT(report.caps, BIT(CAP_NET_BIND_SERVICE));
	WANT(report.no_new_privs);
	WANT_INT(report.seccomp.v, 2);
	WANT_INT(report.uid_map.n, 1);
	WANT_INT(report.uid_map.at[0].outside, 100000);
	WANT_INT(report.gid_map.n, 2);
	WANT_INT(report.gid_map.at[1].size, 5);
	/* sysrq-trigger is in the proc that is not read-only, but it is not root's */
	WANT_STR(report.writable[0], "/proc/sysrq-trigger");
	WANT_INT(report.mounts.n, 0);
	/* a kernel without it */
	snprintf(path, sizeof(path), "%s/proc/sysrq-trigger", root);
	WANT_INT(unlink(path), 0);
	WANT(!inspected().writable[0]);
}

TEST(a_bad_container_is_told_why)
{
	struct isolation report;

	new_host("mnt pid",
		 "Uid:\t0\t0\t0\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t00000000a80425fb\nNoNewPrivs:"
		 "\t0\nSeccomp:\t0\n",
		 "30 20 0:30 / / rw - overlay overlay rw\n31 30 0:31 / /proc rw - proc proc rw\n"
		 "33 30 0:33 / /sys rw - sysfs sysfs ro\n34 30 0:5 /docker.sock /s\\040k rw - "
		 "tmpfs tmpfs rw\n"
		 "35 30 8:1 / /host ro - ext4 /dev/sda1 rw\n36 30 8:1 /etc /e rw - ext4 /dev/sda1 "
		 "rw\n"
		 "37 30 8:2 / /h ro - ext4 /dev/sda2 rw\n");
	put("proc/70/attr/current", "unconfined\n");
	put("sys/fs/cgroup/devices/one/devices.list", "c 1:3 rwm\na *:* rwm\n");
	container.cgroups.at = &(struct container_place){ "devices", "/one", false };
	container.cgroups.n = 1;
	report = inspected();
	WANT_STR(report.grade, "F");
	WANT_STR(report.shared[0], "user");
	WANT(has_rule(&report, "host-net-admin") && has_rule(&report, "sysctls") &&
	     has_rule(&report, "all-devices") && has_rule(&report, "unconfined") &&
	     has_rule(&report, "root-unfiltered") && !has_rule(&report, "sysfs") &&
	     !has_rule(&report, "host-pid"));
	WANT_STR(report.devices[1], "a *:* rwm");
	WANT_INT(report.mounts.n, 4);
	WANT_STR(report.mounts.at[0].source, "/run/docker.sock");
	WANT_STR(report.mounts.at[0].target, "/s k");
	WANT_STR(report.mounts.at[1].source, "/");
	WANT(!report.mounts.at[1].writable);
	WANT_STR(report.mounts.at[2].source, "/etc");
	WANT(report.mounts.at[2].writable);
	WANT_STR(report.mounts.at[3].source, "/home");
}

TEST(who_cannot_look_does_not_grade)
{
	struct isolation report;
	struct err e = { 0 };
	char path[PATH_MAX];

	new_host("mnt pid", "Uid:\t0\t0\n", "30 20 0:30 / / rw - overlay overlay rw\n");
	container.pid_start = 71;
	WANT_INT(isolation_inspect(root, &container, &mem, &report, &e), -1);
	WANT_INT(e.sysno, ESRCH);
	container.pid_start = 70;
	snprintf(path, sizeof(path), "%s/proc/70/mountinfo", root);
	WANT_INT(unlink(path), 0);
	WANT_INT(isolation_inspect(root, &container, &mem, &report, &e), -1);
	snprintf(path, sizeof(path), "%s/proc/70/ns/mnt", root);
	WANT_INT(unlink(path), 0);
	WANT_INT(mkdir(path, 0700), 0);
	e = (struct err){ 0 };
	WANT_INT(isolation_inspect(root, &container, &mem, &report, &e), -1);
	WANT(strstr(e.text, "namespaces"));
}
