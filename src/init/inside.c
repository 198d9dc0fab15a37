/* inside.c - bind mounts whose source lies in the container's own tree
 *
 * Such a source may be what an earlier mount of the same config has made, so it is opened when its
 * turn comes, and as the container would open it: within the root, whatever links the image has on
 * the way. In a user namespace only the runtime may shift a mount's ids. It gets a socket of the
 * mount's own, in which the tree waits already, and answers there: the stages' socket may hold the
 * end of a row that was done ahead.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/own.h"
#include "init/init.h"
#include "os/idmap.h"
#include "os/mount.h"
#include "os/msg.h"
#include "os/path.h"

static int hear_answer(int sock, struct err *e)
{
	own_fd int none = FD_NONE;
	struct msg m = { 0 };
	ssize_t n = msg_try_recv(sock, &m, sizeof(m), &none);

	if (n >= (ssize_t)MSG_SHORT && m.kind == MSG_DONE)
		return 0;
	/* the runtime has its own error, and ends the start with it */
	return fail(e, ERR_SYSTEM, "map the mount's ids: the runtime did not");
}

static int idmap_by_runtime(struct init *in, const struct plan_mount *m, int tree, struct err *e)
{
	own_fd int ours = FD_NONE, theirs = FD_NONE;
	int pair[2], sent;

	if (msg_pair(pair, e) < 0)
		return -1;
	ours = pair[0];
	theirs = pair[1];
	sent = recipe_tell(ours, MSG_IDMAP, 0, tree);
	if (sent == 0)
		sent = recipe_tell(in->recipe.peer, MSG_IDMAP, m - in->plan.rootfs->mounts.at,
				   theirs);
	if (sent < 0)
		return fail_errno(e, -sent, "ask for the mount's ids to be mapped");
	fd_close(&theirs);
	return hear_answer(ours, e);
}

static int shift_ids(struct init *in, const struct plan_mount *m, int tree, struct err *e)
{
	if (m->userns_fd < 0)
		return 0;
	return in->plan.in_userns ? idmap_by_runtime(in, m, tree, e)
				  : mount_idmap(tree, (int)m->userns_fd, m->rec_idmap, e);
}

/* In a user namespace, what the source has is what the kernel will have locked. */
static int settle_attrs(const struct init *in, int source, struct mount_attrs *a, struct err *e)
{
	struct statvfs fs;

	if (!in->plan.in_userns)
		return mount_settle(a, NULL, e);
	if (fstatvfs(source, &fs) < 0)
		return fail_sys(e, "look at the mount of the source");
	return mount_settle(a, &fs, e);
}

/* Linux < 5.12 can't change the attributes of what is detached, < 5.2 can't detach at all. */
static int bind_here(int source, const struct plan_mount *m, const struct mount_attrs *attrs,
		     int target, struct err *e)
{
	if (m->userns_fd >= 0 || attrs->set || attrs->clr || attrs->rec_set || attrs->rec_clr) {
		fail_errno(e, ENOSYS, "bind '%s' of the container's own tree with options",
			   m->source);
		return fail_hint(e, "it needs Linux 5.12");
	}
	return mount_bind_at(source, m->recursive, target, e);
}

/**
 * init_open_inside() - open the source of a mount that is inside
 * @ret_shape: what the mount's target has to be, enum plan_target
 *
 * Return: an O_PATH descriptor, or -1.
 */
int init_open_inside(struct init *in, const struct plan_mount *m, uint32_t *ret_shape,
		     struct err *e)
{
	own_fd int source =
		path_open(in->rootfd, m->source, O_PATH, m->src_nofollow ? PATH_NOFOLLOW : 0, e);
	struct stat st;

	if (source < 0)
		return fail_hint(e,
				 "the source is below the root, where no mount before this one has "
				 "made it");
	if (fstat(source, &st) < 0)
		return fail_sys(e, "look at '%s'", m->source);
	*ret_shape = S_ISDIR(st.st_mode) ? PLAN_TARGET_DIR : PLAN_TARGET_FILE;
	return give_fd(&source);
}

/* init_bind_inside() - what init_open_inside() opened appears on @target */
int init_bind_inside(struct init *in, const struct plan_mount *m, int source, int target,
		     struct err *e)
{
	struct mount_attrs attrs = init_mount_attrs(m);
	own_fd int tree = FD_NONE;

	if (settle_attrs(in, source, &attrs, e) < 0)
		return -1;
	tree = mount_clone(source, "", m->recursive, false, e);
	if (tree < 0)
		return e->sysno == ENOSYS ? bind_here(source, m, &attrs, target, e) : -1;
	if (shift_ids(in, m, tree, e) < 0)
		return -1;
	if (mount_set(tree, &attrs, e) < 0)
		return e->sysno == ENOSYS ? bind_here(source, m, &attrs, target, e) : -1;
	return mount_attach(tree, target, e);
}
