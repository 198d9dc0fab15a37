/* cg_make.c - tare cg create, tare cg delete; cgcreate, cgdelete */
#include <stdint.h>

#include "base/own.h"
#include "tare/cg.h"

struct create {
	struct opt_list groups;
	const char *tasks, *all, *dir_mode, *file_mode, *tasks_mode;
};

// clang-format off
static const struct opt create_opts[] = {
	OPT_STRINGS_("group", 'g', struct create, groups, "CONTROLLERS:PATH", "a group to make; '*' is every controller"),
	OPT_STRING_("tasks",  't', struct create, tasks, "USER:GROUP", "who may bring processes in"),
	OPT_STRING_("all",    'a', struct create, all, "USER:GROUP", "who owns the group and its other files"),
	OPT_STRING_("dperm",  'd', struct create, dir_mode, "MODE", "the directory's permissions, octal"),
	OPT_STRING_("fperm",  'f', struct create, file_mode, "MODE", "the files' permissions, octal"),
	OPT_STRING_("tperm",  's', struct create, tasks_mode, "MODE", "permissions of the file through which processes come in"),
};
// clang-format on

static int parse_mode(const char *text, uint32_t *ret, struct err *e)
{
	*ret = CG_KEEP;
	return text ? cg_mode_parse(text, ret, e) : 0;
}

static int parse_owner(const char *text, struct cg_owner *ret, struct err *e)
{
	*ret = CG_OWNER_KEEP;
	return text ? cg_owner_parse(text, ret, e) : 0;
}

static int run_create(const struct cli *cli __attribute__((unused)), void *options,
		      char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct create *o = options;
	own_cgroup_world struct cgroup_world w = { 0 };
	own_mem struct cg_group *groups = NULL;
	struct cg_rights rights;

	if (!o->groups.n) {
		fail(e, ERR_INPUT, "create: no group is named");
		return fail_hint(e, "as in -g memory,cpu:/students");
	}
	if (parse_mode(o->dir_mode, &rights.dir_mode, e) < 0 ||
	    parse_mode(o->file_mode, &rights.file_mode, e) < 0 ||
	    parse_mode(o->tasks_mode, &rights.tasks_mode, e) < 0 ||
	    parse_owner(o->tasks, &rights.tasks, e) < 0 ||
	    parse_owner(o->all, &rights.all, e) < 0 || cg_world_open(&w, e) < 0 ||
	    cg_parse_groups(&w, &o->groups, &groups, e) < 0)
		return -1;
	for (size_t i = 0; i < o->groups.n; i++)
		if (cg_create(&groups[i], &rights, e) < 0)
			return -1;
	return 0;
}

static int run_cgcreate(const struct cli *cli, void *options, char **args, size_t n_args,
			int *ret_status, struct err *e)
{
	static const struct cg_codes codes = {
		.unmounted = 84, .absent = 96, .denied = 87, .other = 96
	};

	return cg_answer(cli, &codes, run_create(cli, options, args, n_args, ret_status, e),
			 ret_status, e);
}

#define CREATE \
	.args = "-g CONTROLLERS:PATH...", .opts = create_opts, .n = COUNT(create_opts), \
	.size = sizeof(struct create)

const struct command cg_create_command = {
	.name = "create",
	.summary = "make groups, with all levels above them",
	.about = "On v2, the controllers are handed on along the way; what forbids it is said.",
	CREATE,
	.run = run_create,
};

const struct command cgcreate_command = {
	.name = "cgcreate",
	.summary = "tare cg create, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	CREATE,
	.link = true,
	.failure = 255,
	.run = run_cgcreate,
};

/* --- delete ------------------------------------------------------------------------------ */

struct delete
{
	struct opt_list groups;
	bool recursive;
};

// clang-format off
static const struct opt delete_opts[] = {
	OPT_STRINGS_("group",   'g', struct delete, groups, "CONTROLLERS:PATH", "a group to remove; -g may be left out"),
	OPT_FLAG_("recursive",  'r', struct delete, recursive, "remove all groups below it, too"),
};
// clang-format on

static int delete_one(const struct cgroup_world *w, const char *text, bool recursive, struct err *e)
{
	struct cg_group g;

	if (cg_group_parse(w, text, &g, e) < 0)
		return -1;
	for (size_t i = 0; i < g.n; i++)
		if (cg_delete(&g.in[i], g.path, recursive, e) < 0)
			return -1;
	return 0;
}

/* All that can be removed is; each failure is said, and the last one left to the caller. */
static int delete_all(const struct cli *cli, const struct delete *o, char **args, size_t n_args,
		      struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	int r = 0;

	if (!o->groups.n && !n_args)
		return fail(e, ERR_INPUT, "delete: no group is named");
	if (cg_world_open(&w, e) < 0)
		return -1;
	for (size_t i = 0; i < o->groups.n + n_args; i++) {
		const char *text = i < o->groups.n ? o->groups.at[i] : args[i - o->groups.n];
		struct err why = { 0 };

		if (delete_one(&w, text, o->recursive, &why) == 0)
			continue;
		if (r < 0)
			cli_complain(cli, e);
		*e = why;
		r = -1;
	}
	return r;
}

static int run_delete(const struct cli *cli, void *options, char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	return delete_all(cli, options, args, n_args, e);
}

static int run_cgdelete(const struct cli *cli, void *options, char **args, size_t n_args,
			int *ret_status, struct err *e)
{
	static const struct cg_codes codes = {
		.unmounted = 84, .absent = 96, .denied = 96, .other = 96
	};
	const struct delete *o = options;

	/* that program has nothing to do then, and says nothing */
	if (!o->groups.n && !n_args)
		return 0;
	return cg_answer(cli, &codes, delete_all(cli, o, args, n_args, e), ret_status, e);
}

#define DELETE \
	.args = "[-r] CONTROLLERS:PATH...", .opts = delete_opts, .n = COUNT(delete_opts), \
	.size = sizeof(struct delete), .max = SIZE_MAX, .words = WORDS_CGROUP

const struct command cg_delete_command = {
	.name = "delete",
	.summary = "remove groups; their processes go to the group above",
	DELETE,
	.run = run_delete,
};

const struct command cgdelete_command = {
	.name = "cgdelete",
	.summary = "tare cg delete, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	DELETE,
	.link = true,
	.failure = 255,
	.run = run_cgdelete,
};
