/* home.c - a container without a mount namespace: leaves the one that its mounts were made in
 *
 * Such a container's program runs in the runtime's mount namespace. Were its mounts made there,
 * they would be the host's: to be seen by all, spread to the host's peers, and left behind by
 * whatever dies too early to take them away. So they are made in a mount namespace that lives for
 * the start only, by the code that makes everybody's. In the end a detached copy of the whole tree
 * becomes this process's root, and it returns to where the runtime is.
 *
 * The copy is in no namespace. The kernel lets go of each mount when nobody uses it any more
 * (dissolve_on_fput() in fs/namespace.c leaves the tree connected for those who do), so there is
 * nothing to record and nothing to clean up, whoever is killed when. No mount of it can be
 * unmounted or remounted, with any capability. But the kernel keeps names from being removed or
 * renamed only where the caller's own namespace mounts on them: who may write to a folder may take
 * away what is mounted in it, with the mount. And there is nothing above the copy:
 * a second chroot and ".." lead to its top, not to the host. Only setns(2) does, for which it
 * takes CAP_SYS_ADMIN and CAP_SYS_CHROOT both; and a chrooted process can make no user namespace
 * to have them in (current_chrooted()).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "os/mount.h"
#include "os/path.h"

/* The terminal as the copy has it; ttyname(3) would not find the one that we have. FD_NONE where
 * the container shows it elsewhere, or something else in its place. */
static int find_terminal(int root)
{
	own_fd int fd = FD_NONE;
	struct stat have, found;
	char path[32];

	if (fstat(0, &have) < 0)
		return FD_NONE;
	snprintf(path, sizeof(path), "/dev/pts/%u", minor(have.st_rdev));
	fd = path_try_open(root, path, O_PATH, PATH_NOLINKS);
	if (fd < 0 || fstat(fd, &found) < 0 || found.st_dev != have.st_dev ||
	    found.st_ino != have.st_ino)
		return FD_NONE;
	return give_fd(&fd);
}

/* The host's /proc is in reach. */
static int exchange_terminal(int found, struct err *e)
{
	own_fd int slave = FD_NONE;
	char link[32];

	path_fd_link(found, link);
	slave = open(link, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return fail_sys(e, "open the terminal again");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return fail_sys(e, "put it on descriptor %d", fd);
	return 0;
}

static int add_place(uint64_t *sum, int root, const char *path, struct err *e)
{
	own_fd int fd = path_try_open(root, path, O_PATH, 0);
	struct stat st = { 0 };

	/* masked, but not there */
	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
		return fail_errno(e, -fd, "open '%s'", path);
	if (fd >= 0 && fstat(fd, &st) < 0)
		return fail_sys(e, "look at '%s'", path);
	*sum = (*sum * 31 + st.st_dev) * 31 + st.st_ino;
	return 0;
}

/* One number for what lies at all places where something was mounted. */
static int look_over(const struct plan_rootfs *r, int root, uint64_t *ret_sum, struct err *e)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->mounts.n; i++)
		if (add_place(&sum, root, r->mounts.at[i].target, e) < 0)
			return -1;
	for (char **path = r->masked; path && *path; path++)
		if (add_place(&sum, root, *path, e) < 0)
			return -1;
	*ret_sum = sum;
	return 0;
}

/* The last descriptor of the copy is closed; without its mounts the root would have no masks. */
static int check_copy(const struct init *in, uint64_t want, struct err *e)
{
	own_fd int root = fd_open("/", O_PATH | O_DIRECTORY);
	uint64_t is = 0;

	if (root < 0)
		return fail_sys(e, "open '/'");
	if (look_over(in->plan.rootfs, root, &is, e) < 0)
		return -1;
	if (is == want)
		return 0;
	return fail(e, ERR_SYSTEM, "keep the mounts: the kernel has taken them from the root");
}

/* init_go_home() - with the root that we have, back into the runtime's mount namespace */
int init_go_home(struct init *in, struct err *e)
{
	own_fd int root = mount_clone(AT_FDCWD, "/", true, false, e);
	own_fd int terminal = FD_NONE;
	uint64_t places = 0;

	if (root < 0 || look_over(in->plan.rootfs, root, &places, e) < 0)
		return -1;
	if (in->plan.terminal)
		terminal = find_terminal(root);
	if (setns((int)in->plan.home, CLONE_NEWNS) < 0)
		return fail_sys(e, "join it");
	if (terminal >= 0 && exchange_terminal(terminal, e) < 0)
		return -1;
	/* setns has put us on the host's root */
	if (fchdir(root) < 0 || chroot(".") < 0)
		return fail_sys(e, "chroot to the root");
	if (!in->plan.terminal)
		init_use_own_null(root);
	(void)close((int)in->plan.home);
	fd_close(&in->rootfd);
	fd_close(&root);
	return check_copy(in, places, e);
}
