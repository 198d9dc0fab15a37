/* cg_shares.c - tare cg shares: percentages for groups, as a tree */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/render.h"
#include "base/units.h"
#include "cg/shares.h"
#include "any/usage.h"
#include "os/file.h"
#include "tare/cg.h"

#define FILE_MAX ((size_t)1 << 20)

struct shares {
	const char *under;
	bool show, dry_run, clear;
	struct render render;
};

// clang-format off
static const struct opt shares_opts[] = {
	OPT_STRING_("under",   'u', struct shares, under, "PATH", "put the tree in this group; without, at the top"),
	OPT_FLAG_("dry-run",   'n', struct shares, dry_run, "touch nothing, print what would be written"),
	OPT_FLAG_("show",       0,  struct shares, show, "print the shares that are in force, declared or not"),
	OPT_FLAG_("clear",      0,  struct shares, clear, "divide the network no longer; weights and limits go with the groups (tare cg delete -r)"),
	RENDER_OPTS(struct shares, render),
};

/* struct plan_row - one value that is or would be written */
struct plan_row {
	char *group, *resource, *share, *file, *value;
};

static const struct bind_row plan_rows[] = {
	ROW_STRING("group", REQUIRED, struct plan_row, group),
	ROW_STRING("resource", REQUIRED, struct plan_row, resource),
	ROW_STRING("share", REQUIRED, struct plan_row, share),
	ROW_STRING("file", REQUIRED, struct plan_row, file),
	ROW_STRING("value", REQUIRED, struct plan_row, value),
};
static const struct bind_table plan_table = BIND_TABLE(plan_rows, struct plan_row, false);

static const struct render_column plan_columns[] = {
	{ .header = "GROUP",    .path = "group" },
	{ .header = "RESOURCE", .path = "resource" },
	{ .header = "SHARE",    .path = "share", .align = RENDER_RIGHT },
	{ .header = "FILE",     .path = "file" },
	{ .header = "VALUE",    .path = "value", .align = RENDER_RIGHT },
};
static const struct render_list plan_list = {
	.table = &plan_table, .columns = plan_columns, .n = COUNT(plan_columns),
};

/* struct force_row - one group's numbers; what it has not is "-" in the table and absent in JSON */
struct force_row {
	char *group, *cpu, *cpu_host, *memory, *memory_host, *net, *net_rate, *net_device;
	struct opt_u64 weight, limit;
};

static const struct bind_row force_rows[] = {
	ROW_STRING("group", REQUIRED, struct force_row, group),
	ROW_OPT_U64("cpuWeight", OPTIONAL, struct force_row, weight),
	ROW_STRING("cpu", OPTIONAL, struct force_row, cpu),
	ROW_STRING("cpuOfHost", OPTIONAL, struct force_row, cpu_host),
	ROW_OPT_U64("memoryLimit", OPTIONAL, struct force_row, limit),
	ROW_STRING("memory", OPTIONAL, struct force_row, memory),
	ROW_STRING("memoryOfHost", OPTIONAL, struct force_row, memory_host),
	ROW_STRING("net", OPTIONAL, struct force_row, net),
	ROW_STRING("netRate", OPTIONAL, struct force_row, net_rate),
	ROW_STRING("netInterface", OPTIONAL, struct force_row, net_device),
};
static const struct bind_table force_table = BIND_TABLE(force_rows, struct force_row, false);

static const struct render_column force_columns[] = {
	{ .header = "GROUP",          .path = "group" },
	{ .header = "CPU WEIGHT",     .path = "{{or .cpuWeight \"-\"}}",    .align = RENDER_RIGHT },
	{ .header = "CPU",            .path = "{{or .cpu \"-\"}}",          .align = RENDER_RIGHT },
	{ .header = "CPU OF HOST",    .path = "{{or .cpuOfHost \"-\"}}",    .align = RENDER_RIGHT },
	{ .header = "MEMORY",         .path = "{{or .memory \"-\"}}",       .align = RENDER_RIGHT },
	{ .header = "MEMORY OF HOST", .path = "{{or .memoryOfHost \"-\"}}", .align = RENDER_RIGHT },
	{ .header = "NET",            .path = "{{or .net \"-\"}}",          .align = RENDER_RIGHT },
	{ .header = "NET RATE",       .path = "{{or .netRate \"-\"}}",      .align = RENDER_RIGHT },
};
static const struct render_list force_list = {
	.table = &force_table, .columns = force_columns, .n = COUNT(force_columns),
};
// clang-format on

static char *percent(struct arena *a, uint64_t hundredths)
{
	return arena_printf(a, "%llu.%02llu%%", (unsigned long long)hundredths / 100,
			    (unsigned long long)hundredths % 100);
}

/* --- the file ---------------------------------------------------------------------------- */

static int read_file(const char *name, char **ret_text, struct err *e)
{
	if (strcmp(name, "-") == 0)
		return file_read_fd(STDIN_FILENO, "the standard input", FILE_MAX, ret_text, e);
	return file_read(AT_FDCWD, name, FILE_MAX, ret_text, e);
}

static struct plan_row value_row(struct arena *a, const struct cg_share_step *step)
{
	return (struct plan_row){
		.group = arena_dup(a, step->path),
		.resource = arena_dup(a, word_name(cg_resource_words, step->resource)),
		.share = percent(a, step->share->part[step->resource]),
		.file = arena_dup(a, step->file),
		.value = arena_dup(a, step->value),
	};
}

static struct plan_row net_row(struct arena *a, const struct cg_net_plan *net, size_t i,
			       size_t device)
{
	const struct cg_net_group *g = &net->groups[i];
	const struct cg_network *network = &net->devices[device].network;
	char rate[24];

	return (struct plan_row){
		.group = arena_dup(a, g->path),
		.resource = arena_dup(a, word_name(cg_resource_words, CG_NET)),
		.share = percent(a, g->share->part[CG_NET]),
		.file = arena_printf(a, "%s %x:%x", network->name, net->handle >> 16, g->minor),
		.value = arena_dup(a, rate_format(cg_net_rate(net, g, network->rate), rate)),
	};
}

static int print_plan(const struct shares *o, struct cg_shares *s, const struct cg_share_plan *plan,
		      struct err *e)
{
	size_t classes = plan->net ? plan->net->n * plan->net->n_devices : 0, n = 0;
	struct plan_row *rows = arena_array(&s->mem, plan->n + classes, sizeof(*rows));

	if (!rows)
		return fail_errno(e, ENOMEM, "print the plan");
	for (size_t i = 0; i < plan->n; i++)
		rows[n++] = value_row(&s->mem, &plan->at[i]);
	for (size_t i = 0; i < classes; i++)
		rows[n++] = net_row(&s->mem, plan->net, i % plan->net->n, i / plan->net->n);
	return render_print(&o->render, &plan_list, (struct list_any){ rows, n }, e);
}

static int declare(const struct shares *o, const char *file, const char *under, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	own_cg_shares struct cg_shares s = { 0 };
	own_mem char *text = NULL;
	struct cg_share_plan plan;

	if (read_file(file, &text, e) < 0 || cg_shares_parse(text, file, &s, e) < 0 ||
	    cgroup_world_open(&w, e) < 0 || cg_shares_plan(&w, &s, under, &plan, e) < 0)
		return -1;
	return o->dry_run ? print_plan(o, &s, &plan, e) : cg_shares_apply(&plan, e);
}

/* --- what is in force -------------------------------------------------------------------- */

/* The limit that the group above a path has, or the nearest of those above that has one. */
static uint64_t limit_above(const struct cg_forces *f, size_t i, uint64_t host)
{
	uint64_t limit = host;

	for (size_t j = 0; j < i; j++) {
		size_t len = strlen(f->at[j].path);

		if (strncmp(f->at[j].path, f->at[i].path, len) == 0 && f->at[i].path[len] == '/' &&
		    f->at[j].limit < limit)
			limit = f->at[j].limit;
	}
	return limit;
}

static uint64_t part_of(uint64_t bytes, uint64_t whole)
{
	return (uint64_t)((double)bytes * CG_WHOLE / (double)(whole ? whole : 1) + 0.5);
}

static struct force_row force_row(struct cg_forces *f, size_t i, uint64_t host)
{
	const struct cg_in_force *at = &f->at[i];
	struct force_row row = { .group = arena_dup(&f->mem, at->path) };
	char rate[24];

	if (at->weight) {
		row.weight = (struct opt_u64){ true, at->weight };
		row.cpu = percent(&f->mem, at->cpu_above);
		row.cpu_host = percent(&f->mem, at->cpu_host);
	}
	if (at->limit != UINT64_MAX) {
		row.limit = (struct opt_u64){ true, at->limit };
		row.memory = percent(&f->mem, part_of(at->limit, limit_above(f, i, host)));
		row.memory_host = percent(&f->mem, part_of(at->limit, host));
	}
	if (at->net_rate) {
		row.net = percent(&f->mem, at->net_above);
		row.net_rate = arena_dup(&f->mem, rate_format(at->net_rate, rate));
		row.net_device = arena_dup(&f->mem, at->net_device);
	}
	return row;
}

static int show(const struct shares *o, const char *under, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	own_cg_forces struct cg_forces f = { 0 };
	struct force_row *rows;
	uint64_t host = usage_host_memory();
	size_t n = 0;

	if (cgroup_world_open(&w, e) < 0 || cg_forces_read(&w, under, &f, e) < 0)
		return -1;
	rows = arena_array(&f.mem, f.n + 1, sizeof(*rows));
	if (!rows)
		return fail_errno(e, ENOMEM, "print the shares");
	for (size_t i = 0; i < f.n; i++)
		if (f.at[i].weight || f.at[i].limit != UINT64_MAX || f.at[i].net_rate)
			rows[n++] = force_row(&f, i, host);
	return render_print(&o->render, &force_list, (struct list_any){ rows, n }, e);
}

static int clear(const char *under, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };

	return cgroup_world_open(&w, e) < 0 ? -1 : cg_net_clear(&w, under, e);
}

static int run_shares(const struct cli *cli __attribute__((unused)), void *options, char **args,
		      size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct shares *o = options;
	const char *under = o->under ? o->under : "";

	under += strspn(under, "/");
	if (o->show || o->clear ? n_args > 0 || o->dry_run || o->show == o->clear : n_args == 0) {
		fail(e, ERR_INPUT, "shares: %s",
		     o->show || o->clear ? "--show and --clear stand alone" : "no file is named");
		return fail_hint(e, "`tare cg shares FILE`, or `tare cg shares --show`");
	}
	if (o->clear)
		return clear(under, e);
	return o->show ? show(o, under, e) : declare(o, args[0], under, e);
}

const struct command cg_shares_command = {
	.name = "shares",
	.args = "[--dry-run] FILE|-, --show, --clear",
	.summary = "divide CPU time, memory, I/O and the network among groups by percentages",
	.about =
		"A line of FILE is a group and its share of what the group above it has: 'students "
		"30%'. Groups in it are indented below it, or have names such as students/master. "
		"A first line 'group cpu memory' heads columns, of cpu, memory, io and net; "
		"without it "
		"a share is of CPU time and memory. '-' is no share, '#' begins a comment.\n\n"
		"Of the network what goes out is divided, by the interfaces that lines 'network "
		"INTERFACE "
		"RATE' name, as in 'network eth0 100mbit': a group has its share of the rate for "
		"sure, "
		"and more while others leave some. An interface of this network namespace gets a "
		"discipline HTB (tc-htb(8)), which is refused where somebody else has put one; the "
		"groups' packets are told apart by BPF programs on the groups of the v2 hierarchy. "
		"On a "
		"host that has v1, too, tare cg exec and classify bring processes into these "
		"groups "
		"along with v1's of the same name. What the host routes for containers is nobody's "
		"share. --clear ends it.\n\n"
		"CPU time and I/O are divided when groups compete for them; what one does not "
		"use, others may. Memory is a limit. Groups that no line declares compete, too: "
		"--show says what the kernel's numbers come to. What cannot be divided is refused "
		"before anything is touched.",
	.opts = shares_opts,
	.n = COUNT(shares_opts),
	.size = sizeof(struct shares),
	.max = 1,
	.words = WORDS_FILE,
	.run = run_shares,
};
