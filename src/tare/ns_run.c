/* ns_run.c - tare ns run: a program in new namespaces, with the options of unshare(1) */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/signals.h"
#include "host/child.h"
#include "ns/run.h"
#include "tare/ns.h"

/* struct run - the options; for what the words stand see run.h */
struct run {
	const char *types[NSFS_TYPES];
	struct ns_map_opts map;
	bool fork, keep_caps, version;
	const char *kill_child, *mount_proc, *propagation, *root, *wd, *uid, *gid;
	const char *monotonic, *boottime;
};

// clang-format off
static const struct opt run_opts[] = {
	NS_TYPE_OPTS(OPT_MAYBE_, struct run, types),
	OPT_FLAG_("fork",             'f', struct run, fork,        "run the program as a child"),
	NS_MAP_OPTS(struct run, map),
	OPT_MAYBE_("kill-child",       0,  struct run, kill_child,  "SIGNAL", "kill the child when we die, by KILL; forks, too"),
	OPT_MAYBE_("mount-proc",       0,  struct run, mount_proc,  "DIR", "mount a new proc, at /proc; makes a mount namespace"),
	OPT_STRING_("propagation",     0,  struct run, propagation, "KIND", "of all mounts: 'private', by default, 'slave', 'shared' or 'unchanged'"),
	OPT_FLAG_("keep-caps",         0,  struct run, keep_caps,   "the program keeps the capabilities of the new user namespace"),
	OPT_STRING_("root",           'R', struct run, root,        "DIR", "the program's root"),
	OPT_STRING_("wd",             'w', struct run, wd,          "DIR", "its working directory"),
	OPT_STRING_("setuid",         'S', struct run, uid,         "UID", "its user"),
	OPT_STRING_("setgid",         'G', struct run, gid,         "GID", "its group"),
	OPT_STRING_("monotonic",       0,  struct run, monotonic,   "SECONDS", "the monotonic clock's offset; with --time"),
	OPT_FLAG_("version", 'V', struct run, version, "print the version"),
	OPT_STRING_("boottime",        0,  struct run, boottime,    "SECONDS", "the boot clock's offset; with --time"),
};
// clang-format on

static const struct word propagations[] = { { "private", MS_PRIVATE },
					    { "slave", MS_SLAVE },
					    { "shared", MS_SHARED },
					    { "unchanged", 0 },
					    { NULL, 0 } };
static int take_seconds(const char *option, const char *text, struct opt_i64 *ret, struct err *e)
{
	if (!text)
		return 0;
	if (text_i64(text, &ret->v) < 0)
		return fail(e, ERR_INPUT, "option '--%s': '%s' is not a number of seconds", option,
			    text);
	ret->set = true;
	return 0;
}

/* --- the rest -------------------------------------------------------------------------------- */

static int take_signal(const struct run *o, struct ns_run *r, struct err *e)
{
	if (!o->kill_child)
		return 0;
	r->fork = true;
	if (signal_parse(*o->kill_child ? o->kill_child : "KILL", &r->kill_child, e) < 0)
		return fail_in(e, "option '--kill-child'");
	return 0;
}

static int describe(const struct run *o, struct ns_run *r, struct err *e)
{
	int64_t propagation;

	for (int i = 0; i < NSFS_TYPES; i++)
		r->persist[i] = o->types[i] && *o->types[i] ? o->types[i] : NULL;
	r->types = ns_given(o->types);
	if (o->mount_proc) {
		r->types |= CLONE_NEWNS;
		r->mount_proc = *o->mount_proc ? o->mount_proc : "/proc";
	}
	if (ns_parse_word("propagation", propagations, o->propagation, MS_PRIVATE, &propagation,
			  e) < 0 ||
	    ns_parse_maps(&o->map, &r->maps, e) < 0 || take_signal(o, r, e) < 0 ||
	    ns_parse_id("setuid", o->uid, &r->uid, e) < 0 ||
	    ns_parse_id("setgid", o->gid, &r->gid, e) < 0 ||
	    take_seconds("monotonic", o->monotonic, &r->monotonic, e) < 0 ||
	    take_seconds("boottime", o->boottime, &r->boottime, e) < 0)
		return -1;
	r->propagation = (uint64_t)propagation;
	if (ns_maps_any(&r->maps))
		r->types |= CLONE_NEWUSER;
	return 0;
}

static int run(const struct cli *cli, void *options, char **args, size_t n_args, int *ret_status,
	       struct err *e)
{
	const struct run *o = options;
	char *shell[2];
	struct ns_run r = {
		.fork = o->fork,
		.root = o->root,
		.wd = o->wd,
		.keep_caps = o->keep_caps,
		.argv = ns_shell(args, n_args, shell),
	};

	if (o->version)
		return version_print(cli);
	if (describe(o, &r, e) < 0)
		return child_not_tried(e);
	return ns_run(&r, ret_status, e);
}

const struct command ns_run_command = {
	.name = "run",
	.args = "[PROGRAM [ARG...]]",
	.summary = "run a program in new namespaces; the shell by default",
	.about = "The options are those of unshare(1). A FILE keeps the namespace alive: "
		 "it is bound to it.",
	.opts = run_opts,
	.n = COUNT(run_opts),
	.size = sizeof(struct run),
	.max = SIZE_MAX,
	.stop_early = true,
	.words = WORDS_PROGRAM,
	.run = run,
};
