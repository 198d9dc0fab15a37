/* cg_account.c - tare cg account: what groups, and their processes, have used */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/own.h"
#include "base/render.h"
#include "base/units.h"
#include "os/cgroup_stats.h"
#include "os/file.h"
#include "os/taskstats.h"
#include "tare/cg.h"

#define SECOND 1000000000LL

struct account {
	struct opt_list groups;
	const char *interval;
	uint32_t count;
	bool processes;
	struct render render;
};

// clang-format off
static const struct opt account_opts[] = {
	OPT_STRINGS_("group",     'g', struct account, groups, "CONTROLLERS:PATH", "a group; '*' is every controller"),
	OPT_STRING_("interval",   'i', struct account, interval, "DURATION", "print what was used in each such time, such as 500ms"),
	OPT_U32_("count",         'c', struct account, count, "N", "end after so many times; 0: never"),
	OPT_FLAG_("processes",    'p', struct account, processes, "each process in the groups, by the kernel's taskstats"),
	RENDER_OPTS(struct account, render),
};

/* struct use_row - one group; what no controller at hand counts is absent. Times: nanoseconds */
struct use_row {
	char *group;
	struct opt_u64 cpu, memory, peak, read, written, pids;
};

static const struct bind_row use_rows[] = {
	ROW_STRING("group", REQUIRED, struct use_row, group),
	ROW_OPT_U64("cpuTime", OPTIONAL, struct use_row, cpu),
	ROW_OPT_U64("memory", OPTIONAL, struct use_row, memory),
	ROW_OPT_U64("memoryPeak", OPTIONAL, struct use_row, peak),
	ROW_OPT_U64("readBytes", OPTIONAL, struct use_row, read),
	ROW_OPT_U64("writtenBytes", OPTIONAL, struct use_row, written),
	ROW_OPT_U64("pids", OPTIONAL, struct use_row, pids),
};
static const struct bind_table use_table = BIND_TABLE(use_rows, struct use_row, false);

static const struct render_column use_columns[] = {
	{ .header = "GROUP",       .path = "group" },
	{ .header = "CPU NS",      .path = "cpuTime",      .align = RENDER_RIGHT },
	{ .header = "MEMORY",      .path = "memory",       .align = RENDER_RIGHT },
	{ .header = "MEMORY PEAK", .path = "memoryPeak",   .align = RENDER_RIGHT },
	{ .header = "READ",        .path = "readBytes",    .align = RENDER_RIGHT },
	{ .header = "WRITTEN",     .path = "writtenBytes", .align = RENDER_RIGHT },
	{ .header = "PIDS",        .path = "pids",         .align = RENDER_RIGHT },
};
static const struct render_list use_list = {
	.table = &use_table, .columns = use_columns, .n = COUNT(use_columns),
};

/* struct process_row - one process; times: nanoseconds */
struct process_row {
	char *group, *command;
	int64_t pid;
	uint64_t cpu, cpu_delay, io_delay, swap_delay, reclaim_delay, read, written;
};

static const struct bind_row process_rows[] = {
	ROW_STRING("group", REQUIRED, struct process_row, group),
	ROW_I64("pid", REQUIRED, struct process_row, pid),
	ROW_U64("cpuTime", REQUIRED, struct process_row, cpu),
	ROW_U64("cpuDelay", REQUIRED, struct process_row, cpu_delay),
	ROW_U64("ioDelay", REQUIRED, struct process_row, io_delay),
	ROW_U64("swapDelay", REQUIRED, struct process_row, swap_delay),
	ROW_U64("reclaimDelay", REQUIRED, struct process_row, reclaim_delay),
	ROW_U64("readBytes", REQUIRED, struct process_row, read),
	ROW_U64("writtenBytes", REQUIRED, struct process_row, written),
	ROW_STRING("command", OPTIONAL, struct process_row, command),
};
static const struct bind_table process_table = BIND_TABLE(process_rows, struct process_row, false);

static const struct render_column process_columns[] = {
	{ .header = "GROUP",     .path = "group" },
	{ .header = "PID",       .path = "pid",          .align = RENDER_RIGHT },
	{ .header = "CPU NS",    .path = "cpuTime",      .align = RENDER_RIGHT },
	{ .header = "CPU DELAY", .path = "cpuDelay",     .align = RENDER_RIGHT },
	{ .header = "I/O DELAY", .path = "ioDelay",      .align = RENDER_RIGHT },
	{ .header = "READ",      .path = "readBytes",    .align = RENDER_RIGHT },
	{ .header = "WRITTEN",   .path = "writtenBytes", .align = RENDER_RIGHT },
	{ .header = "COMMAND",   .path = "command", .max = 40 },
};
static const struct render_list process_list = {
	.table = &process_table, .columns = process_columns, .n = COUNT(process_columns),
};
// clang-format on

/* struct reader - the groups, and the reading before, which is zero in the first */
struct reader {
	const struct account *o;
	const struct cg_group *groups;
	size_t n;
	struct use_row *before;
};

/* cg_places() - the group's directory in each hierarchy that was named; in @a's memory */
int cg_places(const struct cg_group *g, struct arena *a, struct cgroup *cg, struct err *e)
{
	*cg = (struct cgroup){ .n = g->n };
	for (size_t i = 0; i < g->n; i++) {
		own_fd int dir = cg_open(g->in[i].at, g->path, e);
		const char *path = g->path + strspn(g->path, "/");

		if (dir < 0)
			return -1;
		cg->at[i].in = g->in[i].at;
		cg->at[i].path = arena_printf(a, "/%s", path);
		cg->at[i].dir = arena_printf(a, "%s/%s", g->in[i].at->mount, path);
		if (!cg->at[i].path || !cg->at[i].dir)
			return fail_errno(e, ENOMEM, "read group '%s'", g->path);
	}
	return 0;
}

static unsigned wanted(const struct cg_group *g)
{
	unsigned bits = 0;

	for (size_t i = 0; i < g->n; i++)
		bits |= g->in[i].need;
	return bits;
}

static uint64_t sum_of(const cgroup_io_list *list, const char *op)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].op && strcmp(list->at[i].op, op) == 0)
			sum += list->at[i].value;
	return sum;
}

static struct opt_u64 number(bool counted, uint64_t value)
{
	return (struct opt_u64){ counted, counted ? value : 0 };
}

static int read_group(const struct cg_group *g, struct arena *a, struct use_row *ret_row,
		      struct err *e)
{
	unsigned bits = wanted(g);
	struct cgroup_stats s;
	struct cgroup cg;

	if (cg_places(g, a, &cg, e) < 0 || cgroup_stats(&cg, a, &s, e) < 0)
		return -1;
	*ret_row = (struct use_row){
		.group = arena_dup(a, g->path),
		/* on v2 every group counts CPU time, whatever its controllers */
		.cpu = number((bits & CGROUP_CPUACCT) || s.cpu.total, s.cpu.total),
		.memory = number(bits & CGROUP_MEMORY, s.memory.usage.usage),
		.peak = number((bits & CGROUP_MEMORY) && s.memory.usage.max_usage,
			       s.memory.usage.max_usage),
		.read = number(bits & CGROUP_IO, sum_of(&s.io.service_bytes, "Read")),
		.written = number(bits & CGROUP_IO, sum_of(&s.io.service_bytes, "Write")),
		.pids = number(bits & CGROUP_PIDS, s.pids.current),
	};
	return ret_row->group ? 0 : fail_errno(e, ENOMEM, "read group '%s'", g->path);
}

static void subtract(struct opt_u64 *now, struct opt_u64 *before)
{
	uint64_t was = before->v;

	*before = *now;
	now->v -= was < now->v ? was : now->v;
}

static int print_groups(struct reader *r, bool print, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct use_row *rows = arena_array(&a, r->n, sizeof(*rows));

	if (!rows)
		return fail_errno(e, ENOMEM, "read the groups");
	for (size_t i = 0; i < r->n; i++) {
		if (read_group(&r->groups[i], &a, &rows[i], e) < 0)
			return -1;
		subtract(&rows[i].cpu, &r->before[i].cpu);
		subtract(&rows[i].read, &r->before[i].read);
		subtract(&rows[i].written, &r->before[i].written);
	}
	if (!print)
		return 0;
	if (render_print(&r->o->render, &use_list, (struct list_any){ rows, r->n }, e) < 0)
		return -1;
	return fflush(stdout) == 0 ? 0 : fail_sys(e, "print what the groups used");
}

static int run_groups(struct reader *r, struct err *e)
{
	int64_t interval = 0;

	if (r->o->interval && duration_parse(r->o->interval, &interval, e) < 0)
		return fail_in(e, "account: --interval");
	if (r->o->interval ? interval < SECOND / 100 : r->o->count > 0)
		return fail(e, ERR_INPUT, "account: %s",
			    r->o->interval ? "--interval: 10ms is the least"
					   : "--count goes with --interval");
	if (print_groups(r, !r->o->interval, e) < 0)
		return -1;
	for (uint32_t i = 0; r->o->interval && (!r->o->count || i < r->o->count); i++) {
		struct timespec nap = { interval / SECOND, interval % SECOND };

		(void)nanosleep(&nap, NULL);
		if (print_groups(r, true, e) < 0)
			return -1;
	}
	return 0;
}

/* --- processes ------------------------------------------------------------------------------ */

static int add_process(struct taskstats_link *l, int64_t pid, struct arena *a,
		       struct process_row *row, struct err *e)
{
	struct taskstats_use use;
	char path[64], name[64];
	int r = taskstats_try_read(l, (pid_t)pid, &use);

	/* it has ended meanwhile */
	if (r == -ESRCH)
		return 0;
	if (r < 0) {
		fail_errno(e, -r, "ask for the taskstats of process %d", (int)pid);
		return r == -EPERM ? fail_hint(e, "CAP_NET_ADMIN is needed: without it, "
						  "`tare cg account` tells of the groups")
				   : -1;
	}
	*row = (struct process_row){
		.pid = pid,
		.cpu = (use.user + use.kernel) * 1000,
		.cpu_delay = use.cpu_delay,
		.io_delay = use.io_delay,
		.swap_delay = use.swap_delay,
		.reclaim_delay = use.reclaim_delay,
		.read = use.read,
		.written = use.written,
	};
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (file_try_read(AT_FDCWD, path, name, sizeof(name)) > 0) {
		name[strcspn(name, "\n")] = '\0';
		row->command = arena_dup(a, name);
	}
	return 1;
}

static int add_processes(struct taskstats_link *l, const struct cg_group *g, struct arena *a,
			 struct process_row **rows, size_t *n, struct err *e)
{
	char *group = arena_dup(a, g->path);
	struct process_row *more;
	struct numbers pids;
	struct cgroup cg;

	if (!group)
		return fail_errno(e, ENOMEM, "read group '%s'", g->path);
	if (cg_places(g, a, &cg, e) < 0 || cgroup_pids(&cg, &pids, a, e) < 0)
		return -1;
	more = reallocarray(*rows, *n + pids.n + 1, sizeof(*more));
	if (!more)
		return fail_errno(e, ENOMEM, "read group '%s'", g->path);
	*rows = more;
	for (size_t i = 0; i < pids.n; i++) {
		int r = add_process(l, pids.at[i], a, &more[*n], e);

		if (r < 0)
			return -1;
		more[*n].group = group;
		*n += (size_t)r;
	}
	return 0;
}

static int run_processes(const struct reader *r, struct err *e)
{
	own_taskstats struct taskstats_link link = { .link = { .fd = FD_NONE } };
	own_mem struct process_row *rows = NULL;
	own_arena struct arena a = { 0 };
	char on[16];
	size_t n = 0;

	if (r->o->interval || r->o->count)
		return fail(e, ERR_INPUT,
			    "account: --processes is of the processes' whole lives, "
			    "without --interval and --count");
	if (taskstats_open(&link, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (add_processes(&link, &r->groups[i], &a, &rows, &n, e) < 0)
			return -1;
	if (file_try_read(AT_FDCWD, "/proc/sys/kernel/task_delayacct", on, sizeof(on)) > 0 &&
	    *on == '0')
		log_warn("the kernel counts no delays but those of the CPU: "
			 "`sysctl kernel.task_delayacct=1` makes it");
	return render_print(&r->o->render, &process_list, (struct list_any){ rows, n }, e);
}

static int run_account(const struct cli *cli __attribute__((unused)), void *options,
		       char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		       int *ret_status __attribute__((unused)), struct err *e)
{
	const struct account *o = options;
	own_cgroup_world struct cgroup_world w = { 0 };
	own_mem struct cg_group *groups = NULL;
	own_mem struct use_row *before = calloc(o->groups.n + 1, sizeof(*before));
	struct reader r = { .o = o, .n = o->groups.n, .before = before };

	if (!before)
		return fail_errno(e, ENOMEM, "read the groups");
	if (!r.n) {
		fail(e, ERR_INPUT, "account: no group is named");
		return fail_hint(e, "as in -g memory,cpuacct:/students");
	}
	if (cgroup_world_open(&w, e) < 0 || cg_parse_groups(&w, &o->groups, &groups, e) < 0)
		return -1;
	r.groups = groups;
	return o->processes ? run_processes(&r, e) : run_groups(&r, e);
}

const struct command cg_account_command = {
	.name = "account",
	.args = "-g CONTROLLERS:PATH...",
	.summary = "print what groups have used: CPU time, memory, I/O, processes",
	.about = "Without --interval it is what the group has used since it was made; with it, CPU "
		 "time and I/O are of that time, and memory and processes as they are then. Times "
		 "are nanoseconds, sizes bytes.\n\n"
		 "--processes asks the kernel's taskstats, which tell root, and include what a "
		 "process waited for. I/O is of the threads that have not ended.",
	.opts = account_opts,
	.n = COUNT(account_opts),
	.size = sizeof(struct account),
	.run = run_account,
};
