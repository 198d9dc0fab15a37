/* cg_get.c - tare cg get; cgget
 *
 * The text is put together before anything is printed: a group that cannot be read leaves none.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "tare/cg.h"

struct get {
	struct opt_list groups, names;
	bool all, bare, values, explain;
};

// clang-format off
static const struct opt get_opts[] = {
	OPT_STRINGS_("group",     'g', struct get, groups, "CONTROLLERS[:PATH]", "all files of these controllers"),
	OPT_STRINGS_("variable",  'r', struct get, names, "NAME", "this control file"),
	OPT_FLAG_("all",          'a', struct get, all, "all files of all controllers"),
	OPT_FLAG_("no-headers",   'n', struct get, bare, "no group's name above, no empty line below"),
	OPT_FLAG_("values-only",  'v', struct get, values, "no files' names"),
	OPT_FLAG_("explain",       0,  struct get, explain, "say which file a name of the other version is here, and the formula"),
};
// clang-format on

/* struct page - what is being put together
 * @lenient: what is in no hierarchy is passed over, as by libcgroup's program */
struct page {
	const struct get *o;
	bool lenient;
	struct str text;
};

/* A value's further lines are indented, as libcgroup's are. */
static void add_value(struct page *p, const char *name, const char *value)
{
	if (!p->o->values)
		str_addf(&p->text, "%s: ", name);
	for (const char *c = value ? value : ""; *c; c++)
		str_add_len(&p->text, *c == '\n' ? "\n\t" : c, *c == '\n' ? 2 : 1);
	str_add(&p->text, "\n");
}

static int add_file(int dirfd, const char *name, mode_t mode __attribute__((unused)), void *ctx,
		    struct err *e __attribute__((unused)))
{
	own_str struct str value = { 0 };
	struct err unread = { 0 };

	/* a file that is only written to, or not ours to read, is shown empty */
	(void)cg_read(dirfd, name, &value, &unread);
	add_value(ctx, name, value.at);
	return 0;
}

static int add_named(struct page *p, const struct cgroup_world *w, const char *path,
		     const char *name, struct err *e)
{
	own_str struct str value = { 0 };
	struct cg_said said = { 0 };

	if (cg_get_value(w, path, name, &value, &said, e) < 0) {
		struct err unread = *e;

		/* one that is only written to */
		if (unread.sysno != EINVAL && unread.sysno != EACCES)
			return fail_in(e, "group '%s'", path);
	}
	add_value(p, name, value.at);
	if (p->o->explain)
		cg_explain(name, &said);
	return 0;
}

static int add_hierarchy(struct page *p, const struct cg_in *in, const char *path, struct err *e)
{
	own_fd int dir = cg_open(in->at, path, e);

	if (dir < 0)
		return p->lenient && e->sysno == ENOENT ? 0 : -1;
	return cg_files(in, dir, "", add_file, p, e);
}

static void begin(struct page *p, const char *path)
{
	if (!p->o->bare)
		str_addf(&p->text, "%s:\n", path);
}

static void end(struct page *p)
{
	if (!p->o->bare)
		str_add(&p->text, "\n");
}

/* Every hierarchy in which there is such a group. */
static int add_all(struct page *p, const struct cgroup_world *w, const char *path, struct err *e)
{
	bool any = false;

	for (size_t i = w->n; i-- > 0;) {
		struct cg_in in = { &w->at[i], 0 };
		struct err absent = { 0 };

		if (add_hierarchy(p, &in, path, &absent) == 0) {
			any = true;
			continue;
		}
		*e = absent;
		if (absent.sysno != ENOENT)
			return -1;
	}
	return any || !w->n || p->lenient ? 0 : -1;
}

static int parse(const struct page *p, const struct cgroup_world *w, const char *text,
		 struct cg_group *ret_group, struct err *e)
{
	if (cg_group_parse(w, text, ret_group, e) == 0)
		return 0;
	return p->lenient && e->cls == ERR_UNSUPPORTED ? 0 : -1;
}

/* -g CONTROLLERS beside the paths */
static int add_controllers(struct page *p, const struct cgroup_world *w, const char *path,
			   struct err *e)
{
	for (size_t i = 0; i < p->o->groups.n; i++) {
		char text[CGROUP_PATH_MAX + 256];
		struct cg_group g;

		if (strchr(p->o->groups.at[i], ':'))
			continue;
		snprintf(text, sizeof(text), "%s:%s", p->o->groups.at[i], path);
		if (parse(p, w, text, &g, e) < 0)
			return -1;
		for (size_t j = 0; j < g.n; j++)
			if (add_hierarchy(p, &g.in[j], path, e) < 0)
				return -1;
	}
	return 0;
}

static int add_path(struct page *p, const struct cgroup_world *w, const char *path, struct err *e)
{
	begin(p, path);
	for (size_t i = 0; i < p->o->names.n; i++)
		if (add_named(p, w, path, p->o->names.at[i], e) < 0)
			return -1;
	if (add_controllers(p, w, path, e) < 0)
		return -1;
	if ((p->o->all || !(p->o->groups.n || p->o->names.n)) && add_all(p, w, path, e) < 0)
		return -1;
	end(p);
	return 0;
}

/* -g CONTROLLERS:PATH */
static int add_group(struct page *p, const struct cgroup_world *w, const char *text, struct err *e)
{
	struct cg_group g;

	if (parse(p, w, text, &g, e) < 0)
		return -1;
	begin(p, g.path);
	for (size_t i = 0; i < p->o->names.n; i++)
		if (add_named(p, w, g.path, p->o->names.at[i], e) < 0)
			return -1;
	for (size_t i = 0; i < g.n; i++)
		if (add_hierarchy(p, &g.in[i], g.path, e) < 0)
			return -1;
	end(p);
	return 0;
}

static int put_together(struct page *p, char **args, size_t n_args, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	bool paths = false;

	if (cg_world_open(&w, e) < 0)
		return -1;
	for (size_t i = 0; i < p->o->groups.n; i++) {
		if (!strchr(p->o->groups.at[i], ':'))
			continue;
		paths = true;
		if (add_group(p, &w, p->o->groups.at[i], e) < 0)
			return -1;
	}
	if (paths ? n_args > 0 : !n_args) {
		fail(e, ERR_INPUT, "get: %s",
		     paths ? "a path in -g and others after the options exclude each other"
			   : "say of which group");
		return fail_hint(e, "as in -r memory.max PATH, -g memory:PATH or -a PATH");
	}
	for (size_t i = 0; i < n_args; i++)
		if (add_path(p, &w, args[i], e) < 0)
			return -1;
	return p->text.torn ? fail_errno(e, ENOMEM, "print the values") : 0;
}

static int print(const struct get *o, bool lenient, char **args, size_t n_args, struct err *e)
{
	struct page p = { .o = o, .lenient = lenient };
	int r = put_together(&p, args, n_args, e);

	if (r == 0 && p.text.at)
		fputs(p.text.at, stdout);
	str_done(&p.text);
	return r;
}

static int run_get(const struct cli *cli __attribute__((unused)), void *options, char **args,
		   size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	return print(options, false, args, n_args, e);
}

static int run_cgget(const struct cli *cli, void *options, char **args, size_t n_args,
		     int *ret_status, struct err *e)
{
	static const struct cg_codes codes = {
		.unmounted = 96, .absent = 96, .denied = 96, .other = 96
	};
	const struct get *o = options;

	int r = print(o, true, args, n_args, e);

	/* who names controllers, and no group of theirs */
	if (r < 0 && o->groups.n && !n_args && !strchr(o->groups.at[0], ':')) {
		cli_complain(cli, e);
		*ret_status = 255;
		return 0;
	}
	return cg_answer(cli, &codes, r, ret_status, e);
}

#define GET \
	.args = "[-g CONTROLLERS:PATH] [PATH...]", .opts = get_opts, .n = COUNT(get_opts), \
	.size = sizeof(struct get), .max = SIZE_MAX, .words = WORDS_CGROUP

const struct command cg_get_command = {
	.name = "get",
	.summary = "print control files of groups",
	GET,
	.run = run_get,
};

const struct command cgget_command = {
	.name = "cgget",
	.summary = "tare cg get, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	GET,
	.link = true,
	.failure = 1,
	.run = run_cgget,
};
