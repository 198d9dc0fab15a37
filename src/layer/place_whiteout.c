/* place_whiteout.c - what a layer says about the layers below it
 *
 * A whiteout is of these only, wherever it stands in the archive (image-spec layer.md). For overlayfs
 * it is a node of device 0:0, which takes no privilege since Linux 5.8; where this layer has brought
 * something of that name itself, that hides what is below anyway, but for a folder: it would be
 * merged, so it becomes opaque.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "layer/place_priv.h"

/**
 * place_mark_opaque() - a folder hides those below it
 * @fd: the folder
 *
 * trusted.overlay.opaque is for the engine to set, since the worker has no CAP_SYS_ADMIN.
 */
int place_mark_opaque(struct place *p, const char *path, int fd, struct err *e)
{
	p->result->opaque++;
	if (p->job->opaque == UNPACK_OPAQUE_USER)
		return fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0
			       ? fail_sys(e, "make '/%s' opaque", path)
			       : 0;
	if (p->opaque.len + strlen(path) + 1 > UNPACK_OPAQUE_BYTES)
		return fail(e, ERR_LIMIT, "the archive has too many opaque folders");
	str_add_len(&p->opaque, path, strlen(path) + 1);
	return p->opaque.torn ? fail_errno(e, ENOMEM, "remember opaque folders") : 0;
}

static int whiteout_node(struct place *p, int parent, struct err *e)
{
	const char *base = place_base(&p->name);
	own_fd int fd = FD_NONE;

	if (mknodat(parent, base, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST) {
		fail_sys(e, "make the whiteout '/%s'", p->name.path);
		return errno == EPERM ? fail_hint(e, "it takes Linux 5.8, or CAP_MKNOD") : -1;
	}
	fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? place_mark_opaque(p, p->name.path, fd, e) : 0;
}

static int hide_one(struct place *p, struct err *e)
{
	const bool apply = p->job->mode == UNPACK_APPLY;
	int parent = place_enter(p, p->name.path, place_parent(&p->name),
				 apply ? PLACE_LEAVE : PLACE_MAKE, e);

	if (apply && parent == -ENOENT)
		return 0;
	if (parent < 0)
		return -1;
	if (!apply)
		return whiteout_node(p, parent, e);
	if (place_remove(&p->made, parent, place_base(&p->name), e) < 0)
		return fail_in(e, "whiteout of '/%s'", p->name.path);
	return p->aliases ? place_leave_all(p, e) : 0;
}

static int hide_all(struct place *p, struct err *e)
{
	const bool apply = p->job->mode == UNPACK_APPLY;
	int dir = place_enter(p, p->name.path, p->name.len, apply ? PLACE_LEAVE : PLACE_MAKE, e);

	if (apply && dir == -ENOENT)
		return 0;
	if (dir < 0)
		return -1;
	if (apply)
		return place_empty(&p->made, dir, e) < 0
			       ? fail_in(e, "whiteout of all in '/%s'", p->name.path)
			       : 0;
	/* the engine looks for the folder by its name, and follows no links */
	if (p->aliases)
		return fail(e, ERR_INPUT, "the opaque folder '/%s' is reached through a link",
			    p->name.path);
	return place_mark_opaque(p, p->name.path, dir, e);
}

/* place_whiteout() - do what the whiteout @p->name says (whiteout_of()) */
int place_whiteout(struct place *p, enum whiteout what, struct err *e)
{
	if (what == WHITEOUT_AUFS)
		return 0;
	p->result->whiteouts++;
	return what == WHITEOUT_ONE ? hide_one(p, e) : hide_all(p, e);
}
