/* netdev_links.c - which devices there are, and where the other ends of veth pairs are */
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/err.h"
#include "os/netdev.h"

#define ROUNDS 8 /* of a list that changes while it is read */

static void copy_text(struct netlink_bytes value, char *ret, size_t size)
{
	if (value.len && value.len <= size)
		memcpy(ret, value.at, value.len - 1);
}

static void read_kind(struct netlink_bytes info, struct netdev_link *l)
{
	struct netlink_bytes value;
	unsigned type;

	while (netlink_next_attr(&info, &type, &value))
		if (type == IFLA_INFO_KIND)
			copy_text(value, l->kind, sizeof(l->kind));
}

/* netdev_parse_link() - the body of an RTM_NEWLINK message (pure). Return: 0 or -EBADMSG */
int netdev_parse_link(struct netlink_bytes body, struct netdev_link *ret_link)
{
	struct netdev_link l = { .peer_netns = NETDEV_HERE };
	struct netlink_bytes value;
	struct ifinfomsg head;
	unsigned type;

	if (!netlink_take(&body, &head, sizeof(head)))
		return -EBADMSG;
	l.index = head.ifi_index;
	l.flags = head.ifi_flags;
	while (netlink_next_attr(&body, &type, &value))
		if (type == IFLA_IFNAME)
			copy_text(value, l.name, sizeof(l.name));
		else if (type == IFLA_LINKINFO)
			read_kind(value, &l);
		else if (type == IFLA_MTU && value.len == sizeof(l.mtu))
			memcpy(&l.mtu, value.at, sizeof(l.mtu));
		else if (type == IFLA_LINK && value.len == sizeof(l.peer))
			memcpy(&l.peer, value.at, sizeof(l.peer));
		else if (type == IFLA_LINK_NETNSID && value.len == sizeof(l.peer_netns))
			memcpy(&l.peer_netns, value.at, sizeof(l.peer_netns));
	*ret_link = l;
	return 0;
}

/* struct listing - links that are being listed, @n of them */
struct listing {
	struct netdev_link *at;
	size_t n, room;
};

static int add_link(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct listing *l = ctx;

	if (type != RTM_NEWLINK)
		return 0;
	if (l->n == l->room)
		return -E2BIG;
	return netdev_parse_link(body, &l->at[l->n++]);
}

/* netdev_try_link() - one device. Return: 0, -ENODEV when there is none, or another -errno */
int netdev_try_link(struct netlink *n, int index, struct netdev_link *ret_link)
{
	const struct ifinfomsg head = { .ifi_index = index };
	struct listing l = { ret_link, 0, 1 };
	struct netlink_request r;
	int err;

	netlink_begin(&r, RTM_GETLINK, 0, &head, sizeof(head));
	err = netlink_try_call(n, &r, add_link, &l);
	return err == 0 && !l.n ? -ENODEV : err;
}

/* netdev_try_links() - all devices of a namespace. Return: 0, -E2BIG: more than @room, or -errno */
int netdev_try_links(struct netlink *n, struct netdev_link *ret_links, size_t room, size_t *ret_n)
{
	const struct ifinfomsg head = { .ifi_index = 0 };
	int err = -EINTR;

	for (int i = 0; i < ROUNDS && err == -EINTR; i++) {
		struct listing l = { ret_links, 0, room };
		struct netlink_request r;

		netlink_begin(&r, RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head));
		err = netlink_try_call(n, &r, add_link, &l);
		*ret_n = l.n;
	}
	return err;
}

static int take_number(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct netlink_bytes value;
	struct rtgenmsg head;
	unsigned what;

	if (type != RTM_NEWNSID || !netlink_take(&body, &head, sizeof(head)))
		return 0;
	while (netlink_next_attr(&body, &what, &value))
		if (what == NETNSA_NSID && value.len == sizeof(int))
			memcpy(ctx, value.at, sizeof(int));
	return 0;
}

/**
 * netdev_try_netns_number() - which number does the socket's namespace have for another one?
 * @netns:      the other
 * @ret_number: NETDEV_HERE when it has none, since no device here is tied to one there
 *
 * The kernel gives a number when it first speaks of a device with a peer there: look at that before.
 */
int netdev_try_netns_number(struct netlink *n, int netns, int *ret_number)
{
	const struct rtgenmsg head = { .rtgen_family = 0 };
	const uint32_t fd = (uint32_t)netns;
	struct netlink_request r;
	int number = NETDEV_HERE, err;

	netlink_begin(&r, RTM_GETNSID, 0, &head, sizeof(head));
	netlink_put(&r, NETNSA_FD, &fd, sizeof(fd));
	err = netlink_try_call(n, &r, take_number, &number);
	if (err == 0)
		*ret_number = number;
	return err;
}
