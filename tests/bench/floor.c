/* floor.c - what the kernel alone charges for one container
 *
 *	floor ROOTFS PROGRAM [ARGUMENT...]
 *
 * Carries out, with everything written into the code, what a runtime has to do for the bundle that
 * `spec` writes: namespaces, a cgroup in each hierarchy, mounts, devices, masks, pivot_root,
 * capabilities, one limit, exec, and the removal of the cgroups. It reads no config, keeps no
 * state and reports nothing, so no runtime can be faster; how near one comes is what `make bench`
 * shows. Only for measuring: where it fails it says where, and leaves what it has made.
 *
 * The child enters v1 cgroups itself, by writing 0 to `tasks`: a process of one thread that moves
 * itself spares the kernel a lock on all thread groups, and a grace period in each hierarchy.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CGROUPS  "/sys/fs/cgroup"
#define SAFE     (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const char *const controllers[] = {
	"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids",
};
static char name[32];
static bool v2;

/* The result of a call that must succeed. */
static long must(long result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		(void)close(fd);
	return n < 0 ? -1 : 0;
}

/* A path in the container's cgroup of one controller, or in its v2 cgroup. */
static const char *cgroup_file(const char *controller, const char *file)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), CGROUPS "/%s%s%s%s%s", v2 ? "" : controller,
		       v2 ? "" : "/", name, *file ? "/" : "", file);
	return path;
}

/* A new cpuset is empty, and cannot be entered before it has processors and memory. */
static void inherit_cpuset(const char *file)
{
	char from[128], value[256];
	int fd;
	ssize_t n;

	(void)snprintf(from, sizeof(from), CGROUPS "/cpuset/%s", file);
	fd = (int)must(open(from, O_RDONLY | O_CLOEXEC), from);
	n = must(read(fd, value, sizeof(value) - 1), from);
	(void)close(fd);
	value[n] = '\0';
	must(put(cgroup_file("cpuset", file), value), "cpuset");
}

static void make_cgroups(void)
{
	static const char *const allowed[] = {
		"c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",
		"c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm",
	};

	if (v2) {
		must(mkdir(cgroup_file("", ""), 0755), "mkdir");
		return;
	}
	for (size_t i = 0; i < COUNT(controllers); i++)
		must(mkdir(cgroup_file(controllers[i], ""), 0755), controllers[i]);
	inherit_cpuset("cpuset.cpus");
	inherit_cpuset("cpuset.mems");
	must(put(cgroup_file("devices", "devices.deny"), "a"), "devices.deny");
	for (size_t i = 0; i < COUNT(allowed); i++)
		must(put(cgroup_file("devices", "devices.allow"), allowed[i]), allowed[i]);
}

static void enter_cgroups(void)
{
	for (size_t i = 0; !v2 && i < COUNT(controllers); i++)
		must(put(cgroup_file(controllers[i], "tasks"), "0"), controllers[i]);
	must(unshare(CLONE_NEWCGROUP), "unshare");
}

static void remove_cgroups(void)
{
	for (size_t i = 0; i < (v2 ? 1 : COUNT(controllers)); i++)
		(void)rmdir(cgroup_file(controllers[i], ""));
}

static void mount_one(const char *type, const char *at, unsigned long flags, const char *data)
{
	must(mount(type, at, type, flags, data), at);
}

static void mount_cgroups(void)
{
	char at[64];

	if (v2) {
		mount_one("cgroup2", "sys/fs/cgroup", SAFE | MS_RDONLY, NULL);
		return;
	}
	mount_one("tmpfs", "sys/fs/cgroup", SAFE, "mode=755");
	for (size_t i = 0; i < COUNT(controllers); i++) {
		(void)snprintf(at, sizeof(at), "sys/fs/cgroup/%s", controllers[i]);
		must(mkdir(at, 0755), at);
		mount_one("cgroup", at, SAFE | MS_RDONLY, controllers[i]);
	}
}

static void fill_dev(void)
{
	static const struct {
		const char *at;
		unsigned major, minor;
	} devices[] = {
		{ "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
		{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
	};
	static const char *const links[][2] = {
		{ "pts/ptmx", "dev/ptmx" },          { "/proc/self/fd", "dev/fd" },
		{ "/proc/self/fd/0", "dev/stdin" },  { "/proc/self/fd/1", "dev/stdout" },
		{ "/proc/self/fd/2", "dev/stderr" },
	};

	for (size_t i = 0; i < COUNT(devices); i++) {
		must(mknod(devices[i].at, S_IFCHR | 0666,
			   makedev(devices[i].major, devices[i].minor)),
		     devices[i].at);
		must(chmod(devices[i].at, 0666), devices[i].at);
	}
	for (size_t i = 0; i < COUNT(links); i++)
		must(symlink(links[i][0], links[i][1]), links[i][1]);
}

static void mask(void)
{
	static const char *const readonly[] = {
		"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
	};
	static const char *const masked[] = {
		"/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",
		"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
		"/sys/firmware",       "/proc/scsi",
	};

	for (size_t i = 0; i < COUNT(readonly); i++)
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			must(mount(NULL, readonly[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL),
			     readonly[i]);
	for (size_t i = 0; i < COUNT(masked); i++)
		if (mount("/dev/null", masked[i], NULL, MS_BIND, NULL) < 0 && errno == ENOTDIR)
			mount_one("tmpfs", masked[i], MS_RDONLY, NULL);
}

static void make_root(const char *rootfs)
{
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	must(chdir(rootfs), rootfs);
	mount_one("proc", "proc", 0, NULL);
	mount_one("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	must(mkdir("dev/pts", 0755) | mkdir("dev/shm", 0755) | mkdir("dev/mqueue", 0755), "mkdir");
	mount_one("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_one("tmpfs", "dev/shm", SAFE, "mode=1777,size=65536k");
	mount_one("mqueue", "dev/mqueue", SAFE, NULL);
	mount_one("sysfs", "sys", SAFE | MS_RDONLY, NULL);
	mount_cgroups();
	fill_dev();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "chdir");
	mask();
	must(mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), "make / read-only");
}

static void drop_privileges(void)
{
	const uint32_t keep = 1U << CAP_AUDIT_WRITE | 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2] = { { keep, keep, 0 }, { 0, 0, 0 } };
	struct rlimit files = { 1024, 1024 };

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (cap > 31 || !(keep & 1U << cap))
			must(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "drop a capability");
	must(syscall(SYS_capset, &head, sets), "capset");
	must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void be_container(char *const *argv)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char term[] = "TERM=xterm";
	char *env[] = { path, term, NULL };

	enter_cgroups();
	make_root(argv[1]);
	must(sethostname("floor", 5), "sethostname");
	drop_privileges();
	must(execve(argv[2], argv + 2, env), argv[2]);
}

int main(int argc, char **argv)
{
	struct clone_args how = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET,
		.exit_signal = SIGCHLD,
	};
	int status;
	long pid;

	if (argc < 3) {
		fputs("usage: floor ROOTFS PROGRAM [ARGUMENT...]\n", stderr);
		return 125;
	}
	(void)snprintf(name, sizeof(name), "floor-%d", (int)getpid());
	v2 = access(CGROUPS "/cgroup.controllers", F_OK) == 0;
	make_cgroups();
	if (v2) {
		how.flags |= CLONE_INTO_CGROUP;
		how.cgroup =
			(uint64_t)must(open(cgroup_file("", ""), O_PATH | O_CLOEXEC), "cgroup");
	}
	pid = must(syscall(SYS_clone3, &how, sizeof(how)), "clone3");
	if (pid == 0)
		be_container(argv);
	must(waitpid((pid_t)pid, &status, 0), "wait");
	remove_cgroups();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
