/* landlock.c - rulesets by raw system calls; linux/landlock.h of Debian 12 is older than the kernels */
#include "os/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_RULESET_VERSION     1U
#define RULE_PATH_BENEATH          1

#define NET_BIND_TCP               ((uint64_t)1 << 0)
#define SCOPE_ABSTRACT_UNIX_SOCKET ((uint64_t)1 << 0)
#define SCOPE_SIGNAL               ((uint64_t)1 << 1)

/* rights that make sense for what is no folder: execute, write, read, truncate, ioctl of devices */
#define MAY_WITH_FILE              ((uint64_t)7 | (uint64_t)1 << 14 | (uint64_t)1 << 15)

/* struct landlock_ruleset_attr, of version 6 (Linux 6.12) */
struct ruleset_attr {
	uint64_t files, net, scoped;
};
/* struct landlock_path_beneath_attr */
struct path_beneath {
	uint64_t may;
	int32_t fd;
} __attribute__((packed));

/* how many of the file rights, and how much of the struct, each version knows */
static const struct {
	unsigned rights;
	size_t size;
} versions[] = {
	{ 0, 0 },
	{ 13, sizeof(uint64_t) },     /* Linux 5.13 */
	{ 14, sizeof(uint64_t) },     /* 5.19: refer */
	{ 15, sizeof(uint64_t) },     /* 6.2: truncate */
	{ 15, 2 * sizeof(uint64_t) }, /* 6.7: TCP */
	{ 16, 2 * sizeof(uint64_t) }, /* 6.10: ioctl of devices */
	{ 16, 3 * sizeof(uint64_t) }, /* 6.12: scopes */
};

/* landlock_try_version() - the kernel's, from 1 on; -ENOSYS or -EOPNOTSUPP: it has none, or is off */
int landlock_try_version(void)
{
	long r = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return r < 0 ? -errno : (int)r;
}

static int add_rule(int ruleset, const struct landlock_rule *rule, uint64_t known, struct err *e)
{
	own_fd int fd = rule->fd < 0 ? fd_open(rule->path, O_PATH) : FD_NONE;
	struct path_beneath beneath = { .may = rule->may & known,
					.fd = rule->fd < 0 ? fd : rule->fd };
	const char *name = rule->path ? rule->path : "a folder";
	struct stat st;

	if (rule->fd < 0 && fd < 0)
		return errno == ENOENT ? 0 : fail_sys(e, "open '%s'", name);
	if (fstat(beneath.fd, &st) < 0)
		return fail_sys(e, "look at '%s'", name);
	if (!S_ISDIR(st.st_mode))
		beneath.may &= MAY_WITH_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &beneath, 0) < 0)
		return fail_sys(e, "allow '%s' to a sandbox", name);
	return 0;
}

/**
 * landlock_prepare() - a ruleset that denies every use of files but what @rules allow
 * @ret_ruleset: receives its descriptor; FD_NONE when this kernel has no Landlock
 *
 * Also denied, where the kernel knows how: to listen on TCP ports, and to reach abstract unix sockets
 * and signal processes outside.
 *
 * Return: 1; 0 when this kernel has no Landlock; or -1.
 */
int landlock_prepare(const struct landlock_rule *rules, size_t n, int *ret_ruleset, struct err *e)
{
	int version = landlock_try_version();
	size_t row = version < (int)(sizeof(versions) / sizeof(versions[0]))
			     ? (size_t)version
			     : sizeof(versions) / sizeof(versions[0]) - 1;
	struct ruleset_attr attr = { .net = NET_BIND_TCP,
				     .scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL };
	own_fd int ruleset = FD_NONE;

	if (version == -ENOSYS || version == -EOPNOTSUPP) {
		*ret_ruleset = FD_NONE;
		return 0;
	}
	if (version < 1)
		return fail_errno(e, -version, "ask for the kernel's Landlock");
	attr.files = ((uint64_t)1 << versions[row].rights) - 1;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, versions[row].size, 0);
	if (ruleset < 0)
		return fail_sys(e, "make a Landlock ruleset");
	for (size_t i = 0; i < n; i++)
		if (add_rule(ruleset, &rules[i], attr.files, e) < 0)
			return -1;
	*ret_ruleset = give_fd(&ruleset);
	return 1;
}

/* landlock_enter() - put a ruleset on the calling thread, for good; it takes no_new_privs */
int landlock_enter(int ruleset, struct err *e)
{
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return fail_sys(e, "put on a Landlock ruleset");
	return 0;
}
