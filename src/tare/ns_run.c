/* ns_run.c - tare ns run: a program in new namespaces, with the options of unshare(1) */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/signals.h"
#include "host/child.h"
#include "host/ns_run.h"
#include "tare/ns.h"

/* struct run - the options; for what the words stand see ns_run.h */
struct run {
	const char *types[NSFS_TYPES];
	bool fork, map_root, map_current, map_auto, keep_caps;
	const char *map_user, *map_group;
	struct opt_list map_users, map_groups;
	const char *kill_child, *mount_proc, *propagation, *setgroups, *root, *wd, *uid, *gid;
	const char *monotonic, *boottime;
};

// clang-format off
static const struct opt run_opts[] = {
	NS_TYPE_OPTS(OPT_MAYBE_, struct run, types),
	OPT_FLAG_("fork",             'f', struct run, fork,        "run the program as a child"),
	OPT_STRING_("map-user",        0,  struct run, map_user,    "USER", "map the caller to this user; makes a user namespace"),
	OPT_STRING_("map-group",       0,  struct run, map_group,   "GROUP", "map the caller's group to this one; likewise"),
	OPT_FLAG_("map-root-user",    'r', struct run, map_root,    "map the caller to root; likewise"),
	OPT_FLAG_("map-current-user", 'c', struct run, map_current, "map the caller to himself; likewise"),
	OPT_FLAG_("map-auto",          0,  struct run, map_auto,    "map the caller's subordinate ids; likewise"),
	OPT_STRINGS_("map-users",      0,  struct run, map_users,   "RANGE", "map users: INSIDE:OUTSIDE:COUNT, OUTSIDE,INSIDE,COUNT, auto, subids or all"),
	OPT_STRINGS_("map-groups",     0,  struct run, map_groups,  "RANGE", "map groups"),
	OPT_MAYBE_("kill-child",       0,  struct run, kill_child,  "SIGNAL", "kill the child when we die, by KILL; forks, too"),
	OPT_MAYBE_("mount-proc",       0,  struct run, mount_proc,  "DIR", "mount a new proc, at /proc; makes a mount namespace"),
	OPT_STRING_("propagation",     0,  struct run, propagation, "KIND", "of all mounts: 'private', by default, 'slave', 'shared' or 'unchanged'"),
	OPT_STRING_("setgroups",       0,  struct run, setgroups,   "WORD", "'allow' or 'deny' setgroups(2)"),
	OPT_FLAG_("keep-caps",         0,  struct run, keep_caps,   "the program keeps the capabilities of the new user namespace"),
	OPT_STRING_("root",           'R', struct run, root,        "DIR", "the program's root"),
	OPT_STRING_("wd",             'w', struct run, wd,          "DIR", "its working directory"),
	OPT_STRING_("setuid",         'S', struct run, uid,         "UID", "its user"),
	OPT_STRING_("setgid",         'G', struct run, gid,         "GID", "its group"),
	OPT_STRING_("monotonic",       0,  struct run, monotonic,   "SECONDS", "the monotonic clock's offset; with --time"),
	OPT_STRING_("boottime",        0,  struct run, boottime,    "SECONDS", "the boot clock's offset; with --time"),
};
// clang-format on

static const struct word propagations[] = { { "private", MS_PRIVATE },
					    { "slave", MS_SLAVE },
					    { "shared", MS_SHARED },
					    { "unchanged", 0 },
					    { NULL, 0 } };
static const struct word setgroups_words[] = { { "allow", NS_SETGROUPS_ALLOW },
					       { "deny", NS_SETGROUPS_DENY },
					       { NULL, 0 } };

/* An option's value out of a table; @fallback without the option. */
static int take_word(const char *option, const struct word *words, const char *text,
		     int64_t fallback, int64_t *ret, struct err *e)
{
	const struct word *w = text ? word_find(words, text) : NULL;

	if (!text || w) {
		*ret = w ? w->value : fallback;
		return 0;
	}
	fail(e, ERR_INPUT, "option '--%s': '%s' is none of its words", option, text);
	return ns_hint_words(words, e);
}

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

/* --- maps ------------------------------------------------------------------------------------ */

static int map_own(struct ns_map *m, const char *option, const char *file, const char *text,
		   struct err *e)
{
	if (!text)
		return 0;
	m->own = true;
	return ns_parse_name(option, file, text, &m->own_inside, e);
}

static int map_ranges(struct ns_map *m, enum ns_map_kind kind, const struct opt_list *ranges,
		      bool automatic, struct err *e)
{
	const char *option = kind == NS_MAP_USERS ? "map-users" : "map-groups";

	for (size_t i = 0; i < ranges->n; i++)
		if (ns_map_add(m, kind, ranges->at[i], e) < 0)
			return fail_in(e, "option '--%s'", option);
	return automatic && ns_map_add(m, kind, "auto", e) < 0 ? fail_in(e, "option '--map-auto'")
							       : 0;
}

static int take_maps(const struct run *o, struct ns_run *r, struct err *e)
{
	if (o->map_root || o->map_current) {
		r->users.own = r->groups.own = true;
		r->users.own_inside = o->map_root ? 0 : geteuid();
		r->groups.own_inside = o->map_root ? 0 : getegid();
	}
	if (map_own(&r->users, "map-user", "/etc/passwd", o->map_user, e) < 0 ||
	    map_own(&r->groups, "map-group", "/etc/group", o->map_group, e) < 0 ||
	    map_ranges(&r->users, NS_MAP_USERS, &o->map_users, o->map_auto, e) < 0 ||
	    map_ranges(&r->groups, NS_MAP_GROUPS, &o->map_groups, o->map_auto, e) < 0)
		return -1;
	if (r->users.own || r->groups.own || r->users.n || r->groups.n)
		r->types |= CLONE_NEWUSER;
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
	int64_t propagation, setgroups;

	for (int i = 0; i < NSFS_TYPES; i++)
		r->persist[i] = o->types[i] && *o->types[i] ? o->types[i] : NULL;
	r->types = ns_given(o->types);
	if (o->mount_proc) {
		r->types |= CLONE_NEWNS;
		r->mount_proc = *o->mount_proc ? o->mount_proc : "/proc";
	}
	if (take_word("propagation", propagations, o->propagation, MS_PRIVATE, &propagation, e) <
		    0 ||
	    take_word("setgroups", setgroups_words, o->setgroups, NS_SETGROUPS_KERNEL, &setgroups,
		      e) < 0 ||
	    take_maps(o, r, e) < 0 || take_signal(o, r, e) < 0 ||
	    ns_parse_id("setuid", o->uid, &r->uid, e) < 0 ||
	    ns_parse_id("setgid", o->gid, &r->gid, e) < 0 ||
	    take_seconds("monotonic", o->monotonic, &r->monotonic, e) < 0 ||
	    take_seconds("boottime", o->boottime, &r->boottime, e) < 0)
		return -1;
	r->propagation = (uint64_t)propagation;
	r->setgroups = (enum ns_setgroups)setgroups;
	return 0;
}

static int run(const struct cli *cli __attribute__((unused)), void *options, char **args,
	       size_t n_args, int *ret_status, struct err *e)
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
