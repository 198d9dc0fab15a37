/* namespaces.c - joining namespaces and the cgroup; host name; kernel parameters
 *
 * Order. Namespaces other than the user namespace are entered first, with the privileges of
 * the host: a container may share a network namespace that its own user namespace does not
 * own. The user namespace comes last, and after it only what it owns can be made. Without
 * privileges on the host it is the other way round: only the user namespace gives any.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "os/file.h"
#include "os/mount.h"
#include "os/sys.h"

static const char *type_name(int64_t type)
{
	const char *name = word_name(oci_namespace_words, type);

	return name ? name : "several";
}

/* Enter the joins for which (type has CLONE_NEWUSER) == @user. */
static int join_some(const struct plan *p, bool user, struct err *e)
{
	for (size_t i = 0; i < p->joins.n; i++) {
		const struct plan_join *j = &p->joins.at[i];

		if (((j->type & CLONE_NEWUSER) != 0) != user)
			continue;
		if (setns((int)j->fd, (int)j->type) < 0)
			return fail_sys(e, "join the %s namespace", type_name(j->type));
	}
	return 0;
}

/* In a user namespace that we have joined or been born in, become its root. */
static int become_root(struct err *e)
{
	/* denied where setgroups is; there the list is not ours to change */
	(void)setgroups(0, NULL);
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0) {
		fail_sys(e, "become root in the user namespace");
		return fail_hint(e, "do uidMappings and gidMappings map 0?");
	}
	/* changing ids made us dumpable again */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail_sys(e, "stay undumpable");
	return 0;
}

/* A pid namespace takes effect for children only. The child keeps our parent. */
static int fork_on(struct init *in, struct err *e)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid < 0)
		return fail_sys(e, "fork into the pid namespace");
	if (pid > 0) {
		int r = recipe_tell(in->recipe.peer, MSG_PID, pid, -1);

		if (r == 0)
			_exit(0);
		/* nobody would know of it */
		(void)kill((pid_t)pid, SIGKILL);
		return fail_errno(e, -r, "say which process goes on");
	}
	return 0;
}

#define DEPTH_MAX 4096 /* folders from a process's root up to its container's */

/* exec in a container without a mount namespace: no namespace leads to its root. What its first
 * process has for a root may be a folder that it has chosen itself; nothing lies above the top. */
static int enter_root(int root, struct err *e)
{
	struct stat here = { 0 }, above;

	if (fchdir(root) < 0 || stat(".", &above) < 0)
		return fail_sys(e, "enter the container's root");
	for (int i = 0; here.st_dev != above.st_dev || here.st_ino != above.st_ino; i++) {
		here = above;
		if (i == DEPTH_MAX)
			return fail(e, ERR_LIMIT, "enter the container's root: it is too deep");
		if (chdir("..") < 0 || stat(".", &above) < 0)
			return fail_sys(e, "enter the container's root");
	}
	(void)close(root);
	return chroot(".") < 0 ? fail_sys(e, "chroot to the container's root") : 0;
}

int init_join(struct init *in, struct err *e)
{
	const struct plan *p = &in->plan;
	bool privileged = geteuid() == 0;
	bool user = false;

	for (size_t i = 0; i < p->joins.n; i++)
		user |= (p->joins.at[i].type & CLONE_NEWUSER) != 0;
	if (join_some(p, !privileged, e) < 0 || join_some(p, privileged, e) < 0)
		return -1;
	for (size_t i = 0; i < p->joins.n; i++)
		(void)close((int)p->joins.at[i].fd);
	if ((user || p->in_userns) && become_root(e) < 0)
		return -1;
	if (p->unshare && unshare((int)p->unshare) < 0)
		return fail_sys(e, "make new namespaces");
	if (p->root && enter_root((int)p->root, e) < 0)
		return -1;
	return p->fork ? fork_on(in, e) : 0;
}

static int own_cgroup_namespace(const struct plan *p, struct err *e)
{
	if (p->cgroup_namespace && unshare(CLONE_NEWCGROUP) < 0)
		return fail_sys(e, "make a cgroup namespace");
	return 0;
}

/* "0" moves the writer, and spares the kernel a lock that a pid would cost (cgroup v1). */
int init_enter_cgroup(struct init *in, struct err *e)
{
	const struct numbers *tasks = &in->plan.cgroup_tasks;

	for (size_t i = 0; i < tasks->n; i++) {
		if (write((int)tasks->at[i], "0", 1) < 0)
			return fail_sys(e, "enter a cgroup");
		(void)close((int)tasks->at[i]);
	}
	return own_cgroup_namespace(&in->plan, e);
}

/* The host's cgroup files are in reach by path until the pivot; we have its privileges still. */
int init_enter_cgroup_late(struct init *in, struct err *e)
{
	for (char **file = in->plan.cgroup_files; file && *file; file++)
		if (file_write(AT_FDCWD, *file, "0", e) < 0)
			return -1;
	return own_cgroup_namespace(&in->plan, e);
}

int init_set_uts(struct init *in, struct err *e)
{
	const struct plan *p = &in->plan;

	if (p->hostname && sethostname(p->hostname, strlen(p->hostname)) < 0)
		return fail_sys(e, "set the host name to '%s'", p->hostname);
	if (p->domainname && setdomainname(p->domainname, strlen(p->domainname)) < 0)
		return fail_sys(e, "set the domain name to '%s'", p->domainname);
	return 0;
}

int init_raise_loopback(struct init *in __attribute__((unused)), struct err *e)
{
	own_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	/* without IPv4 in the kernel any other socket will do */
	if (sock < 0)
		fd_take(&sock, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &lo) < 0)
		return fail_sys(e, "set 'lo' up");
	return 0;
}

/**
 * init_open_proc() - open a directory of a procfs that the container cannot have touched
 * @name: a name in its root, such as "sys"
 *
 * A new instance that is mounted nowhere; where the kernel denies that, the host's /proc,
 * which is in reach until the pivot.
 *
 * Return: an O_PATH descriptor, or -1.
 */
int init_open_proc(const char *name, struct err *e)
{
	own_fd int proc = mount_make_fs("proc", "proc", NULL, 0, e);
	struct statfs st;
	int fd;

	if (proc < 0)
		fd_take(&proc, fd_open("/proc", O_PATH | O_DIRECTORY));
	if (proc < 0 || fstatfs(proc, &st) < 0)
		return fail_sys(e, "open a procfs");
	if (st.f_type != PROC_SUPER_MAGIC)
		return fail(e, ERR_SYSTEM, "open a procfs: /proc is none");
	fd = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail_sys(e, "open '/proc/%s'", name) : fd;
}

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" name net/ipv4/ip_forward: the first separator decides,
 * and the other stands for a dot. The runtime has refused what is no name. */
static int write_sysctl(int proc_sys, const char *key, const char *value, struct err *e)
{
	char path[256];
	bool dots = key[strcspn(key, "./")] == '.';
	own_fd int fd = FD_NONE;
	size_t len = strlen(key);

	if (len >= sizeof(path))
		return fail(e, ERR_INPUT, "set '%s': the name is too long", key);
	for (size_t i = 0; i <= len; i++)
		path[i] = dots && key[i] == '.' ? '/' : dots && key[i] == '/' ? '.' : key[i];
	if (*path == '/' || strstr(path, "//") || strstr(path, ".."))
		return fail(e, ERR_DENIED, "set '%s': it is not a kernel parameter's name", key);
	fd = sys_openat2(proc_sys, path, O_WRONLY | O_CLOEXEC, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(proc_sys, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail_sys(e, "set '%s'", key);
	if (write(fd, value, strlen(value)) < 0)
		return fail_sys(e, "set '%s' to '%s'", key, value);
	return 0;
}

int init_set_sysctl(struct init *in, struct err *e)
{
	own_fd int proc_sys = init_open_proc("sys", e);

	if (proc_sys < 0)
		return -1;
	for (size_t i = 0; i < in->plan.sysctl.n; i++) {
		const struct pair *s = &in->plan.sysctl.at[i];
		char part[128];

		if (write_sysctl(proc_sys, s->key, s->value, e) < 0)
			return fail_at(e, "config.json: /linux/sysctl/%s",
				       text_pointer_key(s->key, part, sizeof(part)));
	}
	return 0;
}
