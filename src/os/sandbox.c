/* sandbox.c - limits, user, capabilities, Landlock and a seccomp filter that is a list of refusals */
#include "os/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "os/caps.h"
#include "os/creds.h"
#include "os/file.h"
#include "os/seccomp_load.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#error "sandbox.c: name this architecture's AUDIT_ARCH_*"
#endif

/* Nobody who parses needs these: programs, other processes, mounts, the kernel's knobs. */
static const int refused_always[] = {
	SYS_acct,
	SYS_add_key,
	SYS_adjtimex,
	SYS_bpf,
	SYS_chroot,
	SYS_clock_adjtime,
	SYS_clock_settime,
	SYS_delete_module,
	SYS_execve,
	SYS_execveat,
	SYS_fanotify_init,
	SYS_finit_module,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fsopen,
	SYS_fspick,
	SYS_init_module,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	SYS_io_uring_setup,
	SYS_kcmp,
	SYS_kexec_load,
	SYS_keyctl,
	SYS_memfd_create,
	SYS_mount,
	SYS_mount_setattr,
	SYS_move_mount,
	SYS_name_to_handle_at,
	SYS_open_by_handle_at,
	SYS_open_tree,
	SYS_perf_event_open,
	SYS_personality,
	SYS_pidfd_getfd,
	SYS_pidfd_open,
	SYS_pidfd_send_signal,
	SYS_pivot_root,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_ptrace,
	SYS_quotactl,
	SYS_reboot,
	SYS_request_key,
	SYS_setdomainname,
	SYS_sethostname,
	SYS_setns,
	SYS_settimeofday,
	SYS_swapoff,
	SYS_swapon,
	SYS_syslog,
	SYS_umount2,
	SYS_unshare,
	SYS_userfaultfd,
	SYS_vhangup,
#ifdef SYS_fork
	SYS_fork,
	SYS_vfork,
#endif
#ifdef SYS_iopl
	SYS_iopl,
	SYS_ioperm,
#endif
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
};

#define FILTER_ROOM 160

struct filter {
	struct sock_filter at[FILTER_ROOM];
	size_t n;
};

static void emit(struct filter *f, struct sock_filter instruction)
{
	if (f->n < FILTER_ROOM)
		f->at[f->n++] = instruction;
}

static void load(struct filter *f, size_t offset)
{
	emit(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct filter *f, uint32_t action)
{
	emit(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* The number is loaded; what is refused has an answer of its own right behind it. */
static void refuse(struct filter *f, int number, int error)
{
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1));
	answer(f, SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* clone(2) may make threads only: CLONE_THREAD, and none of the namespaces. */
static void judge_clone(struct filter *f)
{
	const uint32_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 5));
	load(f, offsetof(struct seccomp_data, args[0]));
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, spaces, 1, 0));
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
	answer(f, SECCOMP_RET_ERRNO | EPERM);
	answer(f, SECCOMP_RET_ALLOW);
}

/* socket(2): the internet's, netlink for getaddrinfo(3), and unix ones for nscd and resolved. */
static void judge_socket(struct filter *f)
{
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 7));
	load(f, offsetof(struct seccomp_data, args[0]));
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 4, 0));
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 3, 0));
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 2, 0));
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0));
	answer(f, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	answer(f, SECCOMP_RET_ALLOW);
}

static void refuse_network(struct filter *f)
{
	static const int calls[] = { SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept4 };

	for (size_t i = 0; i < COUNT(calls); i++)
		refuse(f, calls[i], EPERM);
}

static void build_filter(const struct sandbox *s, struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	answer(f, SECCOMP_RET_KILL_PROCESS);
	load(f, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	/* x32's numbers are the same calls once more */
	emit(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
	answer(f, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	for (size_t i = 0; i < COUNT(refused_always); i++)
		refuse(f, refused_always[i], EPERM);
	/* its flags lie in memory, where no filter can look; libc then takes clone(2) */
	refuse(f, SYS_clone3, ENOSYS);
	if (s->threads)
		judge_clone(f);
	else
		refuse(f, SYS_clone, EPERM);
	if (s->network)
		judge_socket(f);
	else
		refuse_network(f);
	answer(f, SECCOMP_RET_ALLOW);
}

static int enter_seccomp(const struct sandbox *s, struct err *e)
{
	struct filter f = { .n = 0 };

	build_filter(s, &f);
	if (f.n == FILTER_ROOM)
		return fail(e, ERR_BUG, "build the sandbox's filter: no room");
	return seccomp_install(f.at, f.n * sizeof(f.at[0]), 0, NULL, e);
}

static int set_limit(int resource, const char *name, uint64_t most, struct err *e)
{
	struct rlimit now;

	if (getrlimit(resource, &now) < 0)
		return fail_sys(e, "read %s", name);
	if (now.rlim_max > most)
		now.rlim_max = most;
	if (now.rlim_cur > now.rlim_max)
		now.rlim_cur = now.rlim_max;
	if (setrlimit(resource, &now) < 0)
		return fail_sys(e, "set %s", name);
	return 0;
}

static int set_limits(const struct sandbox *s, struct err *e)
{
	for (size_t i = 0; i < s->n_limits; i++)
		if (set_limit(s->limits[i].resource, s->limits[i].name, s->limits[i].most, e) < 0)
			return -1;
	return set_limit(RLIMIT_CORE, "RLIMIT_CORE", 0, e);
}

/**
 * is_mapped() - is an id one of this user namespace's?
 * @map: /proc/self/uid_map or gid_map, lines of: first id inside, first outside, how many
 *
 * Who cannot read it is taken to have it, and fails closed later.
 */
static bool is_mapped(const char *map, uint64_t id)
{
	char text[4096], *at = text;

	if (file_try_read(AT_FDCWD, map, text, sizeof(text)) < 0)
		return true;
	while (*at) {
		const char *line = at;
		uint64_t first = strtoull(at, &at, 10), n;

		(void)strtoull(at, &at, 10);
		n = strtoull(at, &at, 10);
		if (at == line || (id >= first && id - first < n))
			return true;
		at += strspn(at, " \n");
	}
	return false;
}

/* Root becomes nobody; but root of a user namespace of one user is that user, and stays so. */
static bool becomes_nobody(const struct sandbox *s)
{
	return !s->keep_user && geteuid() == 0 && is_mapped("/proc/self/uid_map", SANDBOX_NOBODY) &&
	       is_mapped("/proc/self/gid_map", SANDBOX_NOBODY);
}

/* The bounding set goes first, which takes a capability itself. */
static int drop_user(const struct sandbox *s, struct err *e)
{
	bool to_nobody = becomes_nobody(s);
	uint64_t keep = s->keep_user ? s->keep_caps : 0;
	struct caps now;

	if (caps_read(&now, e) < 0)
		return -1;
	if (now.effective >> 8 & 1 && caps_bound(&now, keep, e) < 0) /* CAP_SETPCAP */
		return -1;
	if (to_nobody &&
	    (creds_set_groups(NULL, 0, e) < 0 || creds_set_gid(SANDBOX_NOBODY, e) < 0 ||
	     creds_set_uid(SANDBOX_NOBODY, e) < 0))
		return -1;
	if (caps_set_ambient(0, e) < 0)
		return -1;
	return caps_set(keep & now.permitted, keep & now.permitted, 0, e);
}

/* A change of user makes the kernel forget with whom we are to end, so this comes after it. */
static int bind_to_parent(int parent, struct err *e)
{
	if (!parent)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail_sys(e, "ask to end with the parent");
	if (getppid() != parent)
		return fail(e, ERR_SYSTEM, "enter a sandbox: the parent has ended already");
	return 0;
}

/**
 * sandbox_enter() - give up all but what @s says
 * @ret_landlock: receives whether files are confined by Landlock; may be NULL
 *
 * Return: 0, or -1, after which the process must do nothing but report and end.
 */
int sandbox_enter(const struct sandbox *s, bool *ret_landlock, struct err *e)
{
	own_fd int ruleset = FD_NONE;
	int has = 0;

	if (set_limits(s, e) < 0)
		return -1;
	if (!s->refer || landlock_try_version() != 1)
		has = landlock_prepare(s->rules, s->n_rules, &ruleset, e);
	if (has < 0 || drop_user(s, e) < 0 || bind_to_parent(s->parent, e) < 0)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail_sys(e, "forbid tracers");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_sys(e, "set no_new_privs");
	if (has && landlock_enter(ruleset, e) < 0)
		return -1;
	if (ret_landlock)
		*ret_landlock = has;
	return enter_seccomp(s, e);
}
