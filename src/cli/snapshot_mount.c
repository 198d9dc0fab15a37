/* snapshot_mount.c - tare snapshot mount and umount; tare image mount and unmount */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/text.h"
#include "cli/image.h"
#include "cli/session.h"
#include "cli/snapshot.h"
#include "image/snapshots.h"
#include "os/mount.h"

struct mount_options {
	bool readonly;
	struct opt_list uids, gids;
};

// clang-format off
static const struct opt mount_opts[] = {
	OPT_FLAG_("ro",        'r', struct mount_options, readonly,            "nothing can be written"),
	OPT_STRINGS_("uidmap",  0,  struct mount_options, uids, "ID:SHOWN:N", "show N users from ID on as SHOWN and those after it"),
	OPT_STRINGS_("gidmap",  0,  struct mount_options, gids, "ID:SHOWN:N", "the same of groups; as --uidmap when it is not said"),
};
// clang-format on

/* "ID:SHOWN:N": three numbers, none of whose ids goes beyond the last one. */
static bool read_range(const char *text, struct idmap_range *ret)
{
	uint64_t v[3];
	char part[16];

	for (size_t i = 0; i < COUNT(v); i++) {
		size_t len = strcspn(text, ":");

		if (len >= sizeof(part) || (text[len] == ':') != (i < COUNT(v) - 1))
			return false;
		memcpy(part, text, len);
		part[len] = '\0';
		if (text_u64(part, UINT32_MAX, &v[i]) < 0)
			return false;
		text += len + 1;
	}
	*ret = (struct idmap_range){ (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2] };
	return v[2] && v[0] + v[2] <= UINT32_MAX && v[1] + v[2] <= UINT32_MAX;
}

static int read_ranges(const struct opt_list *from, struct idmap_range *ret, struct err *e)
{
	for (size_t i = 0; i < from->n; i++)
		if (!read_range(from->at[i], &ret[i])) {
			fail(e, ERR_INPUT, "'%.100s' is not of the form ID:SHOWN:N", from->at[i]);
			return fail_hint(e, "ids are below 4294967295, and N is at least 1");
		}
	return 0;
}

/* A user namespace that says how ids are shifted; FD_NONE: they are not. 0, or -1 */
static int open_maps(const struct mount_options *o, int *ret_userns, struct err *e)
{
	struct idmap_range uids[COUNT(o->uids.at)], gids[COUNT(o->gids.at)];
	const struct opt_list *u = o->uids.n ? &o->uids : &o->gids;
	const struct opt_list *g = o->gids.n ? &o->gids : &o->uids;
	int fd;

	*ret_userns = FD_NONE;
	if (!u->n)
		return 0;
	if (read_ranges(u, uids, e) < 0 || read_ranges(g, gids, e) < 0)
		return fail_in(e, "shift ids");
	fd = idmap_open_userns(uids, u->n, gids, g->n, e);
	if (fd < 0)
		return -1;
	*ret_userns = fd;
	return 0;
}

static int attach(struct snapshot *n, int fd, const char *target, struct err *e)
{
	own_fd int at = openat(AT_FDCWD, target, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return fail_sys(e, "open the folder '%s'", target);
	if (view_note(n, fd, target, e) < 0)
		return -1;
	return mount_attach(fd, at, e) < 0 ? fail_in(e, "mount on '%s'", target) : 0;
}

static int run_mount(const struct cli *cli, void *options, char **args,
		     size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		     struct err *e)
{
	const struct mount_options *o = options;
	own_snapshot n = SNAPSHOT_NONE;
	own_store s = STORE_NONE;
	own_fd int userns = FD_NONE, fd = FD_NONE;

	if (open_maps(o, &userns, e) < 0 || session_open(&s, cli, e) < 0 ||
	    snapshot_open(&n, &s, args[0], e) < 0)
		return -1;
	fd = snapshot_mount(&n, o->readonly, userns, e);
	return fd < 0 ? -1 : attach(&n, fd, args[1], e);
}

const struct command snapshot_mount_command = {
	.name = "mount",
	.args = "SNAPSHOT TARGET",
	.summary = "mount a snapshot on a folder",
	.about = "With --uidmap 0:100000:65536 what belongs to root is shown as 100000's, and what "
		 "100000 makes is root's. Nothing on the disk is changed: the mount shifts ids.",
	.opts = mount_opts,
	.n = COUNT(mount_opts),
	.size = sizeof(struct mount_options),
	.min = 2,
	.max = 2,
	.words = WORDS_FOLDER,
	.run = run_mount,
};

static int run_umount(const struct cli *cli, void *options __attribute__((unused)), char **args,
		      size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	own_store s = STORE_NONE;

	if (session_open(&s, cli, e) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		own_snapshot n = SNAPSHOT_NONE;
		size_t mounts;

		if (snapshot_open(&n, &s, args[i], e) < 0 || snapshot_unmount(&n, &mounts, e) < 0)
			return -1;
		if (mounts == 0)
			return fail(e, ERR_ABSENT, "the snapshot '%s' is not mounted", n.id);
	}
	return 0;
}

const struct command snapshot_umount_command = {
	.name = "umount",
	.args = "SNAPSHOT...",
	.summary = "unmount snapshots from wherever they are mounted",
	.aliases = (const char *const[]){ "unmount", NULL },
	.min = 1,
	.max = SIZE_MAX,
	.run = run_umount,
};

/* A record that keeps the image goes with the mount, so it is made first. */
static int run_image_mount(const struct cli *cli, void *options __attribute__((unused)),
			   char **args, size_t n_args __attribute__((unused)),
			   int *ret_status __attribute__((unused)), struct err *e)
{
	struct snapshot_options how = { .view = true };
	own_snapshot n = SNAPSHOT_NONE;
	own_store s = STORE_NONE;
	own_fd int fd = FD_NONE;
	struct image_found image;
	char id[SNAPSHOT_ID];
	struct err ignored = { 0 };

	if (session_open(&s, cli, e) < 0 || session_image(&s, args[0], &image, e) < 0 ||
	    snapshot_create(&s, &image.digest, &how, id, e) < 0 || snapshot_open(&n, &s, id, e) < 0)
		return -1;
	fd = snapshot_mount(&n, true, FD_NONE, e);
	if (fd < 0 || attach(&n, fd, args[1], e) < 0) {
		(void)snapshot_remove(&n, &ignored);
		return -1;
	}
	return 0;
}

const struct command image_mount_command = {
	.name = "mount",
	.args = "IMAGE TARGET",
	.summary = "mount an image's tree on a folder, read-only",
	.section = "IMAGES",
	.min = 2,
	.max = 2,
	.words = WORDS_FOLDER,
	.run = run_image_mount,
};

/* 1: this was it, and it is gone */
static int unmount_view(struct store *s, const char *id, const char *target, struct err *e)
{
	own_snapshot n = SNAPSHOT_NONE;
	struct err broken = { 0 };
	int r;

	/* it is not this one that is to go */
	if (snapshot_open(&n, s, id, &broken) < 0)
		return 0;
	r = n.doc.view ? snapshot_is_on(&n, target, e) : 0;
	if (r <= 0)
		return r;
	if (umount2(target, UMOUNT_NOFOLLOW) < 0)
		return fail_sys(e, "unmount '%s'", target);
	/* nothing says whose a tree's mounts are that were not noted: there is a record for each, and one goes */
	return (n.driver->root && !n.doc.mounts ? snapshot_drop(&n, e) : snapshot_remove(&n, e)) < 0
		       ? -1
		       : 1;
}

static int run_image_unmount(const struct cli *cli, void *options __attribute__((unused)),
			     char **args, size_t n_args __attribute__((unused)),
			     int *ret_status __attribute__((unused)), struct err *e)
{
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct snapshot_records all;
	char target[PATH_MAX];
	int r = 0;

	if (!realpath(args[0], target))
		return fail_sys(e, "look at '%s'", args[0]);
	if (session_open(&s, cli, e) < 0 || store_snapshots_clear(&s, e) < 0 ||
	    store_snapshots(&s, &a, &all, e) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = unmount_view(&s, all.at[i].id, target, e);
	if (r == 0)
		return fail(e, ERR_ABSENT, "no image is mounted on '%s'", target);
	return r < 0 ? -1 : 0;
}

const struct command image_unmount_command = {
	.name = "unmount",
	.args = "TARGET",
	.summary = "unmount an image",
	.section = "IMAGES",
	.aliases = (const char *const[]){ "umount", NULL },
	.min = 1,
	.max = 1,
	.words = WORDS_FOLDER,
	.run = run_image_unmount,
};
