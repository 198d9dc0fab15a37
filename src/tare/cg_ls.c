/* cg_ls.c - tare cg ls, tare cg subsystems; lscgroup, lssubsys */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/render.h"
#include "base/render_text.h"
#include "cg/tree.h"
#include "tare/cg.h"

struct ls {
	struct render render;
};

// clang-format off
static const struct opt ls_opts[] = {
	RENDER_OPTS_QUIET(struct ls, render),
};
// clang-format on

/* struct shown - a row as people read it; JSON and templates have the numbers */
struct shown {
	const struct cg_row *row;
	char *name, *controllers, *memory, *cpu, *pids;
	uint64_t processes;
};

// clang-format off
static const struct bind_row shown_rows[] = {
	ROW_STRING("name",        OPTIONAL, struct shown, name),
	ROW_STRING("memory",      OPTIONAL, struct shown, memory),
	ROW_STRING("cpu",         OPTIONAL, struct shown, cpu),
	ROW_STRING("pids",        OPTIONAL, struct shown, pids),
	ROW_U64("processes",      OPTIONAL, struct shown, processes),
	ROW_STRING("controllers", OPTIONAL, struct shown, controllers),
};
static const struct render_column columns[] = {
	{ .header = "GROUP", .path = "name", .tree = true },
	{ .header = "MEMORY", .path = "memory", .align = RENDER_RIGHT },
	{ .header = "CPU TIME", .path = "cpu", .align = RENDER_RIGHT },
	{ .header = "PIDS", .path = "pids", .align = RENDER_RIGHT },
	{ .header = "PROCESSES", .path = "processes", .align = RENDER_RIGHT },
	{ .header = "CONTROLLERS", .path = "controllers", .max = 40 },
};
static const struct render_column row_columns[] = {
	{ .header = "GROUP", .path = "path" },
};
// clang-format on
static const struct bind_table shown_table = BIND_TABLE(shown_rows, struct shown, false);

static size_t shown_depth(const void *row)
{
	return ((const struct shown *)row)->row->depth;
}

static const struct render_list shown_list = {
	.table = &shown_table, .columns = columns, .n = COUNT(columns), .depth = shown_depth
};
static const struct render_list row_list = {
	.table = &cg_row_table, .columns = row_columns, .n = COUNT(row_columns), .quiet = "path"
};

static char *bytes_text(struct arena *a, const struct opt_u64 *n)
{
	static const char units[] = "BKMGTPE";
	uint64_t tenths = n->v * 10;
	size_t u = 0;

	if (!n->set)
		return NULL;
	if (n->v > UINT64_MAX / 10)
		return arena_printf(a, "%" PRIu64, n->v);
	for (; tenths >= 10240 && units[u + 1]; u++)
		tenths /= 1024;
	if (!u)
		return arena_printf(a, "%" PRIu64 "B", n->v);
	return arena_printf(a, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[u]);
}

static char *time_text(struct arena *a, const struct opt_u64 *ns)
{
	uint64_t ms = ns->v / 1000000;

	if (!ns->set)
		return NULL;
	if (ms < 60000)
		return arena_printf(a, "%" PRIu64 ".%03" PRIu64 "s", ms / 1000, ms % 1000);
	if (ms < 3600000)
		return arena_printf(a, "%" PRIu64 "m%02" PRIu64 "s", ms / 60000, ms / 1000 % 60);
	return arena_printf(a, "%" PRIu64 "h%02" PRIu64 "m", ms / 3600000, ms / 60000 % 60);
}

static int print_shown(const struct render *r, struct cg_tree *t, struct err *e)
{
	own_mem struct shown *rows = calloc(t->n + 1, sizeof(*rows));

	if (!rows)
		return fail_errno(e, ENOMEM, "print the groups");
	for (size_t i = 0; i < t->n; i++) {
		const struct cg_row *row = &t->at[i];

		rows[i] = (struct shown){
			.row = row,
			.name = i ? row->name : row->path,
			.memory = bytes_text(&t->mem, &row->memory),
			.cpu = time_text(&t->mem, &row->cpu),
			.controllers = row->controllers,
			.processes = row->processes,
		};
		if (row->pids.set)
			rows[i].pids = arena_printf(&t->mem, "%" PRIu64, row->pids.v);
	}
	return render_print(r, &shown_list, (struct list_any){ rows, t->n }, e);
}

static int run_ls(const struct cli *cli __attribute__((unused)), void *options, char **args,
		  size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct ls *o = options;
	own_cgroup_world struct cgroup_world w = { 0 };
	own_cg_tree struct cg_tree t = { 0 };
	struct cg_group g;

	if (cg_world_open(&w, e) < 0 || cg_group_any(&w, n_args ? args[0] : "/", &g, e) < 0 ||
	    cg_tree_read(g.in, g.n, g.path, true, &t, e) < 0)
		return -1;
	if (o->render.json || o->render.quiet || o->render.format)
		return render_print(&o->render, &row_list, (struct list_any){ t.at, t.n }, e);
	return print_shown(&o->render, &t, e);
}

const struct command cg_ls_command = {
	.name = "ls",
	.args = "[[CONTROLLERS:]PATH]",
	.summary = "show groups as a tree, with what they use",
	.about = "A group is one row, in however many hierarchies it is. PIDS counts processes and "
		 "threads in and below it, PROCESSES those in it alone.",
	.opts = ls_opts,
	.n = COUNT(ls_opts),
	.size = sizeof(struct ls),
	.max = 1,
	.words = WORDS_CGROUP,
	.run = run_ls,
};

/* --- lscgroup ------------------------------------------------------------------------------ */

struct lscgroup {
	struct opt_list groups;
};

// clang-format off
static const struct opt lscgroup_opts[] = {
	OPT_STRINGS_("group", 'g', struct lscgroup, groups, "CONTROLLERS:PATH", "a group to list; -g may be left out"),
};
// clang-format on

/* v2 has one hierarchy for all of its controllers, and libcgroup names each of them. */
static int v2_name(const struct cg_in *in, char *ret_name, size_t size, struct err *e)
{
	own_fd int mount = cg_mount_open(in->at, e);
	own_str struct str list = { 0 };

	if (mount < 0 || cg_read(mount, "cgroup.controllers", &list, e) < 0)
		return -1;
	snprintf(ret_name, size, "%s", list.len ? list.at : "cgroup");
	for (char *c = ret_name; *c; c++)
		if (*c == ' ')
			*c = ',';
	return 0;
}

/* As it is, but for what a terminal would obey: whoever may make groups chooses their names. */
static void print_name(const char *controllers, const char *path, const char *end)
{
	own_str struct str shown = { 0 };

	render_visible(&shown, path, strlen(path), false);
	printf("%s:%s%s\n", controllers, shown.torn ? "?" : shown.at, end);
}

static int list_in(const struct cg_in *in, const char *path, struct err *e)
{
	own_cg_tree struct cg_tree t = { 0 };
	char name[256];

	snprintf(name, sizeof(name), "%s", in->at->name);
	if (in->at->version == CGROUP_V2 && v2_name(in, name, sizeof(name), e) < 0)
		return -1;
	if (cg_tree_read(in, 1, path, false, &t, e) < 0)
		return e->sysno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < t.n; i++)
		print_name(name, t.at[i].path, !i && t.at[i].path[1] ? "/" : "");
	return 0;
}

static int list_all(const struct cgroup_world *w, struct err *e)
{
	for (size_t i = w->n; i-- > 0;) {
		struct cg_in in = { &w->at[i], 0 };

		/* those without any are no controller's */
		if ((in.at->controllers & ~(in.at->version == CGROUP_V2 ? CGROUP_V2_CORE : 0U)) &&
		    list_in(&in, "/", e) < 0)
			return -1;
	}
	return 0;
}

static int list_groups(const struct lscgroup *o, char **args, size_t n_args, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };

	if (cg_world_open(&w, e) < 0)
		return -1;
	if (!o->groups.n && !n_args)
		return list_all(&w, e);
	for (size_t i = 0; i < o->groups.n + n_args; i++) {
		struct cg_group g;

		if (cg_group_parse(&w, i < o->groups.n ? o->groups.at[i] : args[i - o->groups.n],
				   &g, e) < 0)
			return -1;
		for (size_t j = 0; j < g.n; j++)
			if (list_in(&g.in[j], g.path, e) < 0)
				return -1;
	}
	return 0;
}

static int run_lscgroup(const struct cli *cli, void *options, char **args, size_t n_args,
			int *ret_status, struct err *e)
{
	static const struct cg_codes codes = {
		.unmounted = 93, .absent = 93, .denied = 93, .other = 93
	};

	return cg_answer(cli, &codes, list_groups(options, args, n_args, e), ret_status, e);
}

const struct command lscgroup_command = {
	.name = "lscgroup",
	.args = "[CONTROLLERS:PATH...]",
	.summary = "the names of all groups, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	.opts = lscgroup_opts,
	.n = COUNT(lscgroup_opts),
	.size = sizeof(struct lscgroup),
	.max = SIZE_MAX,
	.words = WORDS_CGROUP,
	.link = true,
	.failure = 255,
	.run = run_lscgroup,
};
