/* snapshot.c - tare snapshot: the group, and how snapshots are made and removed */
#include "cli/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/session.h"
#include "image/snapshots.h"

struct create {
	const char *size, *name;
	bool fast;
};

// clang-format off
static const struct opt create_opts[] = {
	OPT_STRING_("name", 0, struct create, name, "NAME", "what it is called; a long number otherwise"),
	OPT_STRING_("size", 0, struct create, size, "SIZE", "at most SIZE may be written to it, such as 1g"),
	OPT_FLAG_("volatile", 0, struct create, fast,       "what is written need not survive a power cut (overlay)"),
};
// clang-format on

static int run_create(const struct cli *cli, void *options, char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct create *o = options;
	struct snapshot_options how = { .name = o->name, .fast = o->fast };
	own_store s = STORE_NONE;
	struct image_found image;
	char id[SNAPSHOT_ID];
	int64_t size = 0;

	if (o->size && size_parse(o->size, &size, e) < 0)
		return fail_in(e, "--size");
	if (o->size && size <= 0)
		return fail(e, ERR_INPUT, "--size: a snapshot of no size can hold nothing");
	how.size = (uint64_t)size;
	if (session_open(&s, cli, e) < 0 || session_image(&s, args[0], &image, e) < 0 ||
	    snapshot_create(&s, &image.digest, &how, id, e) < 0)
		return -1;
	printf("%s\n", id);
	return 0;
}

const struct command snapshot_create_command = {
	.name = "create",
	.args = "IMAGE",
	.summary = "make a writable tree of an image's layers",
	.about = "Prints its name. The image can't be removed while the snapshot is there.",
	.opts = create_opts,
	.n = COUNT(create_opts),
	.size = sizeof(struct create),
	.min = 1,
	.max = 1,
	.run = run_create,
};

struct rm {
	bool force;
};

static const struct opt rm_opts[] = {
	OPT_FLAG_("force", 'f', struct rm, force, "unmount it first; no such snapshot is no error"),
};

static int remove_one(struct store *s, const char *word, const struct rm *o, struct err *e)
{
	own_snapshot n = SNAPSHOT_NONE;
	size_t mounts;

	if (snapshot_open(&n, s, word, e) < 0) {
		if (!o->force || e->cls != ERR_ABSENT)
			return -1;
		*e = (struct err){ 0 };
		return 0;
	}
	if (o->force && snapshot_unmount(&n, &mounts, e) < 0)
		return -1;
	if (snapshot_remove(&n, e) < 0)
		return -1;
	printf("%s\n", n.id);
	return 0;
}

static int run_rm(const struct cli *cli, void *options, char **args, size_t n_args, int *ret_status,
		  struct err *e)
{
	own_store s = STORE_NONE;

	if (session_open(&s, cli, e) < 0 || store_snapshots_clear(&s, e) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		struct err one = { 0 };

		if (remove_one(&s, args[i], options, &one) == 0)
			continue;
		cli_complain(cli, &one);
		*ret_status = 1;
	}
	return 0;
}

const struct command snapshot_rm_command = {
	.name = "rm",
	.args = "SNAPSHOT...",
	.summary = "remove snapshots, with all that was written to them",
	.aliases = (const char *const[]){ "remove", NULL },
	.opts = rm_opts,
	.n = COUNT(rm_opts),
	.size = sizeof(struct rm),
	.min = 1,
	.max = SIZE_MAX,
	.run = run_rm,
};

// clang-format off
static const struct command *const commands[] = {
	&snapshot_create_command,
	&snapshot_ls_command,
	&snapshot_inspect_command,
	&snapshot_usage_command,
	&snapshot_mount_command,
	&snapshot_umount_command,
	&snapshot_diff_command,
	&snapshot_export_command,
	&snapshot_commit_command,
	&snapshot_rm_command,
	NULL,
};
// clang-format on

const struct command snapshot_command = {
	.name = "snapshot",
	.args = "COMMAND",
	.summary = "writable trees on images",
	.about = "A snapshot is what a container writes to: the layers of an image below, a folder "
		 "of its "
		 "own above. These commands make and use them by hand.",
	.section = "IMAGES",
	.commands = commands,
};
