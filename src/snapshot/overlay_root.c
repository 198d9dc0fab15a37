/* overlay_root.c - what the root folder of an overlay looks like
 *
 * overlayfs shows the root of its uppermost folder. But an archive need not have an entry for the root, as
 * the layers of most builders have none but the lowest, and what it was unpacked into says nothing then of
 * mode, owner and attributes. Those are what the uppermost layer says that does name it, as with Docker and
 * podman. So a layer without such an entry has a mark, of a name that overlayfs keeps to itself; layers
 * that were unpacked before there was one count as naming it.
 *
 * A snapshot's upper folder gets the attributes when it is made. An image that is mounted by itself has
 * none; where its last layer does not name the root, an empty folder that looks as it should,
 * layers/.root-NAME, goes on top. It goes when the layer NAME does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/own.h"
#include "base/text.h"
#include "os/tree_copy.h"
#include "snapshot/overlay_priv.h"

#define ROOTLESS "overlay.tare.rootless"

/* Notes that are of the layer itself, by both families of names. */
static const char *const marks[] = { "trusted.overlay.opaque", "user.overlay.opaque",
				     "trusted.overlay.origin", "user.overlay.origin",
				     "trusted." ROOTLESS,      "user." ROOTLESS };

static const char *rootless(const struct store *s)
{
	return s->user_xattrs ? "user." ROOTLESS : "trusted." ROOTLESS;
}

/* overlay_rootless() - note that the archive of the layer in @target has no entry for the root */
int overlay_rootless(const struct store *s, int target, struct err *e)
{
	return fsetxattr(target, rootless(s), "y", 1, 0) < 0
		       ? fail_sys(e, "note that a layer does not name the root")
		       : 0;
}

static int open_layer(const struct snapshot_base *b, size_t i, struct err *e)
{
	int fd = openat(b->store->layers, b->layers[i],
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? fail_sys(e, "open the layer '%s'", b->layers[i]) : fd;
}

/* The uppermost layer that names the root, or the uppermost of all where none does; open. */
static int open_naming(const struct snapshot_base *b, size_t *ret_i, struct err *e)
{
	*ret_i = b->n - 1;
	for (size_t i = b->n; i > 0; i--) {
		own_fd int fd = open_layer(b, i - 1, e);

		if (fd < 0)
			return -1;
		if (fgetxattr(fd, rootless(b->store), NULL, 0) >= 0)
			continue;
		*ret_i = i - 1;
		return give_fd(&fd);
	}
	return open_layer(b, b->n - 1, e);
}

static int copy_look(int from, int to, struct err *e)
{
	if (tree_copy_attributes(from, to, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(marks); i++)
		(void)fremovexattr(to, marks[i]);
	return 0;
}

/* overlay_root_look() - make the folder @upper look as the root of the image does */
int overlay_root_look(const struct snapshot_base *b, int upper, struct err *e)
{
	own_fd int from = FD_NONE;
	size_t i;

	if (b->n == 0)
		return 0;
	from = open_naming(b, &i, e);
	return from < 0 ? -1 : copy_look(from, upper, e);
}

/**
 * overlay_root_above() - the folder that goes above an image's layers, so that its root looks right
 * @ret: its name in layers/; "": the last layer's root does
 *
 * Whoever was killed in it has left a folder that looks wrong; so it is made to look right each time.
 */
int overlay_root_above(const struct snapshot_base *b, char ret[OVERLAY_ROOT], struct err *e)
{
	own_fd int from = FD_NONE, fd = FD_NONE;
	size_t i;

	*ret = '\0';
	if (b->n == 0)
		return 0;
	from = open_naming(b, &i, e);
	if (from < 0)
		return -1;
	if (i == b->n - 1)
		return 0;
	snprintf(ret, OVERLAY_ROOT, STORE_LAYER_ROOT "%s", b->layers[i]);
	if (mkdirat(b->store->layers, ret, 0700) < 0 && errno != EEXIST)
		return fail_sys(e, "make the folder '%s'", ret);
	fd = openat(b->store->layers, ret, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail_sys(e, "open the folder '%s'", ret) : copy_look(from, fd, e);
}
