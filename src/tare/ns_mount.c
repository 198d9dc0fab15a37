/* ns_mount.c - tare ns mount: binds, and the propagation of mounts, with the words of mount(8) */
#include <sys/mount.h>

#include "tare/ns.h"

struct mount_options {
	bool bind, rbind, shared, slave, private, unbindable;
	bool rshared, rslave, rprivate, runbindable;
};

// clang-format off
static const struct opt mount_opts[] = {
	OPT_FLAG_("bind",            'B', struct mount_options, bind,        "show FROM at DIR, too"),
	OPT_FLAG_("rbind",           'R', struct mount_options, rbind,       "and all that is mounted below"),
	OPT_FLAG_("make-shared",      0,  struct mount_options, shared,      "mounts below DIR come and go wherever it is, and here"),
	OPT_FLAG_("make-slave",       0,  struct mount_options, slave,       "they come here, and do not go"),
	OPT_FLAG_("make-private",     0,  struct mount_options, private,     "neither"),
	OPT_FLAG_("make-unbindable",  0,  struct mount_options, unbindable,  "neither, and DIR cannot be bound elsewhere"),
	OPT_FLAG_("make-rshared",     0,  struct mount_options, rshared,     "the same for DIR and all that is mounted below"),
	OPT_FLAG_("make-rslave",      0,  struct mount_options, rslave,      "the same"),
	OPT_FLAG_("make-rprivate",    0,  struct mount_options, rprivate,    "the same"),
	OPT_FLAG_("make-runbindable", 0,  struct mount_options, runbindable, "the same"),
};
// clang-format on

/* The flags of the one option that says it; 0 without; more than one is an error. */
static int read_propagation(const struct mount_options *o, unsigned long *ret, struct err *e)
{
	const struct {
		bool given;
		unsigned long flags;
	} rows[] = {
		{ o->shared, MS_SHARED },
		{ o->slave, MS_SLAVE },
		{ o->private, MS_PRIVATE },
		{ o->unbindable, MS_UNBINDABLE },
		{ o->rshared, MS_SHARED | MS_REC },
		{ o->rslave, MS_SLAVE | MS_REC },
		{ o->rprivate, MS_PRIVATE | MS_REC },
		{ o->runbindable, MS_UNBINDABLE | MS_REC },
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].given && flags)
			return fail(e, ERR_INPUT, "only one kind of propagation can be given");
		if (rows[i].given)
			flags = rows[i].flags;
	}
	*ret = flags;
	return 0;
}

static int set_propagation(const char *dir, unsigned long flags, struct err *e)
{
	if (mount("none", dir, NULL, flags, NULL) == 0)
		return 0;
	fail_sys(e, "set the propagation of '%s'", dir);
	return e->sysno == EINVAL ? fail_hint(e, "it is no mount: bind it to itself first") : -1;
}

static int run(const struct cli *cli __attribute__((unused)), void *options, char **args,
	       size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct mount_options *o = options;
	bool bind = o->bind || o->rbind;
	const char *dir = args[n_args - 1];
	unsigned long flags;

	if (read_propagation(o, &flags, e) < 0)
		return -1;
	if (!bind && !flags)
		return fail(e, ERR_INPUT, "mount: a bind or a kind of propagation is needed");
	if (n_args != (bind ? 2 : 1))
		return fail(e, ERR_INPUT,
			    bind ? "mount: a bind needs FROM and DIR"
				 : "mount: FROM is for binds only");
	if (bind && mount(args[0], dir, NULL, MS_BIND | (o->rbind ? MS_REC : 0), NULL) < 0)
		return fail_sys(e, "bind '%s' to '%s'", args[0], dir);
	if (!flags || set_propagation(dir, flags, e) == 0)
		return 0;
	/* all or nothing */
	if (bind)
		(void)umount2(dir, MNT_DETACH);
	return -1;
}

const struct command ns_mount_command = {
	.name = "mount",
	.args = "[FROM] DIR",
	.summary = "bind folders, and choose how mounts spread",
	.about = "'tare ns mounts' shows what came of it.",
	.opts = mount_opts,
	.n = COUNT(mount_opts),
	.size = sizeof(struct mount_options),
	.min = 1,
	.max = 2,
	.words = WORDS_FILE,
	.run = run,
};
