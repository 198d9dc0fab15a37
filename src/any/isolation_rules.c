/* isolation_rules.c - the rules by which a container is graded
 *
 * A row fits when all its facts are there and, if it names capabilities, at least one of them is
 * among those that the container's programs have or can get. In a user namespace of its own a
 * capability reaches only what belongs to that namespace.
 */
#include "any/isolation.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/text.h"

#define BIT(cap) (UINT64_C(1) << (cap))

// clang-format off
const struct word isolation_weight_words[] = {
	{ "minor",    WEIGHT_MINOR    },
	{ "moderate", WEIGHT_MODERATE },
	{ "serious",  WEIGHT_SERIOUS  },
	{ "critical", WEIGHT_CRITICAL },
	{ NULL, 0 },
};

/* struct rule - @facts: all of them; @caps: any of them, 0: does not matter */
static const struct rule {
	const char *name;
	enum isolation_weight weight;
	uint64_t facts, caps;
	const char *text;
} rules[] = {
	{ "host-mounts", WEIGHT_CRITICAL, FACT_HOST_MNT | FACT_HOST_ROOT, 0,
	  "root, in the host's own file systems" },
	{ "host-mounts-user", WEIGHT_SERIOUS, FACT_HOST_MNT, 0,
	  "the mount namespace is the host's: its files are seen" },
	{ "cap-admin", WEIGHT_CRITICAL, FACT_HOST_USER, BIT(CAP_SYS_ADMIN),
	  "CAP_SYS_ADMIN on the host: it may mount, and undo most of what keeps it apart" },
	{ "cap-module", WEIGHT_CRITICAL, FACT_HOST_USER, BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_RAWIO),
	  "it may load kernel modules, or reach memory and ports" },
	{ "cap-read-all", WEIGHT_CRITICAL, FACT_HOST_USER, BIT(CAP_DAC_READ_SEARCH),
	  "CAP_DAC_READ_SEARCH on the host: it may open any file of a file system that it sees a part of, by its handle" },
	{ "cap-bpf", WEIGHT_SERIOUS, FACT_HOST_USER, BIT(CAP_BPF) | BIT(CAP_PERFMON),
	  "it may watch the kernel with BPF and perf" },
	{ "cap-ptrace", WEIGHT_CRITICAL, FACT_HOST_USER | FACT_HOST_PID, BIT(CAP_SYS_PTRACE),
	  "it sees the host's processes and may control them" },
	{ "cap-mac", WEIGHT_SERIOUS, FACT_HOST_USER, BIT(CAP_MAC_ADMIN) | BIT(CAP_MAC_OVERRIDE),
	  "it may change or pass the security module's policy" },
	{ "cap-system", WEIGHT_SERIOUS, FACT_HOST_USER, BIT(CAP_SYS_BOOT) | BIT(CAP_SYS_TIME) | BIT(CAP_SYSLOG),
	  "it may reboot the host, set its clock or read the kernel's messages" },
	{ "sysctls", WEIGHT_CRITICAL, FACT_HOST_USER | FACT_HOST_ROOT | FACT_SYSCTLS, 0,
	  "root may write to /proc/sys: kernel.core_pattern runs a program on the host" },
	{ "sysrq", WEIGHT_SERIOUS, FACT_HOST_USER | FACT_HOST_ROOT | FACT_SYSRQ, 0,
	  "root may write to /proc/sysrq-trigger: the host can be stopped" },
	{ "sysfs", WEIGHT_CRITICAL, FACT_HOST_USER | FACT_HOST_ROOT | FACT_SYSFS, 0,
	  "root may write to /sys: its uevent helper runs a program on the host" },
	{ "all-devices", WEIGHT_CRITICAL, FACT_HOST_USER | FACT_ALL_DEVICES, BIT(CAP_MKNOD),
	  "it may make and use every device: the host's disks and memory" },
	{ "disks", WEIGHT_CRITICAL, FACT_HOST_USER | FACT_BLOCK_DEVICES, BIT(CAP_MKNOD),
	  "it may make and use every block device: the host's disks" },
	{ "host-net-admin", WEIGHT_SERIOUS, FACT_HOST_USER | FACT_HOST_NET, BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW),
	  "it may change the host's network, or listen to it" },
	{ "host-net", WEIGHT_SERIOUS, FACT_HOST_NET, 0,
	  "the network is the host's: its local services and abstract sockets are in reach" },
	{ "host-pid", WEIGHT_SERIOUS, FACT_HOST_PID, 0,
	  "it sees the host's processes, and may signal those of the same user" },
	{ "host-ipc", WEIGHT_SERIOUS, FACT_HOST_IPC, 0,
	  "shared memory and message queues are the host's" },
	{ "root-unfiltered", WEIGHT_SERIOUS, FACT_HOST_USER | FACT_HOST_ROOT | FACT_NO_SECCOMP, 0,
	  "root of the host, with every system call" },
	{ "no-seccomp", WEIGHT_MODERATE, FACT_NO_SECCOMP, 0,
	  "no filter keeps system calls from the kernel" },
	{ "host-root", WEIGHT_MODERATE, FACT_HOST_USER | FACT_HOST_ROOT, 0,
	  "root inside is root outside, should it break out" },
	{ "host-user", WEIGHT_MINOR, FACT_HOST_USER, 0,
	  "it has no user namespace" },
	{ "cap-mknod", WEIGHT_MINOR, FACT_HOST_USER, BIT(CAP_MKNOD),
	  "it may make device nodes, which only the devices cgroup keeps from working" },
	{ "cap-net-raw", WEIGHT_MINOR, FACT_HOST_USER, BIT(CAP_NET_RAW),
	  "it may forge packets on its networks" },
	{ "new-privileges", WEIGHT_MINOR, FACT_NEW_PRIVS, 0,
	  "setuid programs may give it more than it has: no_new_privs is not set" },
	{ "host-uts", WEIGHT_MINOR, FACT_HOST_UTS, 0,
	  "the host name is the host's" },
	{ "host-cgroup", WEIGHT_MINOR, FACT_HOST_CGROUP, 0,
	  "it sees the names of cgroups above its own" },
	{ "unconfined", WEIGHT_MINOR, FACT_UNCONFINED, 0,
	  "the kernel's security module does not confine it" },
};

/* What of the host a container should not have; the engines' sockets by name, wherever they are. */
static const struct sensitive {
	const char *path;
	bool socket;
	enum isolation_weight reading, writing;
	const char *what;
} sensitives[] = {
	{ "docker.sock",         true,  WEIGHT_CRITICAL, WEIGHT_CRITICAL, "an engine's socket: it may start privileged containers" },
	{ "containerd.sock",     true,  WEIGHT_CRITICAL, WEIGHT_CRITICAL, "an engine's socket: it may start privileged containers" },
	{ "crio.sock",           true,  WEIGHT_CRITICAL, WEIGHT_CRITICAL, "an engine's socket: it may start privileged containers" },
	{ "podman.sock",         true,  WEIGHT_CRITICAL, WEIGHT_CRITICAL, "an engine's socket: it may start privileged containers" },
	{ "cri-dockerd.sock",    true,  WEIGHT_CRITICAL, WEIGHT_CRITICAL, "an engine's socket: it may start privileged containers" },
	{ "unix.socket",         true,  WEIGHT_CRITICAL, WEIGHT_CRITICAL, "an engine's socket: it may start privileged containers" },
	{ "system_bus_socket",   true,  WEIGHT_SERIOUS,  WEIGHT_SERIOUS,  "the system's message bus" },
	{ "/",                   false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "the host's root directory" },
	{ "/etc",                false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "the host's configuration" },
	{ "/root",               false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "root's home directory" },
	{ "/boot",               false, WEIGHT_MODERATE, WEIGHT_CRITICAL, "the host's kernel" },
	{ "/usr",                false, WEIGHT_MINOR,    WEIGHT_CRITICAL, "the host's programs" },
	{ "/lib/modules",        false, WEIGHT_MINOR,    WEIGHT_CRITICAL, "the kernel's modules" },
	{ "/usr/lib/modules",    false, WEIGHT_MINOR,    WEIGHT_CRITICAL, "the kernel's modules" },
	{ "/home",               false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "everybody's home directories" },
	{ "/var",                false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "the host's data" },
	{ "/var/lib",            false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "the host's data" },
	{ "/var/lib/docker",     false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "an engine's data" },
	{ "/var/lib/containerd", false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "an engine's data" },
	{ "/var/lib/containers", false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "an engine's data" },
	{ "/var/lib/kubelet",    false, WEIGHT_SERIOUS,  WEIGHT_CRITICAL, "the kubelet's data, with other pods' secrets" },
	{ "/var/log",            false, WEIGHT_MODERATE, WEIGHT_SERIOUS,  "the host's logs" },
	{ "/run",                false, WEIGHT_CRITICAL, WEIGHT_CRITICAL, "the host's sockets" },
	{ "/dev",                false, WEIGHT_SERIOUS,  WEIGHT_SERIOUS,  "the host's devices" },
	{ "/dev/mem",            false, WEIGHT_CRITICAL, WEIGHT_CRITICAL, "the host's memory" },
};
// clang-format on

/**
 * isolation_sensitive() - should a container not have this path of the host's?
 * @path: on the host, clean; of a socket the name alone counts, which a mount has as its root
 *
 * Return: whether; then also how bad it is, and what it is, in words that stay.
 */
bool isolation_sensitive(const char *path, bool writable, enum isolation_weight *ret_weight,
			 const char **ret_what)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < COUNT(sensitives); i++) {
		const struct sensitive *s = &sensitives[i];

		if (strcmp(s->path, s->socket && slash ? slash + 1 : path) != 0)
			continue;
		*ret_weight = writable ? s->writing : s->reading;
		*ret_what = s->what;
		return true;
	}
	return false;
}

static bool fits(const struct rule *r, const struct isolation *report)
{
	return (report->facts & r->facts) == r->facts && (!r->caps || (report->caps & r->caps));
}

/* A: nothing; then by the worst finding; two serious ones are one grade more. */
static const char *grade_of(const size_t count[WEIGHT_CRITICAL + 1])
{
	if (count[WEIGHT_CRITICAL])
		return "F";
	if (count[WEIGHT_SERIOUS])
		return count[WEIGHT_SERIOUS] > 1 ? "E" : "D";
	if (count[WEIGHT_MODERATE])
		return "C";
	return count[WEIGHT_MINOR] ? "B" : "A";
}

static void add(struct isolation *report, enum isolation_weight weight, const char *rule,
		char *text)
{
	report->findings.at[report->findings.n++] =
		(struct isolation_finding){ { true, weight }, (char *)rule, text };
}

/**
 * isolation_judge() - findings, worst first, and the grade, from the facts of a report
 * @a: owns what is added
 *
 * Return: 0 or -ENOMEM.
 */
int isolation_judge(struct isolation *report, struct arena *a)
{
	size_t count[WEIGHT_CRITICAL + 1] = { 0 };

	report->findings.n = 0;
	report->findings.at =
		arena_array(a, COUNT(rules) + report->mounts.n, sizeof(report->findings.at[0]));
	if (!report->findings.at)
		return -ENOMEM;
	for (int weight = WEIGHT_CRITICAL; weight >= WEIGHT_MINOR; weight--) {
		for (size_t i = 0; i < COUNT(rules); i++)
			if ((int)rules[i].weight == weight && fits(&rules[i], report))
				add(report, rules[i].weight, rules[i].name, (char *)rules[i].text);
		for (size_t i = 0; i < report->mounts.n; i++) {
			const struct isolation_mount *m = &report->mounts.at[i];
			char *text;

			if (m->weight.v != weight)
				continue;
			text = arena_printf(a, "%s, %s, at %s", m->what,
					    m->writable ? "writable" : "read-only", m->target);
			if (!text)
				return -ENOMEM;
			add(report, (enum isolation_weight)weight, "mount", text);
		}
	}
	for (size_t i = 0; i < report->findings.n; i++)
		count[report->findings.at[i].weight.v]++;
	report->grade = (char *)grade_of(count);
	return 0;
}
