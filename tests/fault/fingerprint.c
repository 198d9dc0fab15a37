/* fingerprint - a container's program that prints all that its security rests on, a line each
 *
 * Two runs of one config must print the same, whatever happened to the runtime on the way. Runs
 * as whatever user the config says, in a rootfs that may hold nothing but this program.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static void print_file(const char *path, const char *const *wanted)
{
	FILE *f = fopen(path, "re");
	char line[4096];

	if (!f) {
		printf("%s: %s\n", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), f))
		for (const char *const *w = wanted; !wanted || *w; w++)
			if (!wanted || strncmp(line, *w, strlen(*w)) == 0) {
				printf("%s: %s", path, line);
				break;
			}
	fclose(f);
}

static void print_status(void)
{
	static const char *const wanted[] = {
		"Umask",       "NoNewPrivs",
		"Seccomp",     "Cap",
		"Uid",         "Gid",
		"Groups",      "NSpid",
		"SigBlk",      "SigIgn",
		"SigCgt",      "SigQ",
		"CoreDumping", "Cpus_allowed_list",
		NULL,
	};

	print_file("/proc/self/status", wanted);
}

/* Everything but the ids, which differ from run to run. */
static void print_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		char *p = line;

		for (int i = 0; i < 3 && p; i++)
			p = strchr(p + 1, ' ');
		printf("mount:%s", p ? p : "?\n");
	}
	if (f)
		fclose(f);
}

static void print_links(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		char path[512], target[512];
		ssize_t n;

		if (d->d_name[0] == '.' || atoi(d->d_name) == dirfd(dir))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		printf("%s: %s\n", path, target);
	}
	if (dir)
		closedir(dir);
}

static void print_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit r;

		if (getrlimit(i, &r) == 0)
			printf("limit %d: %llx %llx\n", i, (unsigned long long)r.rlim_cur,
			       (unsigned long long)r.rlim_max);
	}
}

/* May this be opened, and how much comes of it? A masked file gives nothing. */
static void try_read(const char *path)
{
	char buf[16];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		printf("read %s: %s\n", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		printf("read %s: directory of %ju links\n", path, (uintmax_t)st.st_nlink);
	else
		printf("read %s: mode %o rdev %jx %s\n", path, st.st_mode, (uintmax_t)st.st_rdev,
		       read(fd, buf, sizeof(buf)) > 0 ? "bytes" : "nothing");
	if (fd >= 0)
		close(fd);
}

static void try_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

	printf("write %s: %s\n", path, fd < 0 ? strerror(errno) : "open");
	if (fd >= 0)
		close(fd);
}

static void try_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	printf("create %s: %s\n", path, fd < 0 ? strerror(errno) : "made");
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
}

static void print_self(void)
{
	struct utsname u;
	char cwd[512], key[256] = "none";

	uname(&u);
	printf("host %s domain %s\n", u.nodename, u.domainname);
	printf("cwd %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
	printf("personality %x\n", personality(0xffffffff));
	printf("leader %d dumpable %d parent-death %d\n", getsid(0) == getpid(),
	       prctl(PR_GET_DUMPABLE), 0);
	printf("priority %d\n", getpriority(PRIO_PROCESS, 0));
	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, key, sizeof(key)) < 0)
		snprintf(key, sizeof(key), "%s", strerror(errno));
	printf("keyring %s\n", key);
	for (char **v = environ; *v; v++)
		printf("env %s\n", *v);
}

/* Ways into the kernel that a policy closes. */
// clang-format off
static const struct { const char *name; long nr, a, b, c; } doors[] = {
	{ "af_alg",            SYS_socket,            38, SOCK_SEQPACKET, 0 },
	{ "af_packet",         SYS_socket,            17, SOCK_RAW, 0 },
	{ "af_vsock",          SYS_socket,            40, SOCK_STREAM, 0 },
	{ "unshare_user",      SYS_unshare,           0x10000000, 0, 0 },
	{ "mount",             SYS_mount,             0, 0, 0 },
	{ "bpf",               SYS_bpf,               0, 0, 0 },
	{ "perf_event_open",   SYS_perf_event_open,   0, 0, 0 },
	{ "userfaultfd",       SYS_userfaultfd,       0, 0, 0 },
	{ "io_uring_setup",    SYS_io_uring_setup,    1, 0, 0 },
	{ "keyctl",            SYS_keyctl,            0, -3, 0 },
	{ "add_key",           SYS_add_key,           0, 0, 0 },
	{ "open_by_handle_at", SYS_open_by_handle_at, -1, 0, 0 },
	{ "kexec_load",        SYS_kexec_load,        0, 0, 0 },
	{ "init_module",       SYS_init_module,       0, 0, 0 },
	{ "clone3",            SYS_clone3,            0, 0, 0 },
};
// clang-format on

static void try_doors(void)
{
	for (size_t i = 0; i < sizeof(doors) / sizeof(*doors); i++) {
		long r = syscall(doors[i].nr, doors[i].a, doors[i].b, doors[i].c, 0, 0);

		printf("door %s: %s\n", doors[i].name, r < 0 ? strerror(errno) : "open");
	}
}

/* Does a character pushed back into standard input's terminal arrive there? */
static void try_push(void)
{
	const unsigned long requests[] = { TIOCSTI, 0x100000000UL | TIOCSTI, TIOCLINUX };

	for (size_t i = 0; i < 3; i++)
		printf("push %lx: %s\n", requests[i],
		       syscall(SYS_ioctl, 0, requests[i], "!") < 0 ? strerror(errno) : "done");
}

int main(int argc, char **argv)
{
	print_status();
	print_self();
	print_limits();
	print_mounts();
	print_links("/proc/self/ns");
	print_links("/proc/self/fd");
	print_file("/proc/self/cgroup", NULL);
	print_file("/proc/self/oom_score_adj", NULL);
	print_file("/proc/self/uid_map", NULL);
	print_file("/proc/self/setgroups", NULL);
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "read:", 5) == 0)
			try_read(argv[i] + 5);
		else if (strncmp(argv[i], "write:", 6) == 0)
			try_write(argv[i] + 6);
		else if (strncmp(argv[i], "create:", 7) == 0)
			try_create(argv[i] + 7);
		else if (strncmp(argv[i], "show:", 5) == 0)
			print_file(argv[i] + 5, NULL);
		else if (strcmp(argv[i], "doors:") == 0)
			try_doors();
		else if (strcmp(argv[i], "push:") == 0)
			try_push();
		else if (strcmp(argv[i], "sleep:") == 0)
			for (;;)
				pause();
	puts("complete");
	return 0;
}
