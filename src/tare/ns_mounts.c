/* ns_mounts.c - tare ns mounts: the peer groups of a process's mounts, as a tree
 *
 * Below of a group stand its members, which see each other's mounts, then those that see the group's
 * mounts and show it none of theirs, alone or as groups of their own.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/own.h"
#include "base/render.h"
#include "ns/mount_peers.h"
#include "tare/ns.h"

struct mounts {
	struct render render;
};

enum mounts_kind { MOUNTS_GROUP, MOUNTS_PEER, MOUNTS_SLAVE, MOUNTS_PRIVATE, MOUNTS_UNBINDABLE };

/**
 * struct mounts_row - a group, or a mount
 * @name:   "group 12", or where it is mounted
 * @group:  its peer group
 * @master: the group that it gets mounts from
 * @theirs: a mount of another mount namespace
 */
struct mounts_row {
	struct opt_word kind;
	char *name, *type, *root, *command;
	struct opt_u64 group, master, ns;
	struct opt_i64 pid;
	bool theirs;
	uint64_t depth;
};

// clang-format off
static const struct word kind_words[] = {
	{ "group",      MOUNTS_GROUP },
	{ "peer",       MOUNTS_PEER },       /* sends and receives */
	{ "slave",      MOUNTS_SLAVE },      /* receives */
	{ "private",    MOUNTS_PRIVATE },    /* neither */
	{ "unbindable", MOUNTS_UNBINDABLE }, /* neither, and cannot be bound elsewhere */
	{ NULL,         0 },
};

static const struct opt mounts_opts[] = {
	RENDER_OPTS(struct mounts, render),
};

static const struct bind_row ROWS[] = {
	ROW_WORD("kind", REQUIRED, struct mounts_row, kind, kind_words),
	ROW_STRING("name", REQUIRED, struct mounts_row, name),
	ROW_OPT_U64("group", OPTIONAL, struct mounts_row, group),
	ROW_OPT_U64("master", OPTIONAL, struct mounts_row, master),
	ROW_OPT_U64("namespace", OPTIONAL, struct mounts_row, ns),
	ROW_OPT_I64("pid", OPTIONAL, struct mounts_row, pid),
	ROW_STRING("command", OPTIONAL, struct mounts_row, command),
	ROW_STRING("type", OPTIONAL, struct mounts_row, type),
	ROW_STRING("root", OPTIONAL, struct mounts_row, root),
	ROW_BOOL("theirs", OPTIONAL, struct mounts_row, theirs),
	ROW_U64("depth", REQUIRED, struct mounts_row, depth),
};
static const struct bind_table row_table = BIND_TABLE(ROWS, struct mounts_row, false);

static const struct render_column columns[] = {
	{ .header = "MOUNT",     .path = "name", .max = 48, .tree = true },
	{ .header = "KIND",      .path = "kind" },
	{ .header = "NAMESPACE", .path = "namespace" },
	{ .header = "PID",       .path = "pid",  .align = RENDER_RIGHT },
	{ .header = "COMMAND",   .path = "command" },
	{ .header = "TYPE",      .path = "type" },
	{ .header = "ROOT",      .path = "root", .max = 32 },
};
// clang-format on

/* --- groups ---------------------------------------------------------------------------------- */

#define NONE SIZE_MAX

/**
 * struct group - a peer group
 * @up:     index of its master, or NONE
 * @child:  its first slave group; @next: the next one of the same master
 * @peer:   its first member, @slave: the first mount that only receives; by index of a mount
 * @wanted: there is a mount of the process below of it
 */
struct group {
	uint64_t id;
	size_t up, child, next, peer, slave;
	bool wanted, shown;
};

/**
 * struct forest - all groups, by id
 * @next: for each mount the next one in its list
 */
struct forest {
	const struct peer_mounts *all;
	struct group *at;
	size_t n, *next;
	struct arena *arena;
	struct mounts_row *rows;
	size_t n_rows;
};

static int by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct group *)a)->id, y = ((const struct group *)b)->id;

	return x < y ? -1 : x > y;
}

static size_t group_of(const struct forest *f, uint64_t id)
{
	const struct group key = { .id = id };
	const struct group *g = id ? bsearch(&key, f->at, f->n, sizeof(key), by_id) : NULL;

	return g ? (size_t)(g - f->at) : NONE;
}

/* The group that it gets mounts from, or, where nobody whom we can ask sees that one, a higher one. */
static uint64_t master_of(const struct mount_peers *p)
{
	return p->from ? p->from : p->master;
}

/* Each group once, sorted. */
static void find_groups(struct forest *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->all->mounts.n; i++) {
		const struct mount_peers *p = &f->all->mounts.at[i].peers;

		if (p->shared)
			f->at[f->n++].id = p->shared;
		if (p->master)
			f->at[f->n++].id = p->master;
	}
	qsort(f->at, f->n, sizeof(*f->at), by_id);
	for (size_t i = 0; i < f->n; i++)
		if (!n || f->at[n - 1].id != f->at[i].id)
			f->at[n++] = (struct group){ .id = f->at[i].id,
						     .up = NONE,
						     .child = NONE,
						     .next = NONE,
						     .peer = NONE,
						     .slave = NONE };
	f->n = n;
}

/* From the last to the first, so that lists are in the mounts' order. */
static void link_mounts(struct forest *f)
{
	for (size_t i = f->all->mounts.n; i-- > 0;) {
		const struct mount_peers *p = &f->all->mounts.at[i].peers;
		size_t own = group_of(f, p->shared), master = group_of(f, p->master);
		size_t *list = own != NONE ? &f->at[own].peer : NULL;

		if (own != NONE && master != NONE && master != own)
			f->at[own].up = master;
		if (own == NONE && master != NONE)
			list = &f->at[master].slave;
		f->next[i] = list ? *list : NONE;
		if (list)
			*list = i;
	}
}

static void link_groups(struct forest *f)
{
	for (size_t i = f->n; i-- > 0;) {
		struct group *g = &f->at[i];

		if (g->up == NONE)
			continue;
		g->next = f->at[g->up].child;
		f->at[g->up].child = i;
	}
}

/* The top of the tree that a mount of the process is in. The tables were read one after the other, so
 * a ring could seem to be there: it has no top. */
static void want(struct forest *f, size_t group)
{
	for (size_t steps = 0; group != NONE && steps < f->n; steps++) {
		if (f->at[group].up == NONE)
			f->at[group].wanted = true;
		group = f->at[group].up;
	}
}

static int grow_forest(struct forest *f)
{
	size_t n = f->all->mounts.n;

	f->at = arena_array(f->arena, 2 * n + 1, sizeof(*f->at));
	f->next = arena_array(f->arena, n + 1, sizeof(*f->next));
	/* each mount, each group */
	f->rows = arena_array(f->arena, 3 * n + 1, sizeof(*f->rows));
	if (!f->at || !f->next || !f->rows)
		return -ENOMEM;
	find_groups(f);
	link_mounts(f);
	link_groups(f);
	for (size_t i = 0; i < n; i++) {
		const struct mount_peers *p = &f->all->mounts.at[i].peers;

		if (f->all->mounts.at[i].ns == f->all->ns)
			want(f, group_of(f, p->shared ? p->shared : p->master));
	}
	return 0;
}

/* --- rows ------------------------------------------------------------------------------------ */

static void add_mount(struct forest *f, size_t i, enum mounts_kind kind, uint64_t depth)
{
	const struct peer_mount *m = &f->all->mounts.at[i];
	uint64_t master = master_of(&m->peers);

	f->rows[f->n_rows++] = (struct mounts_row){
		.kind = { true, kind },
		.name = m->point,
		.type = m->type,
		.root = m->root,
		.command = m->command,
		.group = { m->peers.shared != 0, m->peers.shared },
		.master = { master != 0, master },
		.ns = { true, m->ns },
		.pid = { true, m->pid },
		.theirs = m->ns != f->all->ns,
		.depth = depth,
	};
}

static int add_group(struct forest *f, size_t group, uint64_t depth)
{
	struct group *g = &f->at[group];
	struct mounts_row row = { .kind = { true, MOUNTS_GROUP },
				  .group = { true, g->id },
				  .depth = depth };

	if (g->shown || depth > RENDER_DEPTH_MAX)
		return 0;
	g->shown = true;
	row.name = arena_printf(f->arena, "group %" PRIu64, g->id);
	if (!row.name)
		return -ENOMEM;
	if (g->up != NONE)
		row.master = (struct opt_u64){ true, f->at[g->up].id };
	f->rows[f->n_rows++] = row;
	for (size_t i = g->peer; i != NONE; i = f->next[i])
		add_mount(f, i, MOUNTS_PEER, depth + 1);
	for (size_t i = g->slave; i != NONE; i = f->next[i])
		add_mount(f, i, MOUNTS_SLAVE, depth + 1);
	for (size_t c = g->child; c != NONE; c = f->at[c].next)
		if (add_group(f, c, depth + 1) < 0)
			return -ENOMEM;
	return 0;
}

static int add_rows(struct forest *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].wanted && add_group(f, i, 0) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < f->all->mounts.n; i++) {
		const struct peer_mount *m = &f->all->mounts.at[i];

		if (m->ns == f->all->ns && !m->peers.shared && !m->peers.master)
			add_mount(f, i, m->peers.unbindable ? MOUNTS_UNBINDABLE : MOUNTS_PRIVATE,
				  0);
	}
	return 0;
}

static size_t depth_of(const void *row)
{
	return (size_t)((const struct mounts_row *)row)->depth;
}

static int run(const struct cli *cli __attribute__((unused)), void *options, char **args,
	       size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	static const struct render_list list = {
		.table = &row_table,
		.columns = columns,
		.n = COUNT(columns),
		.depth = depth_of,
	};
	const struct mounts *o = options;
	own_arena struct arena a = { 0 };
	struct peer_mounts all;
	struct forest f = { .all = &all, .arena = &a };
	pid_t pid = getpid();

	if ((n_args && ns_parse_pid(args[0], &pid, e) < 0) ||
	    peer_mounts_read(pid, &a, &all, e) < 0)
		return -1;
	if (grow_forest(&f) < 0 || add_rows(&f) < 0)
		return fail_errno(e, ENOMEM, "list the mounts");
	return render_print(&o->render, &list, (struct list_any){ f.rows, f.n_rows }, e);
}

const struct command ns_mounts_command = {
	.name = "mounts",
	.args = "[PID]",
	.summary = "show who sees whose mounts: peer groups across mount namespaces, as a tree",
	.about = "Below a group stand its members, which see each other's mounts, and "
		 "those that see the group's and show it none of theirs. Mounts without a "
		 "group come last.",
	.opts = mounts_opts,
	.n = COUNT(mounts_opts),
	.size = sizeof(struct mounts),
	.max = 1,
	.words = WORDS_PID,
	.run = run,
};
