/* overlay_fd.c - an overlay whose folders are handed over open (Linux 6.13): nothing is looked up by name
 *
 * No path means no limit on its length, no /proc, and no moment at which anything is mounted where
 * others see it. Ids are shifted below: overlayfs itself can't be id-mapped, but the mounts that its
 * folders come from can.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "os/mount.h"
#include "os/sys.h"
#include "snapshot/overlay_priv.h"

/* struct build - @layers and @folder: the store's, or copies of their mounts with shifted ids; @group: an
 * overlay of the lowest layers, FD_NONE: they need none */
struct build {
	const struct overlay *o;
	int layers, folder, group;
};

static int fail_context(int ctx, const char *doing, struct err *e)
{
	int why = errno;
	char said[256];
	ssize_t n = read(ctx, said, sizeof(said) - 1);

	if (n <= 2)
		return fail_errno(e, why, "%s", doing);
	said[n] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return fail_errno(e, why, "%s: the kernel says \"%s\"", doing, said + 2);
}

static int add_fd(int ctx, const char *key, int at, const char *name, struct err *e)
{
	own_fd int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return fail_sys(e, "open the folder '%s'", name);
	if (sys_fsconfig(ctx, FSCONFIG_SET_FD, key, NULL, fd) < 0) {
		/* before Linux 6.13 no folder can be handed over */
		if ((errno == EINVAL || errno == EOPNOTSUPP) && strcmp(key, "lowerdir+") == 0)
			return fail_errno(e, ENOSYS, "stack layers by descriptor");
		return fail_context(ctx, "stack layers", e);
	}
	return 0;
}

/* The topmost first, as overlayfs wants them. */
static int add_layers(const struct build *b, int ctx, size_t from, size_t n, struct err *e)
{
	for (size_t i = n; i > 0; i--)
		if (add_fd(ctx, "lowerdir+", b->layers, b->o->base->layers[from + i - 1], e) < 0)
			return -1;
	return 0;
}

static int add_options(const struct build *b, int ctx, bool whole, struct err *e)
{
	struct overlay_option options[8];
	size_t n = overlay_options(b->o, whole, options);

	for (size_t i = 0; i < n; i++)
		if (sys_fsconfig(ctx, options[i].value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
				 options[i].word, options[i].value, 0) < 0)
			return fail_context(ctx, "mount an overlay", e);
	return 0;
}

static int finish(int ctx, bool readonly, struct err *e)
{
	int fd;

	if (sys_fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_context(ctx, "mount an overlay", e);
	fd = sys_fsmount(ctx, FSMOUNT_CLOEXEC, readonly ? MOUNT_ATTR_RDONLY : 0);
	return fd < 0 ? fail_context(ctx, "mount an overlay", e) : fd;
}

static int open_context(const struct build *b, struct err *e)
{
	own_fd int ctx = sys_fsopen("overlay", FSOPEN_CLOEXEC);

	if (ctx < 0)
		return fail_sys(e, "open the file system 'overlay'");
	if (sys_fsconfig(ctx, FSCONFIG_SET_STRING, "source", b->o->how->source, 0) < 0)
		return fail_context(ctx, "mount an overlay", e);
	return give_fd(&ctx);
}

static int make_group(const struct build *b, size_t n, struct err *e)
{
	own_fd int ctx = open_context(b, e);

	if (ctx < 0 || add_layers(b, ctx, 0, n, e) < 0 || add_options(b, ctx, false, e) < 0)
		return -1;
	return finish(ctx, true, e);
}

static int add_all(const struct build *b, int ctx, size_t from, struct err *e)
{
	const struct overlay *o = b->o;
	const char *empties[2];

	if (o->folder >= 0 && !overlay_writes(o) &&
	    add_fd(ctx, "lowerdir+", b->folder, "upper", e) < 0)
		return -1;
	if (*o->root && add_fd(ctx, "lowerdir+", b->layers, o->root, e) < 0)
		return -1;
	if (add_layers(b, ctx, from, o->base->n - from, e) < 0 ||
	    (b->group >= 0 && add_fd(ctx, "lowerdir+", b->group, ".", e) < 0))
		return -1;
	for (size_t i = 0, n = overlay_empties(o, empties); i < n; i++)
		if (add_fd(ctx, "lowerdir+", o->base->store->layers, empties[i], e) < 0)
			return -1;
	if (!overlay_writes(o))
		return 0;
	return add_fd(ctx, "upperdir", b->folder, "upper", e) < 0
		       ? -1
		       : add_fd(ctx, "workdir", b->folder, "work", e);
}

static int make_whole(const struct build *b, size_t from, struct err *e)
{
	const struct overlay *o = b->o;
	own_fd int ctx = open_context(b, e), fd = FD_NONE;
	struct overlay_writer before;

	if (ctx < 0 || add_all(b, ctx, from, e) < 0)
		return -1;
	if (add_options(b, ctx, true, e) < 0 || overlay_become(o, b->folder, &before, e) < 0)
		return -1;
	fd = finish(ctx, o->how->readonly, e);
	overlay_become_again(&before);
	return fd < 0 || overlay_check_writable(o, fd, e) < 0 ? -1 : give_fd(&fd);
}

/* See overlay_claim.c. */
static int make_trial(const struct build *b, struct err *e)
{
	own_fd int ctx = open_context(b, e), fs = FD_NONE;

	fs = ctx < 0 ? -1 : mount_make_fs("tmpfs", "tare", "mode=0700", 0, e);
	if (fs < 0)
		return -1;
	if (mkdirat(fs, "upper", 0700) < 0 || mkdirat(fs, "work", 0700) < 0)
		return fail_sys(e, "make a folder in a tmpfs");
	if (add_fd(ctx, "lowerdir+", b->folder, "upper", e) < 0 ||
	    add_fd(ctx, "upperdir", fs, "upper", e) < 0 ||
	    add_fd(ctx, "workdir", fs, "work", e) < 0 || add_options(b, ctx, true, e) < 0)
		return -1;
	return finish(ctx, false, e);
}

/* The whole keeps the group that it stands on. */
static int make(struct build *b, struct err *e)
{
	size_t grouped = overlay_grouped(b->o->base->n);
	own_fd int group = FD_NONE;

	if (b->o->trial)
		return make_trial(b, e);
	if (grouped && (group = make_group(b, grouped, e)) < 0)
		return -1;
	b->group = group;
	return make_whole(b, grouped, e);
}

/**
 * overlay_by_fd() - mount an overlay, attached nowhere
 *
 * Return: a mount, or -1; e->sysno is ENOSYS before Linux 6.13.
 */
int overlay_by_fd(const struct overlay *o, struct err *e)
{
	struct build b = { .o = o, .layers = o->base->store->layers, .folder = o->folder };
	own_fd int layers = FD_NONE, folder = FD_NONE;

	if (sys_lacks(SYS_OVERLAY_FD))
		return fail_sys(e, "stack layers by descriptor");
	if (o->how->userns >= 0) {
		b.layers = layers = overlay_take(b.layers, o->how->userns, e);
		if (layers < 0)
			return -1;
		if (o->folder >= 0)
			b.folder = folder = overlay_take(o->folder, o->how->userns, e);
		if (o->folder >= 0 && folder < 0)
			return -1;
	}
	return make(&b, e);
}
