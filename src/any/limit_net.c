/* limit_net.c - the rates of a container's network interfaces
 *
 * A device's queueing discipline delays what the device sends. So what a container sends is limited
 * on its own interface, in its network namespace, and what it receives on the other end of that
 * interface's veth pair, on the host. Both are token buckets with a handle by which we know them.
 *
 * Nothing of the container is entered but its network namespace, through a socket; that is taken
 * from the first process's folder in /proc, held open, so no process that got the number since is
 * mistaken for it. Names are the container's choice, and are for people only: devices go by
 * index. Which device of the host is the other end is the kernel's word, asked for from both ends.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "base/units.h"
#include "any/limit_priv.h"
#include "host/proc_scan.h"
#include "os/netdev.h"
#include "os/nsfs.h"
#include "os/process.h"
#include "os/tc.h"

#define OURS              TC_HANDLE(0x7a7e, 0) /* of every bucket that is made here */
#define INTERFACES_MAX    64

/* CAP_NET_ADMIN changes the disciplines of its namespace, CAP_NET_RAW can send past them
 * (PACKET_QDISC_BYPASS in packet(7)). */
#define CAP_NET_ADMIN_BIT (UINT64_C(1) << 12)
#define CAP_NET_RAW_BIT   (UINT64_C(1) << 13)

enum direction { IN, OUT };
static const char *const direction_names[] = { "in", "out" };

/**
 * struct point - a device that is to send at a rate
 * @direction: as the container sees it: IN is the host's end of a pair
 * @name:      of the container's interface
 * @there:     of the device itself
 */
struct point {
	enum direction direction;
	int index;
	uint32_t mtu;
	const struct netdev_link *of;
	char there[IFNAMSIZ];
};

/**
 * struct network - a container's, and the host's
 * @netns: the container's network namespace
 * @link:  sockets by direction: of the host's namespace, and of the container's
 */
struct network {
	int netns;
	struct netlink link[2];
	struct netdev_link at[INTERFACES_MAX];
	size_t n;
	struct point points[2 * INTERFACES_MAX];
	size_t n_points;
};
#define NETWORK_NONE \
	{ \
		.netns = FD_NONE, .link = { { .fd = FD_NONE }, { .fd = FD_NONE } } \
	}

static void network_close(struct network *net)
{
	netlink_close(&net->link[IN]);
	netlink_close(&net->link[OUT]);
	fd_close(&net->netns);
}
#define own_network __attribute__((cleanup(network_close))) struct network

/* --- whose namespace ---------------------------------------------------------------------- */

static uint64_t netns_of(const char *pid)
{
	char path[64];
	enum nsfs_type type;
	uint64_t inode = 0;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	return nsfs_try_link(AT_FDCWD, path, &type, &inode) < 0 ? 0 : inode;
}

/* A rate of an interface holds for all who use it. */
static int refuse_shared(const struct limit_target *t, uint64_t inode, struct err *e)
{
	char pid[24];

	if (netns_of("self") == inode || netns_of("1") == inode) {
		fail(e, ERR_UNSUPPORTED, "limit the network: it uses the host's own interfaces");
		return fail_hint(e,
				 "`tare cg shares` divides an interface of the host among cgroups; "
				 "or start it with a network of its own");
	}
	for (size_t i = 0; i < t->all->n; i++) {
		const struct container_found *other = &t->all->at[i];

		snprintf(pid, sizeof(pid), "%" PRId64, other->pid);
		if (other == t->container || netns_of(pid) != inode)
			continue;
		fail(e, ERR_UNSUPPORTED,
		     "limit the network: container '%s' uses the same interfaces",
		     other->name ? other->name : other->id);
		return fail_hint(e, "a rate would hold for both; `tare cg shares` divides an "
				    "interface among cgroups");
	}
	return 0;
}

static int open_network(const struct limit_target *t, struct network *net, uint64_t *ret_inode,
			struct err *e)
{
	const struct container_found *c = t->container;
	own_target target = NSFS_TARGET_NONE;
	enum nsfs_type type;
	int r;

	if (nsfs_target_open((pid_t)c->pid, &target, e) < 0)
		return -1;
	/* only now is the number pinned */
	r = process_try_alive((pid_t)c->pid, c->pid_start);
	if (r <= 0)
		return fail_errno(e, r < 0 ? -r : ESRCH, "limit the network");
	r = nsfs_try_open(target.proc, "ns/net", &net->netns);
	if (r == 0)
		r = nsfs_try_look(net->netns, &type, ret_inode);
	if (r < 0)
		return fail_errno(e, -r, "open the network namespace of process %d", (int)c->pid);
	return netlink_open(&net->link[IN], -1, e) < 0 ||
			       netlink_open(&net->link[OUT], net->netns, e) < 0
		       ? -1
		       : 0;
}

/* --- which devices ------------------------------------------------------------------------ */

static bool is_veth(const struct netdev_link *l)
{
	return strcmp(l->kind, "veth") == 0;
}

/* A name may hold any byte that is no blank, and is to stand in a JSON file. */
static void make_plain(char *name)
{
	for (; *name; name++)
		if (*name <= ' ' || *name > '~')
			*name = '?';
}

static void add_point(struct network *net, enum direction direction, const struct netdev_link *of,
		      const struct netdev_link *there)
{
	struct point *p = &net->points[net->n_points++];

	*p = (struct point){
		.direction = direction, .index = there->index, .mtu = there->mtu, .of = of
	};
	memcpy(p->there, there->name, sizeof(p->there));
	make_plain(p->there);
}

/* Both ends must name each other: an index alone may be that of any device of ours. */
static int find_peer(struct network *net, const struct netdev_link *l, struct netdev_link *ret_peer,
		     struct err *e)
{
	int number = NETDEV_HERE, r;

	r = is_veth(l) ? netdev_try_link(&net->link[IN], l->peer, ret_peer) : -ENODEV;
	if (r == 0)
		r = netdev_try_netns_number(&net->link[IN], net->netns, &number);
	if (r == 0 && is_veth(ret_peer) && ret_peer->peer == l->index && number != NETDEV_HERE &&
	    ret_peer->peer_netns == number)
		return 0;
	if (r < 0 && r != -ENODEV)
		return fail_errno(e, -r, "look for the other end of interface '%s'", l->name);
	fail(e, ERR_UNSUPPORTED,
	     "limit what it receives: interface '%s' has no end in this network namespace",
	     l->name);
	return fail_hint(e,
			 "what comes in can be delayed only where it is sent: at the host's end of "
			 "a veth pair. --net-rate out=RATE limits what it sends");
}

static int add_interface(struct network *net, const struct limit_request *r,
			 const struct netdev_link *l, struct err *e)
{
	struct netdev_link peer;

	/* hardware that is down, and the kernel's own tunnels, carry nothing */
	if ((l->flags & IFF_LOOPBACK) || (!is_veth(l) && !(l->flags & IFF_UP)))
		return 0;
	if (r->net_out.set)
		add_point(net, OUT, l, l);
	/* a pair with both ends in there brings nothing in */
	if (!r->net_in.set || (is_veth(l) && l->peer_netns == NETDEV_HERE))
		return 0;
	if (find_peer(net, l, &peer, e) < 0)
		return -1;
	add_point(net, IN, l, &peer);
	return 0;
}

static int find_points(struct network *net, const struct limit_request *r, struct err *e)
{
	int err = netdev_try_links(&net->link[OUT], net->at, INTERFACES_MAX, &net->n);

	if (err == -E2BIG)
		return fail(e, ERR_LIMIT, "limit the network: it has more than %d interfaces",
			    INTERFACES_MAX);
	if (err < 0)
		return fail_errno(e, -err, "list its network interfaces");
	for (size_t i = 0; i < net->n; i++)
		make_plain(net->at[i].name);
	for (size_t i = 0; i < net->n; i++)
		if (add_interface(net, r, &net->at[i], e) < 0)
			return -1;
	if (net->n_points)
		return 0;
	fail(e, ERR_UNSUPPORTED, "limit the network: it has no interface but the loopback");
	return fail_hint(e, "what has no network needs no limit of it");
}

/* --- one device --------------------------------------------------------------------------- */

static bool is_ours(const struct tc_root *root)
{
	return root->handle == OURS && strcmp(root->kind, "tbf") == 0;
}

static int look(struct network *net, const struct point *p, struct tc_root *ret_root, struct err *e)
{
	int r = tc_try_root(&net->link[p->direction], p->index, ret_root);

	if (r < 0)
		return fail_errno(e, -r, "look at the queueing discipline of '%s'", p->there);
	if (!ret_root->handle || is_ours(ret_root))
		return 0;
	fail(e, ERR_CONFLICT,
	     "limit the network: somebody put the queueing discipline '%s' on interface '%s'",
	     ret_root->kind, p->there);
	return fail_hint(e, "change that one, or remove it (tc qdisc del dev '%s' root)%s",
			 p->there,
			 p->direction == OUT ? ", in the container's network namespace" : "");
}

static int fail_set(const struct network *net, const struct point *p, int sysno, struct err *e)
{
	const char *words = net->link[p->direction].words;

	fail_errno(e, sysno, "set the rate of interface '%s'%s%s", p->there, *words ? ": " : "",
		   words);
	if (sysno == ENOENT)
		return fail_hint(e, "this kernel has no token buckets: CONFIG_NET_SCH_TBF, module "
				    "sch_tbf");
	if (sysno == EEXIST)
		return fail_hint(e, "somebody has just put a queueing discipline there");
	return -1;
}

/* @rate: 0: none. What the kernel made of it is read back. */
static int set(struct network *net, const struct point *p, const struct tc_tbf *tbf,
	       struct tc_root *before, struct err *e)
{
	struct netlink *link = &net->link[p->direction];
	struct tc_root now;
	int r = 0;

	if (tbf->rate)
		r = tc_try_set_tbf(link, p->index, OURS, tbf);
	else if (is_ours(before))
		r = tc_try_remove(link, p->index, OURS);
	if (r < 0)
		return fail_set(net, p, -r, e);
	r = tc_try_root(link, p->index, &now);
	if (r < 0)
		return fail_errno(e, -r, "read the rate of interface '%s' back", p->there);
	if (tbf->rate ? is_ours(&now) && tc_tbf_same(&now.tbf, tbf) : !now.handle)
		return 0;
	return fail(e, ERR_SYSTEM, "set the rate of interface '%s': the kernel made another of it",
		    p->there);
}

static char *rate_text(struct arena *a, uint64_t rate)
{
	char text[24];

	return arena_dup(a, rate ? rate_format(rate, text) : "unlimited");
}

static int tell(struct limit_work *w, enum direction direction, const char *name, const char *there,
		const uint64_t rates[2], struct err *e)
{
	struct arena *a = &w->report->mem;
	const struct limit_line line = {
		.what = arena_printf(a, "net %s %s", direction_names[direction], name),
		.file = arena_printf(a, "qdisc of %s%s", there,
				     direction == IN ? " on the host" : ""),
		.before = rate_text(a, rates[0]),
		.after = rate_text(a, rates[1]),
	};

	return limit_add_line(w, &line, e);
}

/* Noted as "out 2", "eth0 eth0", "RATE BURST LIMIT"; the last is "none" where there was none. */
static int change(struct limit_work *w, struct network *net, const struct point *p, int64_t rate,
		  struct err *e)
{
	struct arena *a = &w->report->mem;
	struct tc_tbf tbf = { .rate = 0 };
	struct ledger_change old = { .hierarchy = (char *)LIMIT_NETWORK };
	struct tc_root before;

	if (look(net, p, &before, e) < 0)
		return -1;
	if (rate != LIMIT_NONE)
		tbf = tc_tbf_for((uint64_t)rate, p->mtu);
	old.path = arena_printf(a, "%s %d", direction_names[p->direction], p->index);
	old.file = arena_printf(a, "%s %s", p->of->name, p->there);
	old.text = is_ours(&before) ? arena_printf(a, "%" PRIu64 " %u %u", before.tbf.rate,
						   before.tbf.burst, before.tbf.limit)
				    : arena_dup(a, "none");
	if (limit_note(w, &old, e) < 0)
		return -1;
	if (set(net, p, &tbf, &before, e) < 0)
		return -1;
	return tell(w, p->direction, p->of->name, p->there,
		    (uint64_t[2]){ is_ours(&before) ? before.tbf.rate : 0, tbf.rate }, e);
}

static int see_rights(void *ctx, int dir __attribute__((unused)), const struct proc_entry *p,
		      struct err *e __attribute__((unused)))
{
	*(uint64_t *)ctx = p->status.cap_bnd;
	return 0;
}

/* What it receives is limited outside of it, and out of its reach; what it sends is not. */
static void warn_of_rights(const struct container_found *c)
{
	uint64_t caps = 0;
	struct proc_scan scan = { .want = PROC_STATUS, .each = see_rights, .ctx = &caps };

	if (proc_scan_one((pid_t)c->pid, &scan, &(struct err){ 0 }) < 0 ||
	    !(caps & (CAP_NET_ADMIN_BIT | CAP_NET_RAW_BIT)))
		return;
	log_warn("container '%s' has %s: it can get round the limit of what it sends",
		 c->name ? c->name : c->id,
		 caps & CAP_NET_ADMIN_BIT ? "CAP_NET_ADMIN" : "CAP_NET_RAW");
}

/**
 * limit_net_put() - limit what a container sends and receives by each of its interfaces
 *
 * Everything that can be refused is, before the first device is touched.
 */
int limit_net_put(struct limit_work *w, const struct limit_request *r, struct err *e)
{
	own_network net = NETWORK_NONE;
	uint64_t inode = 0;

	if (!r->net_in.set && !r->net_out.set)
		return 0;
	if (open_network(w->t, &net, &inode, e) < 0 || refuse_shared(w->t, inode, e) < 0 ||
	    find_points(&net, r, e) < 0)
		return -1;
	for (size_t i = 0; i < net.n_points; i++) {
		struct tc_root root;

		if (look(&net, &net.points[i], &root, e) < 0)
			return -1;
	}
	if (r->net_out.set && r->net_out.v != LIMIT_NONE)
		warn_of_rights(w->t->container);
	for (size_t i = 0; i < net.n_points; i++) {
		const struct point *p = &net.points[i];

		if (change(w, &net, p, p->direction == IN ? r->net_in.v : r->net_out.v, e) < 0)
			return -1;
	}
	return 0;
}

/* --- the way back ------------------------------------------------------------------------- */

/* struct noted - a change as the ledger has it */
struct noted {
	struct point point;
	struct tc_tbf tbf;
	char name[IFNAMSIZ];
};

static bool read_noted(const struct ledger_change *c, struct noted *n)
{
	char direction[8];

	*n = (struct noted){ .tbf.rate = 0 };
	if (sscanf(c->path, "%7s %d", direction, &n->point.index) != 2 ||
	    sscanf(c->file, "%15s %15s", n->name, n->point.there) != 2)
		return false;
	n->point.direction = strcmp(direction, direction_names[IN]) == 0 ? IN : OUT;
	return strcmp(c->text, "none") == 0 || sscanf(c->text, "%" SCNu64 " %u %u", &n->tbf.rate,
						      &n->tbf.burst, &n->tbf.limit) == 3;
}

/**
 * limit_net_restore() - give one interface back what the ledger says
 *
 * A device that has gone took its limit along; a discipline that somebody has put there since is his.
 */
int limit_net_restore(struct limit_work *w, const struct ledger_change *c, struct err *e)
{
	own_network net = NETWORK_NONE;
	struct netdev_link link = { .index = 0 };
	struct tc_root before;
	struct noted n;
	uint64_t inode = 0;
	int r;

	if (!read_noted(c, &n))
		return fail(e, ERR_INPUT, "restore the network: '%s' is not understood", c->path);
	if (open_network(w->t, &net, &inode, e) < 0)
		return -1;
	r = netdev_try_link(&net.link[n.point.direction], n.point.index, &link);
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return fail_errno(e, -r, "look for interface '%s'", n.point.there);
	if (look(&net, &n.point, &before, e) < 0) {
		log_warn("%s: it stays", e->text);
		return 0;
	}
	if (set(&net, &n.point, &n.tbf, &before, e) < 0)
		return -1;
	if (!w->report)
		return 0;
	return tell(w, n.point.direction, n.name, n.point.there,
		    (uint64_t[2]){ is_ours(&before) ? before.tbf.rate : 0, n.tbf.rate }, e);
}
