/* netlink.c - netlink messages are built and read; names and addresses of network devices */
#include "t.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/text.h"
#include "os/netdev.h"
#include "os/tc.h"

TEST(a_request_is_read_as_it_was_built)
{
	const struct ifinfomsg fixed = { .ifi_index = 7 };
	struct netlink_bytes rest, body, value;
	struct netlink_request r;
	struct ifinfomsg got;
	struct nlmsghdr head;
	unsigned type;

	netlink_begin(&r, RTM_NEWLINK, 0, &fixed, sizeof(fixed));
	netlink_put(&r, IFLA_IFNAME, "eth0", 5);
	netlink_put(&r, IFLA_MTU, "1234", 4);
	WANT(!r.torn);
	WANT_INT(r.len, 16 + 16 + 12 + 8);
	memcpy(&head, r.at, sizeof(head));
	head.nlmsg_len = (uint32_t)r.len;
	memcpy(r.at, &head, sizeof(head));
	rest = (struct netlink_bytes){ r.at, r.len };
	WANT(netlink_next(&rest, &head, &body));
	WANT_INT(head.nlmsg_type, RTM_NEWLINK);
	WANT_INT(head.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	WANT(netlink_take(&body, &got, sizeof(got)));
	WANT_INT(got.ifi_index, 7);
	WANT(netlink_next_attr(&body, &type, &value));
	WANT_INT(type, IFLA_IFNAME);
	WANT_INT(value.len, 5);
	WANT_STR((const char *)value.at, "eth0");
	WANT(netlink_next_attr(&body, &type, &value));
	WANT_INT(type, IFLA_MTU);
	WANT(!netlink_next_attr(&body, &type, &value));
	WANT(!netlink_next(&rest, &head, &body));
}

TEST(a_dump_asks_for_no_acknowledgement)
{
	struct netlink_request r;
	struct nlmsghdr head;

	netlink_begin(&r, RTM_GETADDR, NLM_F_DUMP, "", 0);
	memcpy(&head, r.at, sizeof(head));
	WANT_INT(head.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
}

TEST(what_does_not_fit_tears_the_request)
{
	static const char much[NETLINK_REQUEST_MAX + 1];
	struct netlink_request r;

	netlink_begin(&r, RTM_NEWLINK, 0, "", 0);
	netlink_put(&r, 1, much, sizeof(much));
	WANT(r.torn);
	netlink_begin(&r, RTM_NEWLINK, 0, "", 0);
	for (int i = 0; i < 1000; i++)
		netlink_put(&r, 1, "1234567", 7);
	WANT(r.torn);
	WANT(r.len <= sizeof(r.at));
}

/* Messages and attributes whose lengths lie. */
TEST(a_length_that_lies_ends_the_reading)
{
	static const struct {
		uint32_t len;
		size_t have;
	} messages[] = {
		{ 15, 16 }, { 17, 16 }, { 0, 64 }, { UINT32_MAX, 64 }, { 16, 15 }, { 16, 0 },
	};
	static const struct {
		uint16_t len;
		size_t have;
	} attrs[] = {
		{ 3, 8 }, { 9, 8 }, { 0, 8 }, { UINT16_MAX, 8 }, { 4, 3 },
	};
	struct netlink_bytes rest, body;
	struct nlmsghdr head;
	unsigned type;

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		unsigned char at[64] = { 0 };

		memcpy(at, &messages[i].len, sizeof(messages[i].len));
		rest = (struct netlink_bytes){ at, messages[i].have };
		WANT(!netlink_next(&rest, &head, &body));
	}
	for (size_t i = 0; i < sizeof(attrs) / sizeof(*attrs); i++) {
		unsigned char at[8] = { 0 };

		memcpy(at, &attrs[i].len, sizeof(attrs[i].len));
		rest = (struct netlink_bytes){ at, attrs[i].have };
		WANT(!netlink_next_attr(&rest, &type, &body));
	}
}

static int answer(int error, unsigned flags, const void *more, size_t len, char *words, size_t size)
{
	struct nlmsgerr said = { .error = error, .msg = { .nlmsg_len = sizeof(said.msg) + 4 } };
	const struct nlmsghdr head = { .nlmsg_flags = (uint16_t)flags };
	unsigned char at[256];

	memcpy(at, &said, sizeof(said));
	memcpy(at + sizeof(said), more, len);
	return netlink_answer(&head, (struct netlink_bytes){ at, sizeof(said) + len }, words, size);
}

TEST(the_kernels_words_are_found_behind_the_request)
{
	/* four bytes of the request, then NLMSGERR_ATTR_MSG with "no!" */
	static const unsigned char more[] = "\1\2\3\4\10\0\1\0no!";
	char words[16] = "old";

	WANT_INT(answer(-EBUSY, 0, "", 0, words, sizeof(words)), -EBUSY);
	WANT_STR(words, "");
	WANT_INT(answer(-EBUSY, NLM_F_ACK_TLVS, more, sizeof(more), words, sizeof(words)), -EBUSY);
	WANT_STR(words, "no!");
	WANT_INT(answer(-EBUSY, NLM_F_ACK_TLVS | NLM_F_CAPPED, more + 4, sizeof(more) - 4, words,
			sizeof(words)),
		 -EBUSY);
	WANT_STR(words, "no!");
	WANT_INT(answer(-EBUSY, NLM_F_ACK_TLVS, more, sizeof(more), words, 3), -EBUSY);
	WANT_STR(words, "no");
	WANT_INT(answer(0, 0, "", 0, words, sizeof(words)), 0);
}

TEST(an_answer_that_is_none_is_an_error)
{
	const struct nlmsghdr head = { 0 };
	char words[16];

	WANT_INT(netlink_answer(&head, (struct netlink_bytes){ (const unsigned char *)"", 0 },
				words, sizeof(words)),
		 -EBADMSG);
	WANT_INT(answer(5, 0, "", 0, words, sizeof(words)), -EBADMSG);
	WANT_INT(answer(-100000, 0, "", 0, words, sizeof(words)), -EBADMSG);
}

TEST(names_of_devices)
{
	static const struct {
		const char *name;
		enum netdev_name kind;
	} rows[] = {
		{ "eth0", NETDEV_NAME_PLAIN },  { "fifteen-bytes-1", NETDEV_NAME_PLAIN },
		{ "...", NETDEV_NAME_PLAIN },   { "eth%d", NETDEV_NAME_TEMPLATE },
		{ "%d", NETDEV_NAME_TEMPLATE }, { "a%db", NETDEV_NAME_TEMPLATE },
		{ "", NETDEV_NAME_BAD },        { ".", NETDEV_NAME_BAD },
		{ "..", NETDEV_NAME_BAD },      { "a/b", NETDEV_NAME_BAD },
		{ "a:b", NETDEV_NAME_BAD },     { "a b", NETDEV_NAME_BAD },
		{ "a\n", NETDEV_NAME_BAD },     { "sixteen-bytes-16", NETDEV_NAME_BAD },
		{ "%", NETDEV_NAME_BAD },       { "%s", NETDEV_NAME_BAD },
		{ "%d%d", NETDEV_NAME_BAD },    { "%%d", NETDEV_NAME_BAD },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (netdev_name_kind(rows[i].name) != rows[i].kind)
			T_FAIL("'%s' is %d", rows[i].name, netdev_name_kind(rows[i].name));
}

static bool lasts(struct ifaddrmsg head, uint32_t flags, bool has_flags)
{
	struct netlink_request r;

	netlink_begin(&r, RTM_NEWADDR, 0, &head, sizeof(head));
	if (has_flags)
		netlink_put(&r, IFA_FLAGS, &flags, sizeof(flags));
	return netdev_address_lasts((struct netlink_bytes){ r.at + 16, r.len - 16 }, 3);
}

TEST(permanent_addresses_of_global_scope_move)
{
	const struct ifaddrmsg good = { .ifa_family = AF_INET,
					.ifa_index = 3,
					.ifa_flags = IFA_F_PERMANENT };
	struct ifaddrmsg bad = good;

	WANT(lasts(good, 0, false));
	WANT(!lasts(good, 0, true));
	bad.ifa_scope = RT_SCOPE_LINK;
	WANT(!lasts(bad, 0, false));
	bad = good;
	bad.ifa_index = 4;
	WANT(!lasts(bad, 0, false));
	bad = good;
	bad.ifa_flags = 0;
	WANT(!lasts(bad, 0, false));
	WANT(lasts(bad, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE, true));
	WANT(!netdev_address_lasts((struct netlink_bytes){ (const unsigned char *)"", 0 }, 3));
}

TEST(a_bucket_holds_a_packet_and_four_milliseconds)
{
	static const struct {
		uint64_t rate;
		uint32_t mtu, burst, limit;
	} rows[] = {
		{ 1000, 1500, 1564, 1564 + 2 * 1564 },
		{ 12500, 1500, 1564, 1564 + 12500 },
		{ 125000, 1500, 1564, 1564 + 20 * 1564 },
		{ 1250000, 1500, 5000, 5000 + 125000 },
		{ 125000000, 1500, 500000, 500000 + 12500000 },
		{ 125000, 65535, 65599, 65599 + 2 * 65599 },
		{ 12500000000, 9000, 50000000, 1300000000 },
		{ UINT64_MAX, UINT32_MAX, INT32_MAX, INT32_MAX },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tc_tbf t = tc_tbf_for(rows[i].rate, rows[i].mtu);

		WANT(t.rate == rows[i].rate);
		WANT_INT(t.burst, rows[i].burst);
		WANT_INT(t.limit, rows[i].limit);
	}
}

/* The root of device 7 with these numbers, as the kernel tells it. */
static struct netlink_bytes told_root(struct netlink_request *r, uint64_t rate, uint32_t ticks)
{
	const struct tcmsg head = { .tcm_ifindex = 7,
				    .tcm_handle = TC_HANDLE(0x10, 0),
				    .tcm_parent = TC_H_ROOT };
	const struct tc_tbf_qopt q = { .rate.rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate,
				       .buffer = ticks,
				       .limit = 4321 };
	struct netlink_request options = { .len = 0 };

	netlink_put(&options, TCA_TBF_PARMS, &q, sizeof(q));
	if (rate > UINT32_MAX)
		netlink_put(&options, TCA_TBF_RATE64, &rate, sizeof(rate));
	netlink_begin(r, RTM_NEWQDISC, 0, &head, sizeof(head));
	netlink_put(r, TCA_KIND, "tbf", 4);
	netlink_put(r, TCA_OPTIONS, options.at, options.len);
	return (struct netlink_bytes){ r->at + sizeof(struct nlmsghdr),
				       r->len - sizeof(struct nlmsghdr) };
}

TEST(a_bucket_is_read_as_it_was_set)
{
	static const struct {
		uint64_t rate;
		uint32_t burst;
	} rows[] = {
		{ 1000, 1564 },           { 125000, 1564 },          { 125000, 1565 },
		{ 1250000, 5000 },        { 12345678, 49382 },       { 125000000, 500000 },
		{ 0xffffffff, 17179869 }, { 12500000000, 50000000 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tc_tbf want = { rows[i].rate, rows[i].burst, 4321 };
		uint32_t ticks =
			(uint32_t)((uint64_t)rows[i].burst * (1000000000 / 64) / rows[i].rate);
		struct netlink_request r;
		struct tc_root root;

		WANT_INT(tc_parse_root(told_root(&r, rows[i].rate, ticks), 7, &root), 1);
		WANT_STR(root.kind, "tbf");
		WANT_INT(root.handle, TC_HANDLE(0x10, 0));
		WANT(tc_tbf_same(&root.tbf, &want));
		if (rows[i].rate < 10000000)
			WANT_INT(root.tbf.burst, rows[i].burst);
		WANT_INT(tc_parse_root(told_root(&r, rows[i].rate, ticks), 8, &root), 0);
	}
}

TEST(the_other_end_of_a_pair_is_read)
{
	const struct ifinfomsg head = { .ifi_index = 7, .ifi_flags = IFF_UP };
	struct netlink_request r, info = { .len = 0 };
	const uint32_t mtu = 1400;
	const int peer = 9, number = 3;
	struct netdev_link l;

	netlink_put(&info, IFLA_INFO_KIND, "veth", 5);
	netlink_begin(&r, RTM_NEWLINK, 0, &head, sizeof(head));
	netlink_put(&r, IFLA_IFNAME, "eth0", 5);
	netlink_put(&r, IFLA_MTU, &mtu, sizeof(mtu));
	netlink_put(&r, IFLA_LINK, &peer, sizeof(peer));
	netlink_put(&r, IFLA_LINKINFO, info.at, info.len);
	WANT_INT(netdev_parse_link((struct netlink_bytes){ r.at + 16, r.len - 16 }, &l), 0);
	WANT_INT(l.peer_netns, NETDEV_HERE);
	netlink_put(&r, IFLA_LINK_NETNSID, &number, sizeof(number));
	WANT_INT(netdev_parse_link((struct netlink_bytes){ r.at + 16, r.len - 16 }, &l), 0);
	WANT_STR(l.name, "eth0");
	WANT_STR(l.kind, "veth");
	WANT(l.index == 7 && l.peer == 9 && l.peer_netns == 3 && l.mtu == 1400);
	WANT_INT(netdev_parse_link((struct netlink_bytes){ r.at, 8 }, &l), -EBADMSG);
}
