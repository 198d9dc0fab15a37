/* worker_home.c - the target folder becomes all that there is; then privileges go, and system calls
 *
 * The engine has started us as root (of its user namespace), in namespaces of our own but for the
 * mounts, and we have read nothing yet. The folder is mounted on itself without devices, programs and s-bits, so that a
 * node of a disk that an archive brings cannot be opened even in here; then it becomes the root, and
 * the host's mounts go. What stays of root are the capabilities that making files takes.
 */
#include "layer/worker_home.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/own.h"
#include "base/text.h"
#include "os/mount.h"
#include "os/sandbox.h"
#include "os/sys.h"

#define CAP(x)      (UINT64_C(1) << (x))

/* descriptors: a level for each folder between the root and the last entry */
#define MOST_FILES  4096
#define MOST_MEMORY ((uint64_t)256 << 20)

/* A mount can only be copied where it is, so that comes before we leave the host's. */
static int copy_mount(int target, struct err *e)
{
	const struct mount_attrs attrs = { .set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID |
						  MOUNT_ATTR_NOEXEC };
	own_fd int tree = mount_clone(target, "", false, false, e);

	if (tree < 0 || mount_set(tree, &attrs, e) < 0)
		return -1;
	if (unshare(CLONE_NEWNS) < 0)
		return fail_sys(e, "leave the host's mount namespace");
	/* or the host would see what is mounted in here */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		fail_sys(e, "make the mounts private");
		return e->sysno == EINVAL ? fail_hint(e, "the root of a chroot must be a mount")
					  : -1;
	}
	return give_fd(&tree);
}

/* The folder lies over the host's root, then below it, and then that is gone. Where the first root
 * is an initramfs, which cannot be pivoted, over it is enough, since nobody can take it off. */
static int become_root(int tree, struct err *e)
{
	own_fd int old = fd_open("/", O_PATH | O_DIRECTORY);

	if (old < 0)
		return fail_sys(e, "open '/'");
	if (mount_attach(tree, old, e) < 0)
		return -1;
	if (fchdir(tree) < 0)
		return fail_sys(e, "enter the target folder");
	if (sys_pivot_root(".", ".") == 0)
		return umount2(".", MNT_DETACH) < 0 ? fail_sys(e, "leave the host's mounts") : 0;
	if (errno != EINVAL || chroot(".") < 0)
		return fail_sys(e, "make the target folder the root");
	return 0;
}

static int give_up_privileges(int root, struct err *e)
{
	const struct landlock_rule rule = { .fd = root, .may = LANDLOCK_MAY_CHANGE };
	const struct sandbox_limit limits[] = {
		{ RLIMIT_NOFILE, "RLIMIT_NOFILE", MOST_FILES },
#if !defined(__SANITIZE_ADDRESS__)
		{ RLIMIT_DATA, "RLIMIT_DATA", MOST_MEMORY },
#endif
	};
	const struct sandbox s = {
		.keep_user = true,
		.keep_caps = CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE) | CAP(CAP_FOWNER) |
			     CAP(CAP_FSETID) | CAP(CAP_SETFCAP) | CAP(CAP_MKNOD),
		.rules = &rule,
		.n_rules = 1,
		.limits = limits,
		.n_limits = COUNT(limits),
		.threads = true,
		.refer = true,
	};

	return sandbox_enter(&s, NULL, e);
}

/**
 * worker_shut_in() - shut this process in with a folder, for good
 * @target: the folder; closed
 *
 * Return: a descriptor of the folder, which is "/" now; -1, and nothing may be read then.
 */
int worker_shut_in(int target, struct err *e)
{
	own_fd int tree = FD_NONE, root = FD_NONE;

	/* the engine's end is ours; exec may have forgotten what os/clone.c asked for */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail_sys(e, "ask to end with the engine");
	tree = copy_mount(target, e);
	if (tree < 0 || become_root(tree, e) < 0)
		return -1;
	fd_close(&target);
	root = fd_open("/", O_PATH | O_DIRECTORY);
	if (root < 0)
		return fail_sys(e, "open the target folder");
	if (give_up_privileges(root, e) < 0)
		return -1;
	return give_fd(&root);
}
