/* netdev.c - network devices over rtnetlink */
#include "os/netdev.h"

#include <ctype.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#ifndef IFLA_NEW_IFINDEX
#define IFLA_NEW_IFINDEX 49
#endif

/* What of an address's flags is somebody's wish, and not what became of it. */
#define WISHES \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | \
	 IFA_F_MCAUTOJOIN)

#define MAX_ADDRESSES 4096 /* of one device; more is no mistake worth memory */

/**
 * netdev_name_kind() - may a device be called so?
 *
 * The kernel's rules (dev_valid_name, __dev_alloc_name in net/core/dev.c): shorter than 16 bytes,
 * neither "." nor "..", no blank, '/' or ':'; and '%' only in one "%d".
 */
enum netdev_name netdev_name_kind(const char *name)
{
	const char *percent = strchr(name, '%');
	size_t len = strlen(name);

	if (!len || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return NETDEV_NAME_BAD;
	for (const char *c = name; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return NETDEV_NAME_BAD;
	if (!percent)
		return NETDEV_NAME_PLAIN;
	return percent[1] == 'd' && !strchr(percent + 1, '%') ? NETDEV_NAME_TEMPLATE
							      : NETDEV_NAME_BAD;
}

static int read_link(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct netlink_bytes value;
	struct netdev *d = ctx;
	struct ifinfomsg head;
	unsigned what;

	if (type != RTM_NEWLINK)
		return 0;
	if (!netlink_take(&body, &head, sizeof(head)))
		return -EBADMSG;
	*d = (struct netdev){ .index = head.ifi_index, .flags = head.ifi_flags };
	while (netlink_next_attr(&body, &what, &value))
		if (what == IFLA_IFNAME && value.len <= sizeof(d->name))
			memcpy(d->name, value.at, value.len);
	d->name[sizeof(d->name) - 1] = '\0';
	return 0;
}

/**
 * netdev_try_find() - look a device up
 * @name: or NULL, to look for @index
 *
 * Return: 0, -ENODEV when there is none, or another -errno.
 */
int netdev_try_find(struct netlink *n, const char *name, int index, struct netdev *ret)
{
	const struct ifinfomsg head = { .ifi_index = name ? 0 : index };
	struct netlink_request r;
	int err;

	*ret = (struct netdev){ .index = 0 };
	netlink_begin(&r, RTM_GETLINK, 0, &head, sizeof(head));
	if (name)
		netlink_put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	err = netlink_try_call(n, &r, read_link, ret);
	return err == 0 && !ret->index ? -ENODEV : err;
}

static uint32_t address_flags(const struct ifaddrmsg *head, struct netlink_bytes rest)
{
	struct netlink_bytes value;
	uint32_t flags = head->ifa_flags;
	unsigned type;

	/* the attribute has those that do not fit the structure's byte */
	while (netlink_next_attr(&rest, &type, &value))
		if (type == IFA_FLAGS && value.len == sizeof(flags))
			memcpy(&flags, value.at, sizeof(flags));
	return flags;
}

/**
 * netdev_address_lasts() - is this an address of the device's that moves with it?
 *
 * The specification names them: permanent, and of global scope (config-linux.md, Network Devices).
 */
bool netdev_address_lasts(struct netlink_bytes address, int index)
{
	struct ifaddrmsg head;

	return netlink_take(&address, &head, sizeof(head)) && (int)head.ifa_index == index &&
	       head.ifa_scope == RT_SCOPE_UNIVERSE &&
	       (address_flags(&head, address) & IFA_F_PERMANENT);
}

struct listing {
	int index;
	struct arena *mem;
	netdev_addresses *list;
	size_t room;
};

static int keep_address(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct listing *l = ctx;
	unsigned char *copy;

	if (type != RTM_NEWADDR || !netdev_address_lasts(body, l->index))
		return 0;
	if (l->list->n == l->room) {
		size_t room = l->room ? 2 * l->room : 4;
		struct netlink_bytes *more = arena_array(l->mem, room, sizeof(*more));

		if (!more || room > MAX_ADDRESSES)
			return -ENOMEM;
		if (l->list->n)
			memcpy(more, l->list->at, l->list->n * sizeof(*more));
		l->list->at = more;
		l->room = room;
	}
	copy = arena_alloc(l->mem, body.len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, body.at, body.len);
	l->list->at[l->list->n++] = (struct netlink_bytes){ copy, body.len };
	return 0;
}

/**
 * netdev_try_addresses() - list the addresses that move with a device, of every family
 * @a: owns the list
 */
int netdev_try_addresses(struct netlink *n, int index, struct arena *a, netdev_addresses *ret)
{
	const struct ifaddrmsg head = { .ifa_index = (uint32_t)index };
	int err = -EINTR;

	/* another change of addresses spoils the list; there are not endlessly many */
	for (int i = 0; err == -EINTR && i < 16; i++) {
		struct netlink_request r;

		*ret = (netdev_addresses){ .n = 0 };
		netlink_begin(&r, RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
		err = netlink_try_call(n, &r, keep_address,
				       &(struct listing){ .index = index, .mem = a, .list = ret });
	}
	return err;
}

/**
 * netdev_try_move() - move a device to another namespace and name it there, in one request
 * @name:      its new name, or a template
 * @new_index: its index there, where the old one is taken (Linux 5.12); 0 leaves it to the kernel
 *
 * A failure may come after the move: the name is given in the new namespace.
 */
int netdev_try_move(struct netlink *n, int index, int netns, const char *name, int new_index)
{
	const struct ifinfomsg head = { .ifi_index = index };
	const uint32_t fd = (uint32_t)netns;
	const int32_t want = new_index;
	struct netlink_request r;

	netlink_begin(&r, RTM_NEWLINK, 0, &head, sizeof(head));
	netlink_put(&r, IFLA_NET_NS_FD, &fd, sizeof(fd));
	netlink_put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	if (new_index)
		netlink_put(&r, IFLA_NEW_IFINDEX, &want, sizeof(want));
	return netlink_try_call(n, &r, NULL, NULL);
}

int netdev_try_set_up(struct netlink *n, int index)
{
	const struct ifinfomsg head = { .ifi_index = index,
					.ifi_flags = IFF_UP,
					.ifi_change = IFF_UP };
	struct netlink_request r;

	netlink_begin(&r, RTM_NEWLINK, 0, &head, sizeof(head));
	return netlink_try_call(n, &r, NULL, NULL);
}

/* The attributes of an address that hold anywhere; its label names the old device. */
static bool is_kept(unsigned type)
{
	return type == IFA_ADDRESS || type == IFA_LOCAL || type == IFA_BROADCAST ||
	       type == IFA_ANYCAST || type == IFA_RT_PRIORITY;
}

/* netdev_try_add_address() - give a device an address that netdev_try_addresses() listed */
int netdev_try_add_address(struct netlink *n, int index, struct netlink_bytes address)
{
	struct netlink_bytes value;
	struct netlink_request r;
	struct ifaddrmsg head;
	uint32_t flags;
	unsigned type;

	if (!netlink_take(&address, &head, sizeof(head)))
		return -EBADMSG;
	flags = address_flags(&head, address) & WISHES;
	head.ifa_index = (uint32_t)index;
	head.ifa_flags = (uint8_t)flags;
	netlink_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	while (netlink_next_attr(&address, &type, &value))
		if (is_kept(type))
			netlink_put(&r, type, value.at, value.len);
	netlink_put(&r, IFA_FLAGS, &flags, sizeof(flags));
	return netlink_try_call(n, &r, NULL, NULL);
}
