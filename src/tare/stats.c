/* stats.c - tare stats: what containers use, printed once or again and again, as docker stats */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/render.h"
#include "any/ledger.h"
#include "tare/any.h"
#include "tare/cli.h"
#include "tare/usage_rows.h"

struct stats {
	const char *interval, *sort;
	bool no_stream, services;
	struct render render;
};

// clang-format off
static const struct opt stats_opts[] = {
	OPT_FLAG_("no-stream",  0,  struct stats, no_stream,   "print one reading, then end"),
	OPT_STRING_("interval", 'i', struct stats, interval,   "DURATION", "time between two readings, such as 500ms; 1s by default"),
	OPT_STRING_("sort",     's', struct stats, sort,       "KEY", "'cpu', 'memory', 'io', 'net', 'pids' or 'name' (the default)"),
	OPT_FLAG_("services",   0,  struct stats, services,    "systemd's services that have namespaces, too"),
	RENDER_OPTS(struct stats, render),
};

static const struct render_column columns[] = {
	{ .header = "CONTAINER ID",      .path = "ID",       .max = 16 },
	{ .header = "NAME",              .path = "Name",     .max = 24 },
	{ .header = "ENGINE",            .path = "Engine" },
	{ .header = "CPU %",             .path = "CPUPerc" },
	{ .header = "MEM USAGE / LIMIT", .path = "MemUsage" },
	{ .header = "MEM %",             .path = "MemPerc" },
	{ .header = "NET I/O",           .path = "NetIO" },
	{ .header = "BLOCK I/O",         .path = "BlockIO" },
	{ .header = "PIDS",              .path = "PIDs" },
};

static const struct render_list list = {
	.table = &usage_row_table, .columns = columns, .n = COUNT(columns),
};
// clang-format on

/* struct watch - a command line, understood; @names: containers that were asked for, or all */
struct watch {
	const struct stats *options;
	struct usage_choice choice;
	char **names;
	size_t n_names;
};

/* The indices of those that were asked for. One that has ended is not asked for any more. */
static int choose(const struct usage_sampler *s, const struct watch *w, bool first, size_t *order,
		  size_t *ret_n, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; !w->n_names && i < s->all.n; i++)
		order[n++] = i;
	for (size_t i = 0; i < w->n_names; i++) {
		struct err gone = { 0 };
		const struct container_found *c =
			containers_lookup(&s->all, w->names[i], first ? e : &gone);

		if (!c && first)
			return -1;
		if (c && n < s->all.n)
			order[n++] = (size_t)(c - s->all.at);
	}
	*ret_n = n;
	return 0;
}

static int print_reading(struct usage_sampler *s, const struct watch *w, const size_t *order,
			 size_t n, struct err *e)
{
	/* as docker: the screen has one reading */
	if (!w->options->no_stream && isatty(STDOUT_FILENO) && !w->options->render.format &&
	    !w->options->render.json)
		fputs("\033[2J\033[H", stdout);
	return usage_print(s, &w->options->render, &list, order, n, e);
}

/* One reading; the first only begins to count, and is not printed. */
static int read_once(struct usage_sampler *s, const struct watch *w, unsigned round, struct err *e)
{
	own_mem size_t *order = NULL;
	size_t n;

	if (usage_look(s, e) < 0)
		return -1;
	order = calloc(s->all.n + 1, sizeof(*order));
	if (!order)
		return fail_errno(e, ENOMEM, "read what containers use");
	if (choose(s, w, round == 0, order, &n, e) < 0)
		return -1;
	usage_read_all(s);
	for (size_t i = 0; i < n; i++)
		usage_read_more(s, order[i], USAGE_ALL);
	usage_order(s, w->choice.sort, order, n);
	return round == 0 ? 0 : print_reading(s, w, order, n, e);
}

static int run_stats(const struct cli *cli __attribute__((unused)), void *options, char **args,
		     size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct stats *o = options;
	own_usage_sampler struct usage_sampler s = { 0 };
	struct watch w = {
		.options = o,
		.choice = { .sort = SORT_NAME, .interval = INT64_C(1000000000) },
		.names = args,
		.n_names = n_args,
	};

	if (usage_choose(&w.choice, o->sort, o->interval, e) < 0)
		return fail_in(e, "stats");
	ledger_tidy();
	if (usage_open(&s, o->services, e) < 0)
		return -1;
	for (unsigned round = 0; round < 2 || !o->no_stream; round++) {
		if (round > 0)
			clock_nap_ns(w.choice.interval);
		if (read_once(&s, &w, round, e) < 0)
			return -1;
	}
	return 0;
}

const struct command stats_command = {
	.name = "stats",
	.args = "[CONTAINER...]",
	.summary = "print what containers of any engine use",
	.about = "Containers are all that are found, or those that are named. Processor time is "
		 "that since the reading before.",
	.section = "ANY CONTAINER OF THE HOST",
	.opts = stats_opts,
	.n = COUNT(stats_opts),
	.size = sizeof(struct stats),
	.max = SIZE_MAX,
	.words = WORDS_CONTAINER,
	.run = run_stats,
};
