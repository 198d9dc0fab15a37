/* cg_subsystems.c - tare cg subsystems; lssubsys: which controllers there are, and where */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/render.h"
#include "os/file.h"
#include "os/mountinfo.h"
#include "tare/cg.h"

#define TEXT_MAX ((size_t)16 << 20)

/* struct subsystem - one controller of the kernel's */
struct subsystem {
	char *name, *mount;
	uint64_t hierarchy, groups, version;
	bool enabled;
};

struct subsystems {
	struct subsystem at[64];
	size_t n;
	struct arena mem;
};

/* /proc/cgroups has a line for each; the v1 part of kernels without v1 lists none. */
static int read_kernel(struct subsystems *s, const struct cgroup_world *w, struct err *e)
{
	own_mem char *text = NULL;
	char name[64];
	unsigned hierarchy, groups, enabled;

	if (file_read(AT_FDCWD, "/proc/cgroups", TEXT_MAX, &text, e) < 0)
		return -1;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		struct subsystem *row = &s->at[s->n];
		const struct cgroup_hierarchy *h;
		unsigned bit;

		if (*line == '#' || s->n == COUNT(s->at) ||
		    sscanf(line, "%63s %u %u %u", name, &hierarchy, &groups, &enabled) != 4)
			continue;
		bit = cgroup_controllers_parse(name);
		h = bit ? cgroup_world_with(w, bit) : NULL;
		*row = (struct subsystem){ .name = arena_dup(&s->mem, name),
					   .mount = h ? arena_dup(&s->mem, h->mount) : NULL,
					   .hierarchy = hierarchy,
					   .groups = groups,
					   .version = h ? h->version : 0,
					   .enabled = enabled != 0 };
		if (!row->name || (h && !row->mount))
			return fail_errno(e, ENOMEM, "list the controllers");
		s->n++;
	}
	return 0;
}

static void subsystems_done(struct subsystems *s)
{
	arena_done(&s->mem);
}
#define own_subsystems __attribute__((cleanup(subsystems_done)))

struct list {
	struct render render;
};

// clang-format off
static const struct opt list_opts[] = {
	RENDER_OPTS_QUIET(struct list, render),
};
static const struct bind_row rows[] = {
	ROW_STRING("name",    OPTIONAL, struct subsystem, name),
	ROW_U64("version",    OPTIONAL, struct subsystem, version),
	ROW_STRING("mount",   OPTIONAL, struct subsystem, mount),
	ROW_U64("hierarchy",  OPTIONAL, struct subsystem, hierarchy),
	ROW_U64("groups",     OPTIONAL, struct subsystem, groups),
	ROW_BOOL("enabled",   OPTIONAL, struct subsystem, enabled),
};
static const struct render_column columns[] = {
	{ .header = "CONTROLLER", .path = "name" },
	{ .header = "VERSION", .path = "version", .align = RENDER_RIGHT },
	{ .header = "GROUPS", .path = "groups", .align = RENDER_RIGHT },
	{ .header = "MOUNT", .path = "mount" },
};
// clang-format on
static const struct bind_table table = BIND_TABLE(rows, struct subsystem, false);
static const struct render_list listed = {
	.table = &table, .columns = columns, .n = COUNT(columns), .quiet = "name"
};

static int run_list(const struct cli *cli __attribute__((unused)), void *options,
		    char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		    int *ret_status __attribute__((unused)), struct err *e)
{
	const struct list *o = options;
	own_cgroup_world struct cgroup_world w = { 0 };
	own_subsystems struct subsystems s = { 0 };

	if (cgroup_world_open(&w, e) < 0 || read_kernel(&s, &w, e) < 0)
		return -1;
	return render_print(&o->render, &listed, (struct list_any){ s.at, s.n }, e);
}

const struct command cg_subsystems_command = {
	.name = "subsystems",
	.args = "",
	.summary = "show the controllers of this kernel, and where they are mounted",
	.opts = list_opts,
	.n = COUNT(list_opts),
	.size = sizeof(struct list),
	.run = run_list,
};

/* --- lssubsys ------------------------------------------------------------------------------ */

struct lssubsys {
	bool all, ids, mount, mounts;
};

// clang-format off
static const struct opt lssubsys_opts[] = {
	OPT_FLAG_("all",              'a', struct lssubsys, all, "those that are mounted nowhere, too"),
	OPT_FLAG_("hierarchies",      'i', struct lssubsys, ids, "with the hierarchy's number"),
	OPT_FLAG_("mount-points",     'm', struct lssubsys, mount, "with the mount point"),
	OPT_FLAG_("all-mount-points", 'M', struct lssubsys, mounts, "with every mount point"),
};
// clang-format on

static uint64_t number_of(const struct subsystems *s, const struct cgroup_hierarchy *h)
{
	for (size_t i = 0; i < s->n; i++)
		if (h->version == CGROUP_V1 &&
		    (cgroup_controllers_parse(s->at[i].name) & h->controllers))
			return s->at[i].hierarchy;
	return 0;
}

static void print_line(const struct lssubsys *o, const char *name, const char *mount, uint64_t id)
{
	printf("%s", name);
	if (mount && (o->mount || o->mounts))
		printf(" %s", mount);
	if (o->ids)
		printf(" %llu", (unsigned long long)id);
	putchar('\n');
}

static bool is_asked(char **args, size_t n, const char *name)
{
	const unsigned bits = cgroup_controllers_parse(name);

	for (size_t i = 0; i < n; i++)
		if (strcmp(args[i], name) == 0 || (cgroup_controllers_parse(args[i]) & bits))
			return true;
	return !n;
}

/* Every place where a v1 hierarchy is mounted: other words than the first, in /proc/self/mounts. */
static int print_mounts(const struct lssubsys *o, const struct cgroup_hierarchy *h, uint64_t id,
			struct err *e)
{
	own_mem char *text = NULL;
	unsigned want = h->controllers;

	if (file_read(AT_FDCWD, "/proc/self/mounts", TEXT_MAX, &text, e) < 0)
		return -1;
	for (char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char mount[CGROUP_PATH_MAX], type[16], words[512];

		if (sscanf(line, "%*s %4095s %15s %511s", mount, type, words) != 3 ||
		    strcmp(type, h->version == CGROUP_V2 ? "cgroup2" : "cgroup") != 0 ||
		    (h->version == CGROUP_V1 && cgroup_controllers_parse(words) != want))
			continue;
		mountinfo_unescape(mount);
		print_line(o, h->name, mount, id);
	}
	return 0;
}

static int print_hierarchy(const struct lssubsys *o, const struct subsystems *s,
			   const struct cgroup_hierarchy *h, char **args, size_t n, struct err *e)
{
	if (h->version == CGROUP_V1) {
		if (!is_asked(args, n, h->name))
			return 0;
		if (o->mounts && h->controllers)
			return print_mounts(o, h, number_of(s, h), e);
		print_line(o, h->name, h->mount, number_of(s, h));
		return 0;
	}
	for (const struct word *c = cgroup_controller_words; c->name; c++)
		if (((unsigned)c->value & h->controllers & ~CGROUP_V2_CORE) &&
		    strcmp(c->name, "blkio") != 0 && is_asked(args, n, c->name))
			print_line(o, c->name, h->mount, 0);
	return 0;
}

static int list_subsystems(const struct lssubsys *o, char **args, size_t n, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	own_subsystems struct subsystems s = { 0 };

	if (o->all && n)
		return fail(e, ERR_INPUT, "--all and names of controllers exclude each other");
	if (cgroup_world_open(&w, e) < 0 || read_kernel(&s, &w, e) < 0)
		return -1;
	for (size_t i = w.n; i-- > 0;)
		if (print_hierarchy(o, &s, &w.at[i], args, n, e) < 0)
			return -1;
	for (size_t i = 0; o->all && i < s.n; i++)
		if (!s.at[i].mount)
			print_line(o, s.at[i].name, NULL, s.at[i].hierarchy);
	return 0;
}

static int run_lssubsys(const struct cli *cli, void *options, char **args, size_t n_args,
			int *ret_status, struct err *e)
{
	static const struct cg_codes codes = {
		.unmounted = 82, .absent = 82, .denied = 82, .other = 82
	};

	return cg_answer(cli, &codes, list_subsystems(options, args, n_args, e), ret_status, e);
}

const struct command lssubsys_command = {
	.name = "lssubsys",
	.args = "[CONTROLLER...]",
	.summary = "hierarchies and their controllers, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	.opts = lssubsys_opts,
	.n = COUNT(lssubsys_opts),
	.size = sizeof(struct lssubsys),
	.max = SIZE_MAX,
	.link = true,
	.failure = 255,
	.run = run_lssubsys,
};
