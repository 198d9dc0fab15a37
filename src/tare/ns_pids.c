/* ns_pids.c - tare ns pids: what processes are called in each of the pid namespaces they are in */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/own.h"
#include "base/render.h"
#include "ns/namespaces.h"
#include "host/proc_scan.h"
#include "tare/ns.h"

struct pids {
	bool all;
	struct render render;
};

/**
 * struct pids_row - one process
 * @ns:    inode of its pid namespace
 * @level: how far that is below ours
 * @pids:  its numbers, from ours to its own
 */
struct pids_row {
	int64_t pid;
	uint64_t ns, level;
	struct numbers pids;
	char *command;
};

// clang-format off
static const struct opt pids_opts[] = {
	OPT_FLAG_("all", 'a', struct pids, all, "also the processes of our own pid namespace"),
	RENDER_OPTS_QUIET(struct pids, render),
};

static const struct bind_row ROWS[] = {
	ROW_I64("pid", REQUIRED, struct pids_row, pid),
	ROW_U64("namespace", REQUIRED, struct pids_row, ns),
	ROW_U64("level", REQUIRED, struct pids_row, level),
	ROW_NUMBERS("pids", REQUIRED, struct pids_row, pids, 0, 0),
	ROW_STRING("command", OPTIONAL, struct pids_row, command),
};
static const struct bind_table row_table = BIND_TABLE(ROWS, struct pids_row, false);

static const struct render_column columns[] = {
	{ .header = "NAMESPACE", .path = "namespace" },
	{ .header = "LEVEL",     .path = "level", .align = RENDER_RIGHT },
	{ .header = "PID",       .path = "pid",   .align = RENDER_RIGHT },
	{ .header = "PIDS",      .path = "{{range $i, $p := .pids}}{{if $i}} > {{end}}{{$p}}{{end}}" },
	{ .header = "COMMAND",   .path = "command" },
};
// clang-format on

static const struct render_list list = {
	.table = &row_table,
	.columns = columns,
	.n = COUNT(columns),
	.quiet = "pid",
};

struct collection {
	struct arena arena;
	struct pids_row *at;
	size_t n, room;
};

static void collection_done(struct collection *c)
{
	arena_done(&c->arena);
	free(c->at);
}

static int add(void *ctx, int dir __attribute__((unused)), const struct proc_entry *p,
	       struct err *e)
{
	struct collection *c = ctx;
	const struct proc_status *st = &p->status;
	struct pids_row row = { .pid = p->pid, .ns = p->ns[NSFS_PID] };

	if (!(p->have & PROC_STATUS) || !st->n_nspid)
		return 0;
	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 256;
		struct pids_row *more = reallocarray(c->at, room, sizeof(*more));

		if (!more)
			return fail_errno(e, ENOMEM, "look at the processes");
		c->at = more;
		c->room = room;
	}
	row.level = st->n_nspid - 1;
	row.pids.at = arena_array(&c->arena, st->n_nspid, sizeof(*row.pids.at));
	row.command = arena_dup(&c->arena, p->stat.name);
	if (!row.pids.at || !row.command)
		return fail_errno(e, ENOMEM, "look at the processes");
	for (; row.pids.n < st->n_nspid; row.pids.n++)
		row.pids.at[row.pids.n] = st->nspid[row.pids.n];
	c->at[c->n++] = row;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct pids_row *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Is a pid namespace this one, or below of it? */
static bool is_in(const struct ns_graph *g, uint64_t ns, uint64_t top)
{
	while (ns != top) {
		const struct ns_node *n = ns_graph_find(g, NSFS_PID, ns);

		if (!n || !n->parent.set)
			return false;
		ns = n->parent.v;
	}
	return true;
}

/* Leaves what is in the namespace of process @pid, or below of it. Rows are sorted by namespace. */
static int keep_below(struct collection *c, pid_t pid, struct err *e)
{
	struct ns_graph g;
	uint64_t top = 0, ns = 0;
	bool in = false;
	size_t n = 0;

	if (ns_graph_read(NS_LEAVE_CHILDREN, &c->arena, &g, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].pid == pid)
			top = c->at[i].ns;
	if (!top)
		return fail(e, ERR_ABSENT, "process %d is not seen", (int)pid);
	for (size_t i = 0; i < c->n; i++) {
		if (c->at[i].ns != ns)
			in = is_in(&g, c->at[i].ns, top);
		ns = c->at[i].ns;
		if (in)
			c->at[n++] = c->at[i];
	}
	c->n = n;
	return 0;
}

static void drop_ours(struct collection *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].level)
			c->at[n++] = c->at[i];
	c->n = n;
}

static int run(const struct cli *cli __attribute__((unused)), void *options, char **args,
	       size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct pids *o = options;
	__attribute__((cleanup(collection_done))) struct collection c = { 0 };
	struct proc_scan s = { .want = PROC_STAT | PROC_STATUS | PROC_NS, .each = add, .ctx = &c };
	pid_t pid = 0;

	if ((n_args && ns_parse_pid(args[0], &pid, e) < 0) || proc_scan(&s, e) < 0)
		return -1;
	if (s.hidden)
		log_warn("there may be more processes: not every process may be looked at");
	qsort(c.at, c.n, sizeof(*c.at), compare);
	if (pid && keep_below(&c, pid, e) < 0)
		return -1;
	if (!pid && !o->all)
		drop_ours(&c);
	return render_print(&o->render, &list, (struct list_any){ c.at, c.n }, e);
}

const struct command ns_pids_command = {
	.name = "pids",
	.args = "[PID]",
	.summary = "show what processes are called in nested pid namespaces",
	.about = "With a PID: the processes in its pid namespace and below of that. "
		 "Without: all that are not in our own.",
	.opts = pids_opts,
	.n = COUNT(pids_opts),
	.size = sizeof(struct pids),
	.max = 1,
	.words = WORDS_PID,
	.run = run,
};
