/* ns_ls.c - tare ns ls: every namespace of the host, and the container that it belongs to */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "base/passwd.h"
#include "base/render.h"
#include "discovery/containers.h"
#include "ns/namespaces.h"
#include "os/file.h"
#include "tare/ns.h"

#define PASSWD_MAX ((size_t)16 << 20)

struct ls {
	struct opt_list type;
	const char *task, *tree;
	bool holders, version;
	struct render render;
};

// clang-format off
static const struct opt ls_opts[] = {
	OPT_STRINGS_("type",   't', struct ls, type,    "TYPE", "only these: 'cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user' or 'uts'"),
	OPT_STRING_("task",    'p', struct ls, task,    "PID", "only those of this process"),
	OPT_MAYBE_SHORT_("tree", 'T', struct ls, tree,    "KIND", "as a tree: what owns what, 'owner', or by 'parent'"),
	OPT_FLAG_("holders",   'H', struct ls, holders, "look for descriptors and bind mounts, too, that keep namespaces alive"),
	OPT_FLAG_("version", 'V', struct ls, version, "print the version"),
	RENDER_OPTS_QUIET(struct ls, render),
};
// clang-format on

/**
 * struct ls_row - one namespace
 * @containers: names or ids of those that its processes belong to; none if one belongs to none
 * @engines:    of these, each once
 * @user:       whose its first process is, by the host's names, or the number
 * @count:      of its processes
 * @held:       how many hold it, beside the processes
 * @depth:      in the tree
 * @child, @next: the first row below of this one, and the next beside it, or NULL
 */
struct ls_row {
	struct ns_node node;
	char **containers, **engines, *user;
	uint64_t count, held;
	size_t depth;
	struct ls_row *child, *next;
};

// clang-format off
static const struct bind_row ROW_ROWS[] = {
	ROW_WORD("type", REQUIRED, struct ls_row, node.type, nsfs_words),
	ROW_U64("inode", REQUIRED, struct ls_row, node.inode),
	ROW_OPT_U64("owner", OPTIONAL, struct ls_row, node.owner),
	ROW_OPT_U64("parent", OPTIONAL, struct ls_row, node.parent),
	ROW_OPT_U64("ownerUid", OPTIONAL, struct ls_row, node.owner_uid),
	ROW_BOOL("ours", OPTIONAL, struct ls_row, node.ours),
	ROW_OPT_I64("first", OPTIONAL, struct ls_row, node.first),
	ROW_OPT_U64("uid", OPTIONAL, struct ls_row, node.uid),
	ROW_STRING("user", OPTIONAL, struct ls_row, user),
	ROW_STRING("command", OPTIONAL, struct ls_row, node.command),
	ROW_U64("count", REQUIRED, struct ls_row, count),
	ROW_NUMBERS("processes", OPTIONAL, struct ls_row, node.processes, 0, 0),
	ROW_U64("held", OPTIONAL, struct ls_row, held),
	ROW_OBJECTS("holders", OPTIONAL, struct ls_row, node.holders, ns_holder_table),
	ROW_STRINGS("containers", OPTIONAL, struct ls_row, containers),
	ROW_STRINGS("engines", OPTIONAL, struct ls_row, engines),
};
static const struct bind_table row_table = BIND_TABLE(ROW_ROWS, struct ls_row, false);

static const struct render_column columns[] = {
	{ .header = "NS",        .path = "inode", .tree = true },
	{ .header = "TYPE",      .path = "type" },
	{ .header = "PROCESSES", .path = "count",      .align = RENDER_RIGHT },
	{ .header = "PID",       .path = "first",      .align = RENDER_RIGHT },
	{ .header = "USER",      .path = "user",       .max = 16 },
	{ .header = "OWNER",     .path = "owner" },
	{ .header = "PARENT",    .path = "parent" },
	{ .header = "ENGINE",    .path = "engines" },
	{ .header = "CONTAINER", .path = "containers", .max = 32 },
	{ .header = "COMMAND",   .path = "command",    .max = 16 },
	/* the last is shown with --holders */
	{ .header = "HOLDERS",   .path = "held",       .align = RENDER_RIGHT },
};
// clang-format on

struct rows {
	struct ls_row *at;
	size_t n;
};

/* --- whose it is ----------------------------------------------------------------------------- */

static int by_pid(const void *key, const void *member)
{
	pid_t pid = *(const pid_t *)key, other = ((const struct container_member *)member)->pid;

	return pid < other ? -1 : pid > other;
}

/* The list with one more, if it is new. Lists are short: those who share a namespace, as in a pod. */
static int add_once(struct arena *a, char ***list, size_t *n, const char *text)
{
	char **more;

	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i], text) == 0)
			return 0;
	more = arena_array(a, *n + 2, sizeof(*more));
	if (!more)
		return -ENOMEM;
	if (*n)
		memcpy(more, *list, *n * sizeof(*more));
	more[(*n)++] = arena_dup(a, text);
	*list = more;
	return more[*n - 1] ? 0 : -ENOMEM;
}

static int find_containers(struct ls_row *row, const struct containers *all, struct arena *a)
{
	size_t n = 0, n_engines = 0;
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < row->node.processes.n; i++) {
		pid_t pid = (pid_t)row->node.processes.at[i];
		const struct container_member *m =
			bsearch(&pid, all->members, all->n_members, sizeof(*m), by_pid);
		const struct container_found *c = m ? &all->at[m->container] : NULL;

		if (!c) {
			row->containers = row->engines = NULL;
			return 0;
		}
		if (m->container == last)
			continue;
		last = m->container;
		if (add_once(a, &row->containers, &n, c->name ? c->name : c->id) < 0 ||
		    add_once(a, &row->engines, &n_engines, word_name(engine_words, c->engine.v)) <
			    0)
			return -ENOMEM;
	}
	return 0;
}

/* The rows' users; of neighbours that are the same one's the file is asked once. */
static int find_users(const struct rows *rows, struct arena *a, struct err *e)
{
	own_mem char *known = NULL;
	struct err ignored;
	char *last = NULL, name[64];
	uint64_t uid = 0;

	if (file_read(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &known, &ignored) < 0)
		known = NULL;
	for (size_t i = 0; i < rows->n; i++) {
		const struct opt_u64 *of = &rows->at[i].node.uid;
		uint32_t gid;

		if (!of->set)
			continue;
		if (!last || of->v != uid) {
			uid = of->v;
			if (!known ||
			    !passwd_user_of(known, (uint32_t)uid, name, sizeof(name), &gid))
				snprintf(name, sizeof(name), "%u", (unsigned)uid);
			last = arena_dup(a, name);
		}
		rows->at[i].user = last;
		if (!last)
			return fail_errno(e, ENOMEM, "list namespaces");
	}
	return 0;
}

/* --- what is asked for ----------------------------------------------------------------------- */

static int read_types(const struct ls *o, bool ret_types[NSFS_TYPES], struct err *e)
{
	for (size_t i = 0; i < o->type.n; i++) {
		const struct word *w = word_find(nsfs_words, o->type.at[i]);

		if (!w) {
			fail(e, ERR_INPUT, "option '--type': there are no '%s' namespaces",
			     o->type.at[i]);
			return ns_hint_words(nsfs_words, e);
		}
		ret_types[w->value] = true;
	}
	for (int i = 0; !o->type.n && i < NSFS_TYPES; i++)
		ret_types[i] = true;
	return 0;
}

static bool has_process(const struct ns_node *n, int64_t pid)
{
	for (size_t i = 0; i < n->processes.n; i++)
		if (n->processes.at[i] == pid)
			return true;
	return false;
}

/* The rows that are asked for; those of a tree in its order. */
static int choose(const struct ls *o, const struct ns_graph *g, const struct containers *all,
		  struct arena *a, struct rows *ret, struct err *e)
{
	bool types[NSFS_TYPES] = { false };
	pid_t task = 0;
	bool any = false;

	if (read_types(o, types, e) < 0 || (o->task && ns_parse_pid(o->task, &task, e) < 0))
		return -1;
	ret->at = arena_array(a, g->namespaces.n + 1, sizeof(*ret->at));
	for (size_t i = 0; ret->at && i < g->namespaces.n; i++) {
		const struct ns_node *n = &g->namespaces.at[i];
		bool there = !task || has_process(n, task);

		any |= there;
		if (!there || !types[n->type.v])
			continue;
		ret->at[ret->n] = (struct ls_row){ .node = *n,
						   .count = n->processes.n,
						   .held = n->holders.n };
		if (find_containers(&ret->at[ret->n++], all, a) < 0)
			return fail_errno(e, ENOMEM, "list namespaces");
	}
	if (!ret->at)
		return fail_errno(e, ENOMEM, "list namespaces");
	return any ? 0 : fail(e, ERR_ABSENT, "no namespace of process %d is seen", (int)task);
}

/* --- trees ----------------------------------------------------------------------------------- */

static int by_node(const void *key, const void *row)
{
	const struct ls_row *a = key, *b = row;

	if (a->node.type.v != b->node.type.v)
		return a->node.type.v < b->node.type.v ? -1 : 1;
	return a->node.inode < b->node.inode ? -1 : a->node.inode > b->node.inode;
}

/* The row that this one stands below of: a user namespace, or one of the same type; or NULL. */
static struct ls_row *above(const struct rows *rows, const struct ls_row *row, bool by_parent)
{
	const struct opt_u64 *link = by_parent ? &row->node.parent : &row->node.owner;
	struct ls_row key = { .node.type = row->node.type, .node.inode = link->v };

	if (!link->set)
		return NULL;
	if (!by_parent)
		key.node.type.v = NSFS_USER;
	/* the graph is sorted so, and what was chosen of it */
	return bsearch(&key, rows->at, rows->n, sizeof(key), by_node);
}

/* From the last to the first, so that each list is in the rows' order. */
static struct ls_row *link_rows(const struct rows *rows, bool by_parent)
{
	struct ls_row *roots = NULL;

	for (size_t i = rows->n; i-- > 0;) {
		struct ls_row *row = &rows->at[i], *up = above(rows, row, by_parent);
		struct ls_row **list = up && up != row ? &up->child : &roots;

		row->next = *list;
		*list = row;
	}
	return roots;
}

/* A row, what is below of it and what is beside it; the kernel nests 32 deep. */
static void plant(struct rows *to, const struct ls_row *row, size_t depth)
{
	for (; row; row = row->next) {
		to->at[to->n] = *row;
		to->at[to->n++].depth = depth;
		plant(to, row->child, depth + 1);
	}
}

static int make_tree(const struct ls *o, struct rows *rows, struct arena *a, struct err *e)
{
	bool by_parent = strcmp(o->tree, "parent") == 0;
	struct rows to = { arena_array(a, rows->n + 1, sizeof(*to.at)), 0 };

	if (*o->tree && !by_parent && strcmp(o->tree, "owner") != 0)
		return fail(e, ERR_INPUT, "option '--tree': '%s' is neither owner nor parent",
			    o->tree);
	if (!to.at)
		return fail_errno(e, ENOMEM, "list namespaces");
	plant(&to, link_rows(rows, by_parent), 0);
	*rows = to;
	return 0;
}

static size_t depth_of(const void *row)
{
	return ((const struct ls_row *)row)->depth;
}

/* --- the command ----------------------------------------------------------------------------- */

static int run(const struct cli *cli, void *options, char **args __attribute__((unused)),
	       size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
	       struct err *e)
{
	const struct ls *o = options;
	struct render_list list = {
		.table = &row_table,
		.columns = columns,
		.n = COUNT(columns) - !o->holders,
		.quiet = "inode",
		.depth = o->tree ? depth_of : NULL,
	};
	own_containers struct containers all = { 0 };
	own_arena struct arena a = { 0 };
	struct ns_graph g;
	struct rows rows = { 0 };

	if (o->version)
		return version_print(cli);
	if (ns_graph_read(o->holders ? NS_FIND_MOUNTS | NS_FIND_FDS : NS_LEAVE_CHILDREN, &a, &g,
			  e) < 0 ||
	    containers_find(NULL, CONTAINERS_NAMES | CONTAINERS_UNKNOWN, &all, e) < 0 ||
	    choose(o, &g, &all, &a, &rows, e) < 0 || find_users(&rows, &a, e) < 0)
		return -1;
	if (g.hidden || g.denied)
		log_warn("there may be more namespaces: not every process may be looked at");
	if (o->tree && make_tree(o, &rows, &a, e) < 0)
		return -1;
	return render_print(&o->render, &list, (struct list_any){ rows.at, rows.n }, e);
}

const struct command ns_ls_command = {
	.name = "ls",
	.args = "",
	.summary = "list the namespaces of the host",
	.about = "Namespaces of all eight types that a process is in, or that another "
		 "namespace needs, with what owns them and the containers they belong to. "
		 "With --holders also those that only a descriptor or a bind mount keeps "
		 "alive.",
	.opts = ls_opts,
	.n = COUNT(ls_opts),
	.size = sizeof(struct ls),
	.run = run,
};
