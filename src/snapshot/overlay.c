/* overlay.c - the driver `overlay`: layers as they came, stacked by overlayfs
 *
 *     snapshots/ID/upper   what was written
 *     snapshots/ID/work    overlayfs's own
 *     snapshots/ID/boot    of a volatile mount: the boot that it was mounted in
 *
 * One mount takes 500 layers. When there are more, the lowest 500 go into an overlay of their own, which
 * the upmost one has below it. There can be but one of these: an overlay shows no whiteouts, so nothing
 * in it could hide what lies below it; and the kernel's stack of file systems is two deep. What then
 * does not work is an overlay in the container, on its root.
 *
 * Mounted read-only, what was written is a layer as the others are: overlayfs clears the work folder of
 * what it writes to, and the snapshot may be mounted elsewhere, by a container that is at work.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/clock.h"
#include "base/own.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/mount.h"
#include "os/quota.h"
#include "os/tree.h"
#include "snapshot/overlay_priv.h"
#include "store/snapshots.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT    64

/* overlay_grouped() - how many of @n layers, the lowest, go into an overlay of their own */
size_t overlay_grouped(size_t n)
{
	return n < OVERLAY_LOWERS ? 0 : OVERLAY_LOWERS;
}

/* overlay_writes() - has the mount a folder that it writes to? */
bool overlay_writes(const struct overlay *o)
{
	return o->folder >= 0 && !o->how->readonly;
}

/**
 * overlay_empties() - empty folders that go below all else
 * @ret: their names
 *
 * There must be something below what is written to, and without such a folder there must be two of it.
 */
size_t overlay_empties(const struct overlay *o, const char *ret[2])
{
	size_t grouped = overlay_grouped(o->base->n), want = overlay_writes(o) ? 1 : 2;
	size_t has = o->base->n - grouped + (grouped > 0) + (o->folder >= 0 && !overlay_writes(o)) +
		     (*o->root != '\0');

	ret[0] = OVERLAY_EMPTY;
	ret[1] = OVERLAY_EMPTY2;
	return has < want ? want - has : 0;
}

static int make_empties(const struct overlay *o, struct err *e)
{
	const char *names[2];
	size_t n = overlay_empties(o, names);

	for (size_t i = 0; i < n && i < COUNT(names); i++)
		if (mkdirat(o->base->store->layers, names[i], 0755) < 0 && errno != EEXIST)
			return fail_sys(e, "make the folder '%s'", names[i]);
	return 0;
}

static int refuse_many(const struct snapshot_base *b, struct err *e)
{
	if (b->n <= OVERLAY_MOST)
		return 0;
	fail(e, ERR_LIMIT, "stack %zu layers: overlayfs takes %zu of them", b->n, OVERLAY_MOST);
	return fail_hint(e, "a store of another driver takes more, as by --storage-driver copy");
}

/**
 * overlay_options() - the options of a mount
 * @whole: it is the upmost one, with the writable folder if there is one
 *
 * What an image holds must not lead anywhere: redirections are followed in no layer, and none are
 * written, so that the upper folder alone says what has changed.
 */
size_t overlay_options(const struct overlay *o, bool whole, struct overlay_option ret[8])
{
	size_t n = 0;

	ret[n++] = (struct overlay_option){ "redirect_dir", "nofollow" };
	ret[n++] = (struct overlay_option){ "metacopy", "off" };
	/* with an index the kernel refuses what another overlay writes to, which is what a trial is for */
	ret[n++] = (struct overlay_option){ "index", o->trial ? "on" : "off" };
	if (o->base->store->user_xattrs)
		ret[n++] = (struct overlay_option){ "userxattr", NULL };
	if (whole && o->how->fast && overlay_writes(o))
		ret[n++] = (struct overlay_option){ "volatile", NULL };
	return n;
}

/* Without a map of all ids, trusted.* can be neither read nor written, and would be missed in silence. */
static int check_xattrs(const struct store *s, struct err *e)
{
	if (s->user_xattrs || fsetxattr(s->layers, "trusted.tare", "", 0, 0) == 0 || errno != EPERM)
		return 0;
	fail(e, ERR_UNSUPPORTED,
	     "use the driver overlay: the store's layers have marks that can't "
	     "be read in a user namespace");
	return fail_hint(e, "make another store there, with --root");
}

/* The boot that we are in; empty where nobody says. */
static void this_boot(char ret[BOOT])
{
	int n = file_try_read(AT_FDCWD, BOOT_ID, ret, BOOT);

	ret[n > 0 ? n : 0] = '\0';
}

/* A volatile mount leaves a mark, and the kernel refuses to write to the folder from then on: what was
 * written last may be lost. It is not while the machine has not been restarted. */
static int forgive_volatile(int folder, bool writes, struct err *e)
{
	own_fd int work =
		openat(folder, "work/work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char was[BOOT] = "", is[BOOT];
	int n;

	if (work < 0 || faccessat(work, "incompat/volatile", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	n = file_try_read(folder, "boot", was, sizeof(was));
	was[n > 0 ? n : 0] = '\0';
	this_boot(is);
	if (!*is || strcmp(was, is) != 0) {
		fail(e, ERR_CONFLICT,
		     "mount the snapshot: it was volatile, and the machine has been "
		     "restarted since: parts of what was written may be lost");
		return fail_hint(e, "remove it");
	}
	return writes ? tree_remove(work, "incompat", e) : 0;
}

static int note_boot(int folder, struct err *e)
{
	char is[BOOT];

	this_boot(is);
	return file_replace(folder, "boot", is, strlen(is), e);
}

/* overlay_try_mount() - by descriptors, or by names where the kernel takes none; else as its options are */
int overlay_try_mount(const struct overlay *o, struct err *e)
{
	int fd = overlay_by_fd(o, e);

	if (fd >= 0 || e->sysno != ENOSYS)
		return fd;
	*e = (struct err){ 0 };
	return overlay_by_path(o, e);
}

static int overlay_mount(int folder, const struct snapshot_base *b,
			 const struct snapshot_mount *how, struct err *e)
{
	struct overlay o = { .base = b, .how = how, .folder = folder };
	own_fd int lock = FD_NONE;

	if (refuse_many(b, e) < 0 || check_xattrs(b->store, e) < 0 ||
	    (folder < 0 && overlay_root_above(b, o.root, e) < 0) || make_empties(&o, e) < 0)
		return -1;
	if (overlay_writes(&o) && overlay_claim(&o, &lock, e) < 0)
		return -1;
	if (folder >= 0 && forgive_volatile(folder, overlay_writes(&o), e) < 0)
		return -1;
	if (overlay_writes(&o) && how->fast && !how->once && note_boot(folder, e) < 0)
		return -1;
	return overlay_try_mount(&o, e);
}

static int overlay_create(int folder, const struct snapshot_base *b, uint64_t limit, struct err *e)
{
	own_fd int upper = FD_NONE;

	if (refuse_many(b, e) < 0 || (limit && snapshot_limit_begin(folder, e) < 0))
		return -1;
	if (mkdirat(folder, "upper", 0755) < 0 || mkdirat(folder, "work", 0700) < 0)
		return fail_sys(e, "make the folders of a snapshot");
	upper = openat(folder, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0)
		return fail_sys(e, "open the folder of a snapshot");
	if (fchmod(upper, 0755) < 0)
		return fail_sys(e, "set up the folder of a snapshot");
	if (overlay_root_look(b, upper, e) < 0)
		return -1;
	return limit ? snapshot_limit(folder, limit, e) : 0;
}

static int overlay_source(int folder, const struct snapshot_base *b, struct pack_source *ret,
			  struct err *e)
{
	struct snapshot_mount how = { .source = "tare", .readonly = true, .userns = FD_NONE };
	own_fd int upper = openat(folder, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_fd int mount = FD_NONE, lower = FD_NONE;

	if (upper < 0)
		return fail_sys(e, "open what was written to the snapshot");
	if (b->n) {
		mount = overlay_mount(FD_NONE, b, &how, e);
		if (mount < 0)
			return -1;
		/* it lives on in what is open of it */
		lower = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (lower < 0)
			return fail_sys(e, "open the image's tree");
	}
	*ret = (struct pack_source){ .kind = PACK_OVERLAY,
				     .user_xattrs = b->store->user_xattrs,
				     .upper = give_fd(&upper),
				     .lower = b->n ? give_fd(&lower) : FD_NONE };
	return 0;
}

static int overlay_usage(int folder, struct snapshot_usage *ret, struct err *e)
{
	uint32_t project = 0;

	/* another's is of more than this snapshot */
	if (quota_try_project(folder, &project) == 0 && quota_is_ours(project))
		return snapshot_limited_usage(folder, ret, e);
	return snapshot_count(folder, "upper", ret, e);
}

static int overlay_layer(int at, const char *name, int below __attribute__((unused)), struct err *e)
{
	return mkdirat(at, name, 0755) < 0 ? fail_sys(e, "make the folder of a layer") : 0;
}

/* A snapshot of nothing, mounted: shows all that the file system below must be able to do. */
static int try_mount(struct store *s, int folder, struct err *e)
{
	struct snapshot_base b = { .store = s };
	struct snapshot_mount how = { .source = "tare", .userns = FD_NONE };
	own_fd int fd = FD_NONE;

	if (overlay_create(folder, &b, 0, e) < 0)
		return -1;
	if (mknodat(folder, "whiteout", S_IFCHR, 0) < 0)
		return fail_sys(e, "make a whiteout");
	fd = overlay_mount(folder, &b, &how, e);
	if (fd < 0)
		return -1;
	return mkdirat(fd, "written", 0755) < 0 ? fail_sys(e, "write to an overlay") : 0;
}

/* A folder to try things in, locked, so that nobody takes it for what a killed process has left. That goes
 * first: it would look as if overlayfs did not work here. */
static int open_probe(struct store *s, struct err *e)
{
	int r;

	/* a check that looks at it has it locked for a moment; nobody else tries at the same time */
	while ((r = store_snapshot_clear(s, ".probe", e)) == 0)
		clock_nap_ns(1000000);
	return r < 0 ? -1 : lock_make(s->snapshots, ".probe", e);
}

static int overlay_probe(struct store *s, struct err *e)
{
	own_fd int folder = open_probe(s, e);
	struct err ignored = { 0 };
	int r;

	if (folder < 0)
		return -1;
	/* in a user namespace nobody has trusted.* */
	s->user_xattrs = fsetxattr(folder, "trusted.tare", "", 0, 0) < 0 && errno == EPERM;
	r = try_mount(s, folder, e);
	(void)tree_remove(s->snapshots, ".probe", &ignored);
	(void)unlinkat(s->layers, OVERLAY_EMPTY, AT_REMOVEDIR);
	return r;
}

const struct snapshot_driver snapshot_overlay = {
	.name = "overlay",
	.summary = "layers stacked by overlayfs",
	.fast = true,
	.probe = overlay_probe,
	.layer = overlay_layer,
	.rootless = overlay_rootless,
	.create = overlay_create,
	.mount = overlay_mount,
	.source = overlay_source,
	.usage = overlay_usage,
};
