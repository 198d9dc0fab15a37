/* namespaces.c - one scan of the processes, with a look at each namespace when it is first met
 *
 * A namespace that is met is opened at once, through the folder of the process that shows it, and
 * asked for its owner and its parent, which are met in the same way. All later processes in it cost
 * nothing but the link. Bind mounts are opened by path only in the end, for the namespaces that
 * nothing else has shown: paths of other mount namespaces are walked as little as possible.
 */
#include "ns/namespaces.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "ns/namespaces_priv.h"
#include "host/proc_scan.h"

/* finder_grow() - make room for one more of @size bytes; false without memory */
bool finder_grow(void **at, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *grown;

	if (n < *room)
		return true;
	grown = reallocarray(*at, more, size);
	if (!grown)
		return false;
	*at = grown;
	*room = more;
	return true;
}

static size_t hash(const struct finder *f, uint64_t inode)
{
	return (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (f->slots - 1);
}

static void enter_table(struct finder *f, int ns)
{
	size_t at = hash(f, f->all.at[ns].inode);

	while (f->table[at] != NS_NONE)
		at = (at + 1) & (f->slots - 1);
	f->table[at] = ns;
}

/* At most half full, so that a search ends soon. */
static bool widen_table(struct finder *f)
{
	size_t slots = f->slots ? f->slots * 2 : 256;
	int *table;

	if (f->all.n * 2 < f->slots)
		return true;
	table = reallocarray(NULL, slots, sizeof(*table));
	if (!table)
		return false;
	free(f->table);
	f->table = table;
	f->slots = slots;
	for (size_t i = 0; i < slots; i++)
		table[i] = NS_NONE;
	for (size_t i = 0; i < f->all.n; i++)
		enter_table(f, (int)i);
	return true;
}

/* finder_meet() - the index of a namespace, which is new if it was not known; -ENOMEM */
int finder_meet(struct finder *f, enum nsfs_type type, uint64_t inode)
{
	int ns = (int)f->all.n;

	for (size_t at = f->slots ? hash(f, inode) : 0; f->slots && f->table[at] != NS_NONE;
	     at = (at + 1) & (f->slots - 1)) {
		const struct found *known = &f->all.at[f->table[at]];

		if (known->inode == inode && known->type == type)
			return f->table[at];
	}
	if (!GROW(&f->all) || !widen_table(f))
		return -ENOMEM;
	f->all.at[ns] = (struct found){
		.type = type,
		.inode = inode,
		.owner = NS_NONE,
		.parent = NS_NONE,
		.holdings = NS_NONE,
	};
	f->all.n++;
	enter_table(f, ns);
	return ns;
}

/* The one that @get leads to, whose type is known, by index; NS_NONE where we are not told. */
static int follow(struct finder *f, int fd, int (*get)(int fd), enum nsfs_type type, int *ret_ns)
{
	own_fd int other = get(fd);
	struct stat st;
	int ns;

	*ret_ns = NS_NONE;
	if (other < 0 || fstat(other, &st) < 0)
		return 0;
	ns = finder_meet(f, type, st.st_ino);
	if (ns < 0 || finder_learn(f, ns, other) < 0)
		return -ENOMEM;
	*ret_ns = ns;
	return 0;
}

/**
 * finder_learn() - ask an open namespace what owns it and what it is below of
 *
 * Calls itself for these; the kernel nests namespaces 32 deep.
 *
 * Return: 0, also when nothing is told, or -ENOMEM.
 */
int finder_learn(struct finder *f, int ns, int fd)
{
	enum nsfs_type type = f->all.at[ns].type;
	int owner, parent = NS_NONE;
	uint32_t uid = 0;
	bool has_uid;

	if (f->all.at[ns].learnt)
		return 0;
	f->all.at[ns].learnt = true;
	if (follow(f, fd, nsfs_try_owner, NSFS_USER, &owner) < 0)
		return -ENOMEM;
	if (type == NSFS_USER)
		parent = owner;
	if (type == NSFS_PID && follow(f, fd, nsfs_try_parent, NSFS_PID, &parent) < 0)
		return -ENOMEM;
	has_uid = type == NSFS_USER && nsfs_try_owner_uid(fd, &uid) == 0;
	/* only now: the list may have moved */
	f->all.at[ns].owner = owner;
	f->all.at[ns].parent = parent;
	f->all.at[ns].has_uid = has_uid;
	f->all.at[ns].owner_uid = uid;
	return 0;
}

/* finder_hold() - note who holds a namespace; 0 or -ENOMEM */
int finder_hold(struct finder *f, int ns, const struct ns_holder *h)
{
	struct found *n = &f->all.at[ns];

	if (!GROW(&f->holdings))
		return -ENOMEM;
	f->holdings.at[f->holdings.n] = (struct holding){ *h, n->holdings };
	n->holdings = (int)f->holdings.n++;
	n->n_holders++;
	return 0;
}

/* --- processes ------------------------------------------------------------------------------- */

/* Meet what a link showed; it may lead elsewhere by now, and is then met at its next process. */
static int meet_link(struct finder *f, int dir, const char *path, enum nsfs_type type,
		     uint64_t inode)
{
	own_fd int fd = FD_NONE;
	struct stat st;
	int ns = finder_meet(f, type, inode);

	if (ns < 0 || f->all.at[ns].learnt)
		return ns;
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != inode)
		return ns;
	return finder_learn(f, ns, fd) < 0 ? -ENOMEM : ns;
}

static int meet_children(struct finder *f, int dir, const struct proc_entry *p, int type)
{
	struct ns_holder h = { .kind = { true, NS_HELD_CHILDREN }, .pid = p->pid };
	int ns;

	if (!p->child[type] || p->child[type] == p->ns[type])
		return 0;
	ns = meet_link(f, dir, nsfs_kinds[type].children, (enum nsfs_type)type, p->child[type]);
	return ns < 0 ? ns : finder_hold(f, ns, &h);
}

static int look_beyond(struct finder *f, int dir, const struct proc_entry *p, bool new_mounts)
{
	int r = 0;

	if (new_mounts && (f->find & NS_FIND_MOUNTS))
		r = finder_read_mounts(f, dir, p->pid, p->ns[NSFS_MNT]);
	/* ours are of the search itself */
	if (r == 0 && f->fd_buffer && p->pid != f->self)
		r = finder_read_fds(f, dir, p->pid);
	return r;
}

static int join(struct finder *f, int dir, const struct proc_entry *p)
{
	struct member *m = &f->members.at[f->members.n];
	bool new_mounts = false;

	*m = (struct member){ .pid = p->pid, .uid = p->owner_uid, .start = p->stat.start };
	memcpy(m->name, p->stat.name, sizeof(m->name));
	for (int i = 0; i < NSFS_TYPES; i++) {
		m->ns[i] = NS_NONE;
		if (!p->ns[i])
			continue;
		m->ns[i] = meet_link(f, dir, nsfs_kinds[i].path, (enum nsfs_type)i, p->ns[i]);
		if (m->ns[i] < 0 || meet_children(f, dir, p, i) < 0)
			return -ENOMEM;
		if (i == NSFS_MNT)
			new_mounts = f->all.at[m->ns[i]].n_processes == 0;
		f->all.at[m->ns[i]].n_processes++;
		f->all.at[m->ns[i]].ours |= p->pid == f->self;
	}
	f->members.n++;
	return look_beyond(f, dir, p, new_mounts);
}

static int visit(void *ctx, int dir, const struct proc_entry *p, struct err *e)
{
	struct finder *f = ctx;

	if (!(p->have & PROC_NS))
		return 0;
	if (!GROW(&f->members) || join(f, dir, p) < 0)
		return fail_errno(e, ENOMEM, "look at the namespaces");
	return 0;
}

/* --- the result ------------------------------------------------------------------------------ */

static const struct found *sorting; /* qsort(3) hands nothing through to the comparison */

static int compare(const void *a, const void *b)
{
	const struct found *x = &sorting[*(const int *)a], *y = &sorting[*(const int *)b];

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

static struct opt_u64 inode_of(const struct finder *f, int ns)
{
	struct opt_u64 none = { 0 }, some = { true, ns < 0 ? 0 : f->all.at[ns].inode };

	return ns < 0 ? none : some;
}

static int fill_node(const struct finder *f, int ns, struct ns_node *n)
{
	const struct found *from = &f->all.at[ns];
	size_t at = from->n_holders;

	n->type = (struct opt_word){ true, from->type };
	n->inode = from->inode;
	n->owner = inode_of(f, from->owner);
	n->parent = inode_of(f, from->parent);
	n->owner_uid = (struct opt_u64){ from->has_uid, from->owner_uid };
	n->ours = from->ours;
	n->processes.at = arena_array(f->arena, from->n_processes, sizeof(*n->processes.at));
	n->holders.at = arena_array(f->arena, from->n_holders, sizeof(*n->holders.at));
	n->holders.n = from->n_holders;
	if ((from->n_processes && !n->processes.at) || (from->n_holders && !n->holders.at))
		return -ENOMEM;
	for (int h = from->holdings; h != NS_NONE; h = f->holdings.at[h].next)
		n->holders.at[--at] = f->holdings.at[h].holder;
	return 0;
}

/* @place: where the namespace of an index stands among the nodes. @first: the first process of each */
static int fill_processes(const struct finder *f, struct ns_graph *g, const int *place)
{
	own_mem size_t *first = calloc(f->all.n + 1, sizeof(*first)); /* member's index + 1 */

	if (!first)
		return -ENOMEM;
	for (size_t i = 0; i < f->members.n; i++)
		for (int t = 0; t < NSFS_TYPES; t++) {
			const struct member *m = &f->members.at[i];
			struct ns_node *n;
			size_t *one;

			if (m->ns[t] < 0)
				continue;
			n = &g->namespaces.at[place[m->ns[t]]];
			one = &first[place[m->ns[t]]];
			n->processes.at[n->processes.n++] = m->pid;
			if (!*one || m->start < f->members.at[*one - 1].start)
				*one = i + 1;
		}
	for (size_t i = 0; i < f->all.n; i++) {
		struct ns_node *n = &g->namespaces.at[i];
		const struct member *m;

		if (!first[i])
			continue;
		m = &f->members.at[first[i] - 1];
		n->first = (struct opt_i64){ true, m->pid };
		n->uid = (struct opt_u64){ true, m->uid };
		n->command = arena_dup(f->arena, m->name);
		if (!n->command)
			return -ENOMEM;
	}
	return 0;
}

static int fill_graph(const struct finder *f, struct ns_graph *g)
{
	own_mem int *order = calloc(f->all.n + 1, sizeof(*order));
	own_mem int *place = calloc(f->all.n + 1, sizeof(*place));

	g->namespaces.at = arena_array(f->arena, f->all.n, sizeof(*g->namespaces.at));
	if (!order || !place || (f->all.n && !g->namespaces.at))
		return -ENOMEM;
	g->namespaces.n = f->all.n;
	for (size_t i = 0; i < f->all.n; i++)
		order[i] = (int)i;
	sorting = f->all.at;
	qsort(order, f->all.n, sizeof(*order), compare);
	for (size_t i = 0; i < f->all.n; i++) {
		place[order[i]] = (int)i;
		if (fill_node(f, order[i], &g->namespaces.at[i]) < 0)
			return -ENOMEM;
	}
	return fill_processes(f, g, place);
}

static void finder_done(struct finder *f)
{
	for (size_t i = 0; i < f->awaited.n; i++)
		fd_close(&f->awaited.at[i].dir);
	free(f->all.at);
	free(f->members.at);
	free(f->holdings.at);
	free(f->awaited.at);
	free(f->table);
	free(f->fd_buffer);
}

/**
 * ns_graph_read() - find the namespaces of the host, as far as we may look
 * @find:      NS_FIND_*, NS_LEAVE_*
 * @a:         owns all that @ret_graph points to
 */
int ns_graph_read(unsigned find, struct arena *a, struct ns_graph *ret_graph, struct err *e)
{
	__attribute__((cleanup(finder_done))) struct finder f = { .find = find, .arena = a };
	struct proc_scan s = { .want = PROC_NS | PROC_STAT | PROC_OWNER |
				       (find & NS_LEAVE_CHILDREN ? 0 : PROC_CHILDREN),
			       .each = visit,
			       .ctx = &f };
	struct ns_graph g = { 0 };
	struct stat st;

	f.self = getpid();
	if ((find & NS_FIND_FDS) && stat("/proc/self/ns/user", &st) < 0)
		return fail_sys(e, "look at '/proc/self/ns/user'");
	f.nsfs_dev = find & NS_FIND_FDS ? st.st_dev : 0;
	f.fd_buffer = find & NS_FIND_FDS ? malloc(NS_FD_BUFFER) : NULL;
	if ((find & NS_FIND_FDS) && !f.fd_buffer)
		return fail_errno(e, ENOMEM, "look at the namespaces");
	if (proc_scan(&s, e) < 0)
		return -1;
	if (finder_open_awaited(&f) < 0 || fill_graph(&f, &g) < 0)
		return fail_errno(e, ENOMEM, "look at the namespaces");
	g.denied = s.denied;
	g.hidden = s.hidden;
	*ret_graph = g;
	return 0;
}

/* ns_graph_find() - the node of a namespace, or NULL */
const struct ns_node *ns_graph_find(const struct ns_graph *g, enum nsfs_type type, uint64_t inode)
{
	for (size_t i = 0; i < g->namespaces.n; i++)
		if (g->namespaces.at[i].inode == inode && g->namespaces.at[i].type.v == type)
			return &g->namespaces.at[i];
	return NULL;
}

/* --- as a document --------------------------------------------------------------------------- */

// clang-format off
static const struct word HOLDER_WORDS[] = {
	{ "children",   NS_HELD_CHILDREN },
	{ "descriptor", NS_HELD_FD },
	{ "mount",      NS_HELD_MOUNT },
	{ NULL,         0 },
};

static const struct bind_row HOLDER_ROWS[] = {
	ROW_WORD("kind", REQUIRED, struct ns_holder, kind, HOLDER_WORDS),
	ROW_I64("pid", REQUIRED, struct ns_holder, pid),
	ROW_OPT_I64("fd", OPTIONAL, struct ns_holder, fd),
	ROW_STRING("path", OPTIONAL, struct ns_holder, path),
	ROW_OPT_U64("mountNamespace", OPTIONAL, struct ns_holder, mount_ns),
};
const struct bind_table ns_holder_table = BIND_TABLE(HOLDER_ROWS, struct ns_holder, false);

static const struct bind_row NODE_ROWS[] = {
	ROW_WORD("type", REQUIRED, struct ns_node, type, nsfs_words),
	ROW_U64("inode", REQUIRED, struct ns_node, inode),
	ROW_OPT_U64("owner", OPTIONAL, struct ns_node, owner),
	ROW_OPT_U64("parent", OPTIONAL, struct ns_node, parent),
	ROW_OPT_U64("ownerUid", OPTIONAL, struct ns_node, owner_uid),
	ROW_BOOL("ours", OPTIONAL, struct ns_node, ours),
	ROW_OPT_I64("first", OPTIONAL, struct ns_node, first),
	ROW_OPT_U64("uid", OPTIONAL, struct ns_node, uid),
	ROW_STRING("command", OPTIONAL, struct ns_node, command),
	ROW_NUMBERS("processes", OPTIONAL, struct ns_node, processes, 0, 0),
	ROW_OBJECTS("holders", OPTIONAL, struct ns_node, holders, ns_holder_table),
};
const struct bind_table ns_node_table = BIND_TABLE(NODE_ROWS, struct ns_node, false);

static const struct bind_row GRAPH_ROWS[] = {
	ROW_OBJECTS("namespaces", OPTIONAL, struct ns_graph, namespaces, ns_node_table),
	ROW_U64("denied", OPTIONAL, struct ns_graph, denied),
	ROW_BOOL("hidden", OPTIONAL, struct ns_graph, hidden),
};
const struct bind_table ns_graph_table = BIND_TABLE(GRAPH_ROWS, struct ns_graph, false);
// clang-format on
