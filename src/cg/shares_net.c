/* shares_net.c - shares of the network: a tree of token buckets, and whose packets go where
 *
 * Each interface gets a root discipline HTB: a class with its whole rate, in it one for each group
 * that has a share, and one for everybody else. A class has its rate for sure, and borrows up to the
 * whole what the others leave. A group with groups in it has a leaf of its own there, too, for its
 * own processes, since HTB's inner classes hold no packets. What is left over for the others is at
 * least a hundredth, so that nobody is locked out where the shares make 100 %.
 *
 * A group's packets get the number of their class by a BPF program on it (os/net_class.h), so the
 * groups are those of the v2 hierarchy. That may be a mixed host's, where it has no controllers:
 * exec.c brings processes into those groups along with the ones in v1's hierarchies.
 *
 * A packet keeps its class through veth pairs and bridges. One that this host routes for somebody, as
 * it does for most engines' containers, is given a new priority (ip_forward), and is the others'.
 *
 * Nothing is written down: the disciplines have a handle by which they are known, made of the
 * group in which the tree is, and the programs say their class in their names.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/shares.h"
#include "os/cgroup_file.h"
#include "os/net_class.h"
#include "os/netdev.h"
#include "os/tc.h"

/* Handles 7a80: to 7aff:. Trees in different groups have different ones, but for one pair of 128. */
#define HANDLES     0x7a80U
#define HANDLE_MASK 0x7fU
#define TOP         0x7fffU
#define OTHERS      0x7ffeU

#define LEAST_PART  (CG_WHOLE / 100)
#define LEAST_RATE  1000U
#define QUANTUM_MAX 200000U

/* HTB has eight levels: the whole, seven groups one in the other; the seventh can have no more */
#define DEPTH_MAX   7U
#define DEVICES_MAX 256 /* divided by one tree; those that a file no longer names are found, too */

static uint32_t handle_for(const char *under)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (const char *c = under; *c; c++)
		if (*c != '/' || (c[1] && c[1] != '/'))
			hash = (hash ^ (unsigned char)*c) * 16777619U;
	return TC_HANDLE(HANDLES | (hash >> 16 & HANDLE_MASK), 0);
}

static bool is_same_tree(uint32_t a, uint32_t b)
{
	return (a ^ b) >> 16 == 0;
}

static bool is_ours(const struct tc_root *root)
{
	return strcmp(root->kind, "htb") == 0 && (root->handle >> 16 & ~HANDLE_MASK) == HANDLES;
}

/* --- the plan --------------------------------------------------------------------------- */

/* struct numbering - groups get their numbers, those in a group the next ones */
struct numbering {
	struct cg_shares *s;
	struct cg_net_plan *to;
	uint32_t at_top;
};

static int add_group(struct numbering *n, const struct cg_share *share, long above, struct err *e)
{
	struct cg_net_plan *p = n->to;
	uint32_t *inside = above < 0 ? &n->at_top : &p->groups[above].inside;

	*inside += share->part[CG_NET];
	if (*inside > CG_WHOLE)
		return fail(e, ERR_INPUT,
			    "with '%s', the groups in '%s' have more than 100%% of the net",
			    share->path, above < 0 ? "/" : p->groups[above].path);
	p->groups[p->n] = (struct cg_net_group){
		.share = share,
		.path = arena_printf(&n->s->mem, "%s%s%s", p->under, *p->under ? "/" : "",
				     share->path),
		.minor = (uint32_t)p->n + 1,
		.above = above,
	};
	return p->groups[p->n++].path ? 0 : fail_errno(e, ENOMEM, "plan the shares");
}

/* @line: of the group whose groups are numbered, -1: those at the top; @above: the nearest with a class */
static int number(struct numbering *n, long line, long above, unsigned depth, struct err *e)
{
	struct cg_net_plan *p = n->to;

	for (size_t i = 0; i < n->s->n; i++) {
		const struct cg_share *share = &n->s->at[i];
		bool has = share->part[CG_NET];
		long here = has ? (long)p->n : above;

		if (share->above != line)
			continue;
		if (has && depth == DEPTH_MAX)
			return fail(e, ERR_LIMIT,
				    "group '%s': the network is divided over at most %u levels",
				    share->path, DEPTH_MAX);
		if ((has && add_group(n, share, above, e) < 0) ||
		    number(n, (long)i, here, depth + has, e) < 0)
			return -1;
		if (has)
			p->groups[here].last = (uint32_t)p->n;
	}
	return 0;
}

static int fail_conflict(const struct tc_root *root, const char *name, struct err *e)
{
	if (is_ours(root)) {
		fail(e, ERR_CONFLICT,
		     "interface '%s' is divided among groups in another place already", name);
		return fail_hint(e, "`tare cg shares --clear -u PATH` ends that");
	}
	fail(e, ERR_CONFLICT, "somebody put the queueing discipline '%s' on interface '%s'",
	     root->kind, name);
	return fail_hint(e, "if nobody needs it: tc qdisc del dev '%s' root", name);
}

static int look(struct netlink *n, const struct cg_net_plan *p, const struct cg_net_device *d,
		struct tc_root *ret_root, struct err *e)
{
	int r = tc_try_root(n, d->index, ret_root);

	if (r < 0)
		return fail_errno(e, -r, "look at the queueing discipline of '%s'",
				  d->network.name);
	if (ret_root->handle && !(is_ours(ret_root) && ret_root->handle == p->handle))
		return fail_conflict(ret_root, d->network.name, e);
	return 0;
}

static int find_device(struct netlink *n, struct cg_net_plan *p, const struct cg_network *network,
		       struct err *e)
{
	struct cg_net_device *d = &p->devices[p->n_devices];
	struct netdev_link link = { .index = 0 };
	struct tc_root root;
	struct netdev found;
	int r = netdev_try_find(n, network->name, 0, &found);

	if (r == 0)
		r = netdev_try_link(n, found.index, &link);
	if (r == -ENODEV) {
		fail_errno(e, ENODEV, "look for network interface '%s'", network->name);
		return fail_hint(e, "`ip link` shows those of this network namespace");
	}
	if (r < 0)
		return fail_errno(e, -r, "look for network interface '%s'", network->name);
	*d = (struct cg_net_device){ found.index, link.mtu, *network };
	p->n_devices++;
	return look(n, p, d, &root, e);
}

static int find_devices(const struct cg_shares *s, struct cg_net_plan *p, struct err *e)
{
	struct netlink n;
	int r = 0;

	if (!s->n_networks) {
		fail(e, ERR_INPUT, "net: no line says what is divided");
		return fail_hint(e, "'network INTERFACE RATE', as in 'network eth0 100mbit'");
	}
	if (netlink_open(&n, -1, e) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < s->n_networks; i++)
		r = find_device(&n, p, &s->networks[i], e);
	netlink_close(&n);
	return r;
}

/**
 * cg_net_plan() - the classes of the groups that have a share of the network
 * @under:    the group in which the tree is
 * @ret_plan: belongs to @s
 *
 * Fails if an interface cannot be divided, or nothing here tells groups' packets. Touches nothing.
 */
int cg_net_plan(const struct cgroup_world *w, struct cg_shares *s, const char *under,
		struct cg_net_plan **ret_plan, struct err *e)
{
	struct cg_net_plan *p = arena_array(&s->mem, 1, sizeof(*p));
	struct numbering n = { s, p, 0 };

	if (!p)
		return fail_errno(e, ENOMEM, "plan the shares");
	*p = (struct cg_net_plan){ .under = under, .handle = handle_for(under) };
	p->in.at = cgroup_world_v2(w);
	p->groups = arena_array(&s->mem, s->n, sizeof(*p->groups));
	if (!p->groups)
		return fail_errno(e, ENOMEM, "plan the shares");
	if (!p->in.at) {
		fail(e, ERR_UNSUPPORTED,
		     "net cannot be divided here: only groups of v2 tell their packets, "
		     "and no such hierarchy is mounted");
		return fail_hint(e,
				 "one without controllers does: mkdir /sys/fs/cgroup/unified, and "
				 "mount -t cgroup2 none /sys/fs/cgroup/unified");
	}
	if (find_devices(s, p, e) < 0 || number(&n, -1, -1, 0, e) < 0)
		return -1;
	*ret_plan = p;
	return 0;
}

static uint64_t part_of(uint64_t whole, uint32_t part)
{
	uint64_t rate = whole / CG_WHOLE * part + whole % CG_WHOLE * part / CG_WHOLE;

	return rate > LEAST_RATE ? rate : LEAST_RATE;
}

/* cg_net_rate() - what a group has for sure of an interface with the rate @whole */
uint64_t cg_net_rate(const struct cg_net_plan *plan, const struct cg_net_group *g, uint64_t whole)
{
	if (g->above >= 0)
		whole = cg_net_rate(plan, &plan->groups[g->above], whole);
	return part_of(whole, g->share->part[CG_NET]);
}

/* --- the classes of one interface ------------------------------------------------------- */

/* What is left by those that have a share. */
static uint32_t rest_of(uint32_t inside)
{
	return inside > CG_WHOLE - LEAST_PART ? LEAST_PART : CG_WHOLE - inside;
}

/* struct drawing - classes that are being drawn up for @device; @whole: its rate */
struct drawing {
	const struct cg_net_device *device;
	uint64_t whole;
	struct tc_class *at;
	size_t n;
};

/* @part: of the class above, by which those beside it take turns */
static void draw(struct drawing *d, uint32_t id, uint32_t parent, uint64_t rate, uint32_t part)
{
	uint32_t quantum = part * (QUANTUM_MAX / CG_WHOLE), least = tc_burst(0, d->device->mtu);

	d->at[d->n++] = (struct tc_class){
		.id = id,
		.parent = parent,
		.rate = rate,
		.ceil = d->whole,
		.burst = tc_burst(d->whole, d->device->mtu),
		.quantum = quantum > least ? quantum : least,
	};
}

static uint32_t class_of(const struct cg_net_plan *p, const struct cg_net_group *g)
{
	return p->handle | g->minor;
}

static void draw_group(struct drawing *d, const struct cg_net_plan *p, const struct cg_net_group *g)
{
	uint32_t id = class_of(p, g), part = g->share->part[CG_NET];
	uint32_t parent = g->above < 0 ? p->handle | TOP : class_of(p, &p->groups[g->above]);
	uint64_t rate = cg_net_rate(p, g, d->whole);

	draw(d, id, parent, rate, part);
	if (g->last > g->minor)
		draw(d, id | NET_CLASS_OWN, id, part_of(rate, rest_of(g->inside)),
		     rest_of(g->inside));
}

/* Classes above before those in them. The caller frees @ret_drawing's. */
static int draw_all(const struct cg_net_plan *p, const struct cg_net_device *device,
		    struct drawing *ret_drawing, struct err *e)
{
	struct drawing d = { .device = device, .whole = device->network.rate };
	uint32_t inside = 0;

	d.at = calloc(2 * p->n + 2, sizeof(*d.at));
	if (!d.at)
		return fail_errno(e, ENOMEM, "divide interface '%s'", device->network.name);
	for (size_t i = 0; i < p->n; i++)
		if (p->groups[i].above < 0)
			inside += p->groups[i].share->part[CG_NET];
	draw(&d, p->handle | TOP, TC_TOP, d.whole, CG_WHOLE);
	draw(&d, p->handle | OTHERS, p->handle | TOP, part_of(d.whole, rest_of(inside)),
	     rest_of(inside));
	for (size_t i = 0; i < p->n; i++)
		draw_group(&d, p, &p->groups[i]);
	*ret_drawing = d;
	return 0;
}

static int compare_classes(const void *a, const void *b)
{
	uint32_t x = ((const struct tc_class *)a)->id, y = ((const struct tc_class *)b)->id;

	return (x > y) - (x < y);
}

/* Has the interface these classes and no others? 1, 0 or -1 */
static int has_classes(struct netlink *n, const struct drawing *d, struct err *e)
{
	own_tc_classes struct tc_classes now = { 0 };
	own_mem struct tc_class *want = reallocarray(NULL, d->n, sizeof(*want));
	int r = tc_try_classes(n, d->device->index, &now);

	if (r < 0 || !want)
		return fail_errno(e, r < 0 ? -r : ENOMEM, "read the classes of interface '%s'",
				  d->device->network.name);
	if (now.n != d->n)
		return 0;
	memcpy(want, d->at, d->n * sizeof(*want));
	qsort(want, d->n, sizeof(*want), compare_classes);
	qsort(now.at, now.n, sizeof(*now.at), compare_classes);
	for (size_t i = 0; i < d->n; i++)
		if (want[i].id != now.at[i].id || want[i].parent != now.at[i].parent ||
		    want[i].rate != now.at[i].rate || want[i].ceil != now.at[i].ceil)
			return 0;
	return 1;
}

static int fail_divide(const struct netlink *n, const struct drawing *d, int sysno, struct err *e)
{
	fail_errno(e, sysno, "divide interface '%s'%s%s", d->device->network.name,
		   *n->words ? ": " : "", n->words);
	if (sysno == ENOENT)
		return fail_hint(e, "this kernel has no hierarchical token buckets: "
				    "CONFIG_NET_SCH_HTB, module sch_htb");
	return -1;
}

static int make_classes(struct netlink *n, const struct cg_net_plan *p, const struct drawing *d,
			struct err *e)
{
	int r = tc_try_add_htb(n, d->device->index, p->handle, OTHERS);

	if (r < 0)
		return fail_divide(n, d, -r, e);
	for (size_t i = 0; r == 0 && i < d->n; i++)
		r = tc_try_add_class(n, d->device->index, &d->at[i]);
	if (r < 0)
		fail_divide(n, d, -r, e);
	else
		r = has_classes(n, d, e);
	if (r == 0)
		(void)fail(e, ERR_SYSTEM, "divide interface '%s': the kernel made other classes",
			   d->device->network.name);
	if (r <= 0)
		(void)tc_try_remove(n, d->device->index, p->handle);
	return r <= 0 ? -1 : 0;
}

/* What is as it should be is not touched; a tree that is another is made anew, as its numbers mean
 * other groups now. */
static int divide(struct netlink *n, const struct cg_net_plan *p, const struct drawing *d,
		  struct err *e)
{
	struct tc_root root;
	int r = look(n, p, d->device, &root, e);

	if (r == 0 && root.handle)
		r = has_classes(n, d, e);
	if (r != 0)
		return r > 0 ? 0 : -1;
	if (root.handle)
		r = tc_try_remove(n, d->device->index, p->handle);
	return r < 0 ? fail_divide(n, d, -r, e) : make_classes(n, p, d, e);
}

static bool is_planned(const struct cg_net_plan *p, int index)
{
	for (size_t i = 0; i < p->n_devices; i++)
		if (p->devices[i].index == index)
			return true;
	return false;
}

/* Interfaces that this tree divides, and the plan (or, without, nobody) names. */
static int remove_others(struct netlink *n, uint32_t handle, const struct cg_net_plan *p,
			 struct err *e)
{
	int at[DEVICES_MAX], r;
	size_t count;

	r = tc_try_find_htb(n, handle, at, COUNT(at), &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (p && is_planned(p, at[i]))
			continue;
		r = tc_try_remove(n, at[i], handle);
		/* it has gone, or somebody has put another there */
		if (r == -ENODEV || r == -ENOENT || r == -EINVAL)
			r = 0;
	}
	return r < 0 ? fail_errno(e, -r, "remove the classes of interfaces") : 0;
}

static int divide_all(const struct cg_net_plan *p, struct err *e)
{
	struct netlink n;
	int r;

	if (netlink_open(&n, -1, e) < 0)
		return -1;
	r = remove_others(&n, p->handle, p, e);
	for (size_t i = 0; r == 0 && i < p->n_devices; i++) {
		struct drawing d = { .n = 0 };

		r = draw_all(p, &p->devices[i], &d, e);
		if (r == 0)
			r = divide(&n, p, &d, e);
		free(d.at);
	}
	netlink_close(&n);
	return r;
}

/* --- the packets of groups -------------------------------------------------------------- */

static int fail_program(const char *path, int sysno, struct err *e)
{
	fail_errno(e, sysno, "mark the packets of group '%s'", path);
	if (sysno == EPERM)
		return fail_hint(
			e, "it takes CAP_BPF or CAP_SYS_ADMIN, and CAP_NET_ADMIN; or a program "
			   "of somebody's on this group or above suffers no other");
	if (sysno == ENOSYS || sysno == EINVAL)
		return fail_hint(e, "this kernel lacks CONFIG_CGROUP_BPF");
	return -1;
}

static struct net_class net_class_of(const struct cg_net_plan *p, const struct cg_net_group *g)
{
	struct net_class c = { .id = class_of(p, g) };

	if (g->last > g->minor) {
		c.first = c.id + 1;
		c.last = p->handle | g->last;
		c.id |= NET_CLASS_OWN;
	}
	return c;
}

/* Is there what marks packets, and may we? */
static int check_programs(const struct cg_net_plan *p, struct err *e)
{
	struct net_class c = net_class_of(p, &p->groups[0]);
	own_fd int program = net_class_try_load(&c);

	return program < 0 ? fail_program(p->groups[0].path, -program, e) : 0;
}

static int mark(const struct cg_net_plan *p, const struct cg_net_group *g, ino_t *ret_inode,
		struct err *e)
{
	static const struct cg_rights rights = {
		.tasks = { CG_KEEP, CG_KEEP },
		.all = { CG_KEEP, CG_KEEP },
		.dir_mode = CG_KEEP,
		.file_mode = CG_KEEP,
		.tasks_mode = CG_KEEP,
	};
	struct cg_group group = { .in = { p->in }, .n = 1 };
	struct net_class c = net_class_of(p, g);
	own_fd int program = FD_NONE, dir = FD_NONE;
	struct stat st;
	int r;

	memcpy(group.path, g->path, strlen(g->path) + 1);
	if (cg_create(&group, &rights, e) < 0)
		return -1;
	dir = cg_open(p->in.at, g->path, e);
	if (dir < 0)
		return -1;
	program = net_class_try_load(&c);
	r = program < 0 ? program : net_class_try_attach(dir, program);
	if (r < 0)
		return fail_program(g->path, -r, e);
	if (fstat(dir, &st) < 0)
		return fail_sys(e, "look at group '%s'", g->path);
	*ret_inode = st.st_ino;
	return 0;
}

/* struct unmarking - groups of the tree @handle that are not among @keep lose their class */
struct unmarking {
	uint32_t handle;
	const ino_t *keep;
	size_t n;
};

static int unmark(int dirfd, void *ctx)
{
	const struct unmarking *u = ctx;
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return -errno;
	for (size_t i = 0; i < u->n; i++)
		if (u->keep[i] == st.st_ino)
			return 0;
	own_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* one that has gone took its program along */
	return fd < 0 ? 0 : net_class_try_detach(fd, u->handle);
}

static int unmark_others(const struct cgroup_hierarchy *h, const char *under, struct unmarking *u,
			 struct err *e)
{
	const struct cgroup_walk walk = { .enter = unmark, .ctx = u };
	struct err absent = { 0 };
	own_fd int dir = cg_open(h, under, &absent);
	int r;

	if (dir < 0) {
		*e = absent;
		return absent.sysno == ENOENT ? 0 : -1;
	}
	r = cgroup_try_walk(dir, &walk);
	return r < 0 ? fail_program(*under ? under : "/", -r, e) : 0;
}

static int mark_all(const struct cg_net_plan *p, struct err *e)
{
	own_mem ino_t *inodes = calloc(p->n, sizeof(*inodes));
	struct unmarking u = { p->handle, inodes, p->n };

	if (!inodes)
		return fail_errno(e, ENOMEM, "mark the packets of groups");
	for (size_t i = 0; i < p->n; i++)
		if (mark(p, &p->groups[i], &inodes[i], e) < 0)
			return -1;
	return unmark_others(p->in.at, p->under, &u, e);
}

/**
 * cg_net_apply() - divide the interfaces, make the groups, and mark what they send
 *
 * What a failure leaves half done is taken away: then the interfaces are not divided at all.
 */
int cg_net_apply(const struct cg_net_plan *plan, struct err *e)
{
	struct unmarking u = { .handle = plan->handle };
	struct err ignored = { 0 };
	struct netlink n;

	if (check_programs(plan, e) < 0)
		return -1;
	if (divide_all(plan, e) == 0 && mark_all(plan, e) == 0)
		return 0;
	if (netlink_open(&n, -1, &ignored) == 0) {
		(void)remove_others(&n, plan->handle, NULL, &ignored);
		netlink_close(&n);
	}
	(void)unmark_others(plan->in.at, plan->under, &u, &ignored);
	return -1;
}

/**
 * cg_net_clear() - divide no interface of this network namespace among the groups in @under any more
 *
 * The groups stay. Where nothing was divided, nothing happens.
 */
int cg_net_clear(const struct cgroup_world *w, const char *under, struct err *e)
{
	const struct cgroup_hierarchy *h = cgroup_world_v2(w);
	struct unmarking u = { .handle = handle_for(under) };
	struct netlink n;
	int r;

	if (netlink_open(&n, -1, e) < 0)
		return -1;
	r = remove_others(&n, u.handle, NULL, e);
	netlink_close(&n);
	return r == 0 && h ? unmark_others(h, under, &u, e) : r;
}

/* --- what is in force ------------------------------------------------------------------- */

/* struct tree - the classes of one discipline, as it is on the first interface that has it */
struct tree {
	uint32_t handle;
	struct tc_classes classes;
	const char *device;
};

static int read_tree(struct netlink *n, uint32_t handle, struct arena *a, struct tree *t)
{
	struct netdev_link link = { .index = 0 };
	int at[DEVICES_MAX];
	size_t count;
	int r = tc_try_find_htb(n, handle, at, COUNT(at), &count);

	tc_classes_done(&t->classes);
	*t = (struct tree){ .handle = handle };
	if (r < 0 || !count)
		return r;
	r = netdev_try_link(n, at[0], &link);
	if (r == 0)
		r = tc_try_classes(n, at[0], &t->classes);
	if (r == 0)
		t->device = arena_dup(a, link.name);
	return r;
}

static const struct tc_class *find_class(const struct tree *t, uint32_t id)
{
	for (size_t i = 0; i < t->classes.n; i++)
		if (t->classes.at[i].id == id)
			return &t->classes.at[i];
	return NULL;
}

static void fill(const struct tree *t, struct cg_in_force *f)
{
	const struct tc_class *c = find_class(t, f->net_class & ~NET_CLASS_OWN);
	const struct tc_class *above = c ? find_class(t, c->parent) : NULL;

	if (!above || !above->rate || !t->device)
		return;
	f->net_rate = c->rate;
	f->net_device = t->device;
	f->net_above = (uint32_t)((double)c->rate * CG_WHOLE / (double)above->rate + 0.5);
}

/* cg_net_rates() - for groups that have a class: what it has of this namespace's interface */
int cg_net_rates(struct cg_forces *f, struct err *e)
{
	struct tree t = { .handle = 0 };
	struct netlink n = { .fd = FD_NONE };
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->n; i++) {
		uint32_t handle = f->at[i].net_class & 0xffff0000U;

		if (!handle)
			continue;
		if (n.fd < 0 && netlink_open(&n, -1, e) < 0)
			return -1;
		if (!is_same_tree(handle, t.handle))
			r = read_tree(&n, handle, &f->mem, &t);
		fill(&t, &f->at[i]);
	}
	netlink_close(&n);
	tc_classes_done(&t.classes);
	return r < 0 ? fail_errno(e, -r, "read the classes of interfaces") : 0;
}
