/* hot_mounts.c - inside a running container: attach or take away mounts
 *
 * This process has joined the container, whose root is "/" here. Nothing is done through the
 * container's /proc; what is unmounted is named by one component, relative to the folder that it
 * lies in, so that no link leads to another mount (a masked path, say).
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "os/path.h"

static int open_root(struct init *in, struct err *e)
{
	in->rootfd = fd_open("/", O_PATH | O_DIRECTORY);
	return in->rootfd < 0 ? fail_sys(e, "open the container's root") : 0;
}

/* Take away what is mounted at @target, an absolute clean path. */
static int unmount(struct init *in, const char *target, struct err *e)
{
	const char *slash = strrchr(target, '/');
	own_fd int folder = FD_NONE;
	char head[PATH_MAX];

	if (!slash || !slash[1] || (size_t)(slash - target) >= sizeof(head))
		return fail(e, ERR_INPUT, "unmount '%s': it cannot be", target);
	memcpy(head, target, (size_t)(slash - target));
	head[slash - target] = '\0';
	folder = path_open(in->rootfd, *head ? head : "/", O_PATH | O_DIRECTORY, 0, e);
	if (folder < 0)
		return -1;
	if (fchdir(folder) < 0)
		return fail_sys(e, "enter '%s'", head);
	if (umount2(slash + 1, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	fail_sys(e, "unmount '%s'", target);
	return e->sysno == EINVAL ? fail_hint(e, "is anything mounted there?") : -1;
}

int init_add_mounts(struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;
	struct err ignored = { 0 };
	size_t done = 0;

	if (open_root(in, e) < 0)
		return -1;
	if (init_make_mounts_count(in, &done, e) == 0)
		return 0;
	while (done-- > 0)
		if (r->mounts.at[done].kind != PLAN_SYMLINK &&
		    r->mounts.at[done].kind != PLAN_REMOUNT)
			(void)unmount(in, r->mounts.at[done].target, &ignored);
	return -1;
}

int init_remove_mounts(struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;

	if (open_root(in, e) < 0)
		return -1;
	for (size_t i = r->mounts.n; i-- > 0;)
		if (unmount(in, r->mounts.at[i].target, e) < 0)
			return -1;
	return 0;
}
