/* tc.c - token buckets, flat and as trees: built, asked for, read back */
#include "os/tc.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* The kernel speaks of buckets in the time that it takes to fill them, in units of 64 ns since
 * Linux 2.6.31 (PSCHED_SHIFT in net/pkt_sched.h). */
#define TICK    64U
#define SECOND  1000000000U

/* What a packet is longer than the MTU: its Ethernet header, tags, and some to spare. */
#define HEADERS 64U

#define ROUNDS  8 /* of a list that changes while it is read */

/**
 * tc_burst() - how much may go at once, that a rate is reached and not overshot
 * @rate: bytes a second
 * @mtu:  the device's
 *
 * What comes due in 4 ms, so often the slowest clock of today's kernels ticks (250 Hz); but never less
 * than one packet, as what does not fit into the bucket would never go.
 */
uint32_t tc_burst(uint64_t rate, uint32_t mtu)
{
	uint64_t burst = rate / 250, least = (uint64_t)mtu + HEADERS;

	if (burst < least)
		burst = least;
	return burst > INT32_MAX ? INT32_MAX : (uint32_t)burst;
}

/* What may wait: a tenth of a second's packets. Where that is less than twenty, slow connections would lose
 * half of what they send when they begin: then as many, but no more than a second's; and always two. */
static uint64_t queue_for(uint64_t rate, uint32_t mtu)
{
	uint64_t packet = (uint64_t)mtu + HEADERS, wait = 20 * packet;

	if (wait > rate)
		wait = rate > 2 * packet ? rate : 2 * packet;
	return wait > rate / 10 ? wait : rate / 10;
}

/* tc_tbf_for() - a bucket for a rate, in bytes a second, of a device with this MTU */
struct tc_tbf tc_tbf_for(uint64_t rate, uint32_t mtu)
{
	struct tc_tbf tbf = { .rate = rate, .burst = tc_burst(rate, mtu) };
	uint64_t limit = tbf.burst + queue_for(rate, mtu);

	tbf.limit = limit > INT32_MAX ? INT32_MAX : (uint32_t)limit;
	return tbf;
}

/* The bucket in ticks, and back to bytes: those in the middle of what gives as many ticks. */
static uint32_t burst_ticks(uint32_t burst, uint64_t rate)
{
	uint64_t ticks = (uint64_t)burst * (SECOND / TICK) / (rate ? rate : 1);

	return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static uint32_t burst_bytes(uint32_t ticks, uint64_t rate)
{
	__extension__ unsigned __int128 bytes =
		((unsigned __int128)ticks * TICK + TICK / 2) * rate + SECOND / 2;

	bytes /= SECOND;
	return bytes > INT32_MAX ? INT32_MAX : (uint32_t)bytes;
}

/* tc_tbf_same() - the same, but for what the kernel's ticks round off a bucket */
bool tc_tbf_same(const struct tc_tbf *a, const struct tc_tbf *b)
{
	uint64_t apart = a->burst > b->burst ? a->burst - b->burst : b->burst - a->burst;

	return a->rate == b->rate && a->limit == b->limit &&
	       apart <= 1 + a->rate * 2 / (SECOND / TICK);
}

static uint32_t low_rate(uint64_t rate)
{
	return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

/* --- requests --------------------------------------------------------------------------- */

static struct tcmsg about(int index, uint32_t handle, uint32_t parent)
{
	return (struct tcmsg){ .tcm_ifindex = index, .tcm_handle = handle, .tcm_parent = parent };
}

static void put_kind(struct netlink_request *r, const char *kind)
{
	netlink_put(r, TCA_KIND, kind, strlen(kind) + 1);
}

static void put_rate64(struct netlink_request *r, unsigned type, uint64_t rate)
{
	if (rate > UINT32_MAX)
		netlink_put(r, type, &rate, sizeof(rate));
}

static int call(struct netlink *n, struct netlink_request *r, const struct netlink_request *options)
{
	if (options->torn)
		return -EMSGSIZE;
	netlink_put(r, TCA_OPTIONS, options->at, options->len);
	return netlink_try_call(n, r, NULL, NULL);
}

/**
 * tc_try_set_tbf() - put a token bucket in place of the default root, or change that of @handle
 *
 * Return: 0, -EEXIST when somebody else's discipline is there, -ENOENT when the kernel has no
 * token buckets (sch_tbf), or another -errno.
 */
int tc_try_set_tbf(struct netlink *n, int index, uint32_t handle, const struct tc_tbf *tbf)
{
	const struct tcmsg head = about(index, handle, TC_H_ROOT);
	/* with the link layer named, the kernel needs no table of transmission times */
	const struct tc_tbf_qopt q = {
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET, .rate = low_rate(tbf->rate) },
		.limit = tbf->limit,
		.buffer = burst_ticks(tbf->burst, tbf->rate),
	};
	struct netlink_request r, options = { .len = 0 };

	netlink_begin(&r, RTM_NEWQDISC, NLM_F_CREATE, &head, sizeof(head));
	put_kind(&r, "tbf");
	netlink_put(&options, TCA_TBF_PARMS, &q, sizeof(q));
	netlink_put(&options, TCA_TBF_BURST, &tbf->burst, sizeof(tbf->burst));
	put_rate64(&options, TCA_TBF_RATE64, tbf->rate);
	return call(n, &r, &options);
}

/**
 * tc_try_add_htb() - put a tree of token buckets, without classes yet, in place of the default root
 * @otherwise: minor number of the class for what is told to be in none
 *
 * Return: as tc_try_set_tbf(); -EEXIST also when there is one already.
 */
int tc_try_add_htb(struct netlink *n, int index, uint32_t handle, uint32_t otherwise)
{
	const struct tcmsg head = about(index, handle, TC_H_ROOT);
	const struct tc_htb_glob glob = { .version = 3, .rate2quantum = 10, .defcls = otherwise };
	struct netlink_request r, options = { .len = 0 };

	netlink_begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	put_kind(&r, "htb");
	netlink_put(&options, TCA_HTB_INIT, &glob, sizeof(glob));
	return call(n, &r, &options);
}

/* tc_try_add_class() - a class; the one above must be there */
int tc_try_add_class(struct netlink *n, int index, const struct tc_class *c)
{
	const struct tcmsg head = about(index, c->id, c->parent);
	const struct tc_htb_opt opt = {
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET, .rate = low_rate(c->rate) },
		.ceil = { .linklayer = TC_LINKLAYER_ETHERNET, .rate = low_rate(c->ceil) },
		.buffer = burst_ticks(c->burst, c->rate),
		.cbuffer = burst_ticks(c->burst, c->ceil),
		.quantum = c->quantum,
	};
	struct netlink_request r, options = { .len = 0 };

	netlink_begin(&r, RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	put_kind(&r, "htb");
	netlink_put(&options, TCA_HTB_PARMS, &opt, sizeof(opt));
	put_rate64(&options, TCA_HTB_RATE64, c->rate);
	put_rate64(&options, TCA_HTB_CEIL64, c->ceil);
	return call(n, &r, &options);
}

/**
 * tc_try_remove() - give a device its default root back, if the one that it has is @handle
 *
 * Return: 0, -ENOENT or -EINVAL when it is another, or another -errno.
 */
int tc_try_remove(struct netlink *n, int index, uint32_t handle)
{
	const struct tcmsg head = about(index, handle, TC_H_ROOT);
	struct netlink_request r;

	netlink_begin(&r, RTM_DELQDISC, 0, &head, sizeof(head));
	return netlink_try_call(n, &r, NULL, NULL);
}

/* --- answers ---------------------------------------------------------------------------- */

static void read_u64(struct netlink_bytes value, uint64_t *ret)
{
	if (value.len >= sizeof(*ret))
		memcpy(ret, value.at, sizeof(*ret));
}

static void read_tbf(struct netlink_bytes options, struct tc_tbf *ret)
{
	struct netlink_bytes value;
	struct tc_tbf_qopt q = { .limit = 0 };
	uint64_t rate = 0;
	unsigned type;

	while (netlink_next_attr(&options, &type, &value)) {
		if (type == TCA_TBF_PARMS)
			(void)netlink_take(&value, &q, sizeof(q));
		else if (type == TCA_TBF_RATE64)
			read_u64(value, &rate);
	}
	if (rate < q.rate.rate)
		rate = q.rate.rate;
	*ret = (struct tc_tbf){ .rate = rate,
				.burst = burst_bytes(q.buffer, rate),
				.limit = q.limit };
}

/**
 * tc_parse_root() - the body of one RTM_NEWQDISC message (pure)
 *
 * Return: 1: it is the root of this device, 0: it is another's, -EBADMSG
 */
int tc_parse_root(struct netlink_bytes body, int index, struct tc_root *ret_root)
{
	struct netlink_bytes value, options = { .len = 0 };
	struct tc_root root = { .handle = 0 };
	struct tcmsg head;
	unsigned type;

	if (!netlink_take(&body, &head, sizeof(head)))
		return -EBADMSG;
	if (head.tcm_ifindex != index || head.tcm_parent != TC_H_ROOT)
		return 0;
	root.handle = head.tcm_handle;
	while (netlink_next_attr(&body, &type, &value)) {
		if (type == TCA_KIND && value.len && value.len <= sizeof(root.kind))
			memcpy(root.kind, value.at, value.len - 1);
		else if (type == TCA_OPTIONS)
			options = value;
	}
	if (strcmp(root.kind, "tbf") == 0)
		read_tbf(options, &root.tbf);
	*ret_root = root;
	return 1;
}

/* struct root_search - the discipline of one device among all */
struct root_search {
	int index;
	struct tc_root *to;
};

static int look_at_qdisc(void *ctx, unsigned type, struct netlink_bytes body)
{
	const struct root_search *s = ctx;
	int r = type == RTM_NEWQDISC ? tc_parse_root(body, s->index, s->to) : 0;

	return r < 0 ? r : 0;
}

/* tc_try_root() - a device's root discipline */
int tc_try_root(struct netlink *n, int index, struct tc_root *ret_root)
{
	const struct tcmsg head = about(index, 0, 0);
	int r = -EINTR;

	for (int i = 0; i < ROUNDS && r == -EINTR; i++) {
		struct root_search s = { index, ret_root };
		struct netlink_request ask;

		*ret_root = (struct tc_root){ .handle = 0 };
		netlink_begin(&ask, RTM_GETQDISC, NLM_F_DUMP, &head, sizeof(head));
		r = netlink_try_call(n, &ask, look_at_qdisc, &s);
	}
	return r;
}

/* struct device_search - the devices whose root is HTB with @handle */
struct device_search {
	uint32_t handle;
	int *at;
	size_t n, room;
};

static int look_for_root(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct netlink_bytes rest = body;
	struct device_search *s = ctx;
	struct tc_root root;
	struct tcmsg head;

	if (type != RTM_NEWQDISC || !netlink_take(&rest, &head, sizeof(head)) ||
	    tc_parse_root(body, head.tcm_ifindex, &root) <= 0 || root.handle != s->handle ||
	    strcmp(root.kind, "htb") != 0)
		return 0;
	if (s->n == s->room)
		return -E2BIG;
	s->at[s->n++] = head.tcm_ifindex;
	return 0;
}

/* tc_try_find_htb() - the devices whose root is HTB with @handle. Return: 0, -E2BIG: more than @room, or -errno */
int tc_try_find_htb(struct netlink *n, uint32_t handle, int *ret_indexes, size_t room,
		    size_t *ret_n)
{
	const struct tcmsg head = about(0, 0, 0);
	int r = -EINTR;

	for (int i = 0; i < ROUNDS && r == -EINTR; i++) {
		struct device_search s = { handle, ret_indexes, 0, room };
		struct netlink_request ask;

		netlink_begin(&ask, RTM_GETQDISC, NLM_F_DUMP, &head, sizeof(head));
		r = netlink_try_call(n, &ask, look_for_root, &s);
		*ret_n = s.n;
	}
	return r;
}

static void read_class(struct netlink_bytes options, struct tc_class *c)
{
	struct tc_htb_opt opt = { .quantum = 0 };
	struct netlink_bytes value;
	unsigned type;

	while (netlink_next_attr(&options, &type, &value))
		if (type == TCA_HTB_PARMS)
			(void)netlink_take(&value, &opt, sizeof(opt));
		else if (type == TCA_HTB_RATE64)
			read_u64(value, &c->rate);
		else if (type == TCA_HTB_CEIL64)
			read_u64(value, &c->ceil);
	if (c->rate < opt.rate.rate)
		c->rate = opt.rate.rate;
	if (c->ceil < opt.ceil.rate)
		c->ceil = opt.ceil.rate;
	c->quantum = opt.quantum;
	c->burst = burst_bytes(opt.buffer, c->rate);
}

static int add_class(struct tc_classes *to, const struct tc_class *c)
{
	if (to->n == to->room) {
		size_t room = to->room ? to->room * 2 : 64;
		struct tc_class *more =
			room > TC_CLASSES_MAX ? NULL : reallocarray(to->at, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		to->at = more;
		to->room = room;
	}
	to->at[to->n++] = *c;
	return 0;
}

static int look_at_class(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct netlink_bytes value;
	struct tc_class c = { .id = 0 };
	struct tcmsg head;
	unsigned what;

	if (type != RTM_NEWTCLASS)
		return 0;
	if (!netlink_take(&body, &head, sizeof(head)))
		return -EBADMSG;
	c.id = head.tcm_handle;
	c.parent = head.tcm_parent;
	while (netlink_next_attr(&body, &what, &value))
		if (what == TCA_OPTIONS)
			read_class(value, &c);
	return add_class(ctx, &c);
}

/* tc_try_classes() - all classes of a device. @ret_classes: tc_classes_done() also after a failure */
int tc_try_classes(struct netlink *n, int index, struct tc_classes *ret_classes)
{
	const struct tcmsg head = about(index, 0, 0);
	int r = -EINTR;

	*ret_classes = (struct tc_classes){ .n = 0 };
	for (int i = 0; i < ROUNDS && r == -EINTR; i++) {
		struct netlink_request ask;

		ret_classes->n = 0;
		netlink_begin(&ask, RTM_GETTCLASS, NLM_F_DUMP, &head, sizeof(head));
		r = netlink_try_call(n, &ask, look_at_class, ret_classes);
	}
	return r;
}

void tc_classes_done(struct tc_classes *c)
{
	free(c->at);
	*c = (struct tc_classes){ .n = 0 };
}
