/* ns_hold.c - tare ns hold, release and held: namespaces that outlive their processes */
#include <stdint.h>

#include "base/arena.h"
#include "base/own.h"
#include "base/render.h"
#include "ns/hold.h"
#include "tare/ns.h"

/* struct hold - @types: by enum nsfs_type */
struct hold {
	const char *target;
	struct ns_map_opts map;
	bool types[NSFS_TYPES];
};

// clang-format off
static const struct opt hold_opts[] = {
	OPT_STRING_("target", 't', struct hold, target, "PID", "those of this process; new ones without"),
	OPT_FLAG_("mount",  'm', struct hold, types[NSFS_MNT],    "the mount namespace"),
	OPT_FLAG_("uts",    'u', struct hold, types[NSFS_UTS],    "the UTS namespace"),
	OPT_FLAG_("ipc",    'i', struct hold, types[NSFS_IPC],    "the IPC namespace"),
	OPT_FLAG_("net",    'n', struct hold, types[NSFS_NET],    "the network namespace"),
	OPT_FLAG_("pid",    'p', struct hold, types[NSFS_PID],    "the pid namespace"),
	OPT_FLAG_("user",   'U', struct hold, types[NSFS_USER],   "the user namespace"),
	OPT_FLAG_("cgroup", 'C', struct hold, types[NSFS_CGROUP], "the cgroup namespace"),
	OPT_FLAG_("time",   'T', struct hold, types[NSFS_TIME],   "the time namespace"),
	NS_MAP_OPTS(struct hold, map),
};

struct held {
	struct render render;
};
static const struct opt held_opts[] = {
	RENDER_OPTS_QUIET(struct held, render),
};
static const struct render_column held_columns[] = {
	{ .header = "NAME",       .path = "name" },
	{ .header = "NAMESPACES", .path = "{{range $i, $n := .namespaces}}{{if $i}} {{end}}{{.type}}:[{{.inode}}]{{end}}" },
};
static const struct render_list held_list = {
	.table = &ns_held_table,
	.columns = held_columns,
	.n = COUNT(held_columns),
	.quiet = "name",
};
// clang-format on

static int run_hold(const struct cli *cli __attribute__((unused)), void *options, char **args,
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	const struct hold *o = options;
	struct ns_maps maps;
	uint64_t flags = 0;
	pid_t pid;

	for (int i = 0; i < NSFS_TYPES; i++)
		flags |= o->types[i] ? nsfs_kinds[i].flag : 0;
	if (ns_parse_maps(&o->map, &maps, e) < 0)
		return -1;
	if (!o->target && ns_maps_any(&maps))
		flags |= CLONE_NEWUSER;
	if (!flags) {
		fail(e, ERR_INPUT, "hold '%s': no type of namespaces is given", args[0]);
		return fail_hint(e, "as in --net --uts");
	}
	if (!o->target)
		return ns_hold_mapped(&ns_store_any, args[0], flags, &maps, e);
	if (ns_maps_any(&maps) || maps.setgroups != NS_SETGROUPS_KERNEL)
		return fail(e, ERR_INPUT,
			    "hold '%s': a process's user namespace has its maps; '--target' and "
			    "maps of ids exclude each other",
			    args[0]);
	if (ns_parse_pid(o->target, &pid, e) < 0)
		return -1;
	return ns_hold_process(&ns_store_any, args[0], pid, flags, e);
}

static int run_release(const struct cli *cli __attribute__((unused)),
		       void *options __attribute__((unused)), char **args, size_t n_args,
		       int *ret_status __attribute__((unused)), struct err *e)
{
	for (size_t i = 0; i < n_args; i++)
		if (ns_release(&ns_store_any, args[i], e) < 0)
			return -1;
	return 0;
}

static int run_held(const struct cli *cli __attribute__((unused)), void *options,
		    char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		    int *ret_status __attribute__((unused)), struct err *e)
{
	const struct held *o = options;
	own_arena struct arena a = { 0 };
	struct ns_held_list l;

	if (ns_held_list(&ns_store_any, &a, &l, e) < 0)
		return -1;
	return render_print(&o->render, &held_list, (struct list_any){ l.names.at, l.names.n }, e);
}

const struct command ns_hold_command = {
	.name = "hold",
	.args = "NAME",
	.summary = "keep namespaces alive under a name, without a process in them",
	.about = "They are a process's, or new ones; 'ns enter --name NAME' enters them, "
		 "and 'ns release' lets them go.",
	.opts = hold_opts,
	.n = COUNT(hold_opts),
	.size = sizeof(struct hold),
	.min = 1,
	.max = 1,
	.run = run_hold,
};

const struct command ns_release_command = {
	.name = "release",
	.args = "NAME...",
	.summary = "let go of namespaces that are held under a name",
	.min = 1,
	.max = SIZE_MAX,
	.words = WORDS_NAMESPACE,
	.run = run_release,
};

const struct command ns_held_command = {
	.name = "held",
	.args = "",
	.summary = "list the names under which namespaces are held",
	.opts = held_opts,
	.n = COUNT(held_opts),
	.size = sizeof(struct held),
	.run = run_held,
};
