/* top.c - tare top: hands over to tare-top, which has a screen; or prints readings, with --batch */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/render.h"
#include "os/spawn.h"
#include "tare/any.h"
#include "tare/cli.h"
#include "tare/usage_rows.h"

#define SCREEN    "tare-top"
#define NO_SCREEN "it is installed beside tare where ncurses is; --batch needs none"

struct top {
	const char *delay, *sort, *filter;
	uint32_t count;
	bool batch, services;
	struct render render;
};

// clang-format off
static const struct opt top_opts[] = {
	OPT_FLAG_("batch",    'b', struct top, batch,    "print readings, one after the other, instead of a screen"),
	OPT_STRING_("delay",  'd', struct top, delay,    "DURATION", "time between two readings; 1s by default"),
	OPT_U32_("count",     'n', struct top, count,    "N", "with --batch: end after N readings; 0, the default: never"),
	OPT_STRING_("sort",   's', struct top, sort,     "KEY", "'cpu' (the default), 'memory', 'io', 'net', 'pids' or 'name'"),
	OPT_STRING_("filter", 'f', struct top, filter,   "TEXT", "only containers with TEXT in their name, id or engine"),
	OPT_FLAG_("services",  0,  struct top, services, "systemd's services that have namespaces, too"),
	OPT_FLAG_("json",      0,  struct top, render.json, "with --batch: each reading is a JSON array on a line of its own"),
	OPT_FLAG_("no-headers", 0, struct top, render.no_headers, "with --batch: print no line of headers"),
	OPT_FLAG_("no-trunc",  0,  struct top, render.no_trunc, "with --batch: print long names in full"),
};

static const struct render_column columns[] = {
	{ .header = "ID",        .path = "ID",       .max = 16 },
	{ .header = "CONTAINER", .path = "Name",     .max = 24 },
	{ .header = "ENGINE",    .path = "Engine" },
	{ .header = "STATUS",    .path = "Status" },
	{ .header = "CPU %",     .path = "CPUPerc",  .align = RENDER_RIGHT },
	{ .header = "MEMORY",    .path = "MemUsage" },
	{ .header = "MEM %",     .path = "MemPerc",  .align = RENDER_RIGHT },
	{ .header = "NET I/O",   .path = "NetIO" },
	{ .header = "BLOCK I/O", .path = "BlockIO" },
	{ .header = "PIDS",      .path = "PIDs",     .align = RENDER_RIGHT },
};

static const struct render_list list = {
	.table = &usage_row_table, .columns = columns, .n = COUNT(columns),
};
// clang-format on

/* The program with the screen: it is another, because ncurses can't be linked with a static one. */
static int become_screen(const struct top *o, struct err *e)
{
	char path[4096];
	const char *argv[8] = { SCREEN };
	size_t n = 1;

	if (spawn_beside(SCREEN, path, sizeof(path)) < 0) {
		fail_sys(e, "run '%s'", path);
		return fail_hint(e, NO_SCREEN);
	}
	if (o->delay)
		argv[n++] = o->delay;
	else
		argv[n++] = "1s";
	argv[n++] = o->sort ? o->sort : "cpu";
	argv[n++] = o->filter ? o->filter : "";
	argv[n++] = o->services ? "services" : "";
	(void)execv(path, (char **)(uintptr_t)argv);
	fail_sys(e, "run '%s'", path);
	return fail_hint(e, NO_SCREEN);
}

static int read_batch(struct usage_sampler *s, const struct top *o, enum usage_sort sort,
		      bool print, struct err *e)
{
	own_mem size_t *order = NULL;
	size_t n = 0;

	if (usage_look(s, e) < 0)
		return -1;
	order = calloc(s->all.n + 1, sizeof(*order));
	if (!order)
		return fail_errno(e, ENOMEM, "read what containers use");
	usage_read_all(s);
	for (size_t i = 0; i < s->all.n; i++) {
		if (!usage_fits(&s->all.at[i], o->filter))
			continue;
		usage_read_more(s, i, USAGE_ALL);
		order[n++] = i;
	}
	usage_order(s, sort, order, n);
	return print ? usage_print(s, &o->render, &list, order, n, e) : 0;
}

static int run_batch(const struct top *o, int64_t delay, enum usage_sort sort, struct err *e)
{
	own_usage_sampler struct usage_sampler s = { 0 };

	if (usage_open(&s, o->services, e) < 0)
		return -1;
	/* the first reading only begins to count */
	for (uint64_t i = 0; i <= o->count || !o->count; i++) {
		if (i > 0)
			clock_nap_ns(delay);
		if (read_batch(&s, o, sort, i > 0, e) < 0)
			return -1;
	}
	return 0;
}

static int run_top(const struct cli *cli __attribute__((unused)), void *options,
		   char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		   int *ret_status __attribute__((unused)), struct err *e)
{
	const struct top *o = options;
	struct usage_choice choice = { .sort = SORT_CPU, .interval = INT64_C(1000000000) };

	if (usage_choose(&choice, o->sort, o->delay, e) < 0)
		return fail_in(e, "top");
	if (o->batch)
		return run_batch(o, choice.interval, choice.sort, e);
	if (o->count || o->render.json)
		return fail(e, ERR_INPUT, "top: --count and --json need --batch");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fail(e, ERR_INPUT, "top: there is no terminal for a screen");
		return fail_hint(e, "use --batch");
	}
	return become_screen(o, e);
}

const struct command top_command = {
	.name = "top",
	.args = "",
	.summary = "watch what containers of any engine use; freeze, limit and enter them by key",
	.section = "ANY CONTAINER OF THE HOST",
	.opts = top_opts,
	.n = COUNT(top_opts),
	.size = sizeof(struct top),
	.run = run_top,
};
