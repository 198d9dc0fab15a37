/* netdev.h - network devices: found, moved to another network namespace, set up again
 *
 * The kernel keeps a moved device's own attributes (MTU, hardware address), sets it down, and
 * drops its addresses. Every call is of one socket, and so of one namespace. Functions return 0
 * or -errno; netlink.words then may say more. Source: rtnetlink(7), linux/if_link.h.
 */
#ifndef OS_NETDEV_H
#define OS_NETDEV_H

#include <net/if.h>

#include "base/bind.h"
#include "os/netlink.h"

struct arena;

struct netdev {
	int index;
	unsigned flags;
	char name[IFNAMSIZ];
};

/* Addresses as the kernel told them: struct ifaddrmsg with attributes. */
typedef LIST(struct netlink_bytes) netdev_addresses;

/**
 * struct netdev_link - a device, and what it is tied to
 * @kind:       as `ip link` has it, such as "veth"; "" for hardware and the loopback
 * @peer:       index of what it is tied to, as a veth device to its other end; 0: nothing
 * @peer_netns: the number that this namespace has for the peer's, or NETDEV_HERE
 */
struct netdev_link {
	int index, peer, peer_netns;
	unsigned flags;
	uint32_t mtu;
	char name[IFNAMSIZ], kind[16];
};
#define NETDEV_HERE (-1)

/* How a name may be given: as it is, or as a template in which the kernel puts a number for "%d". */
enum netdev_name { NETDEV_NAME_BAD, NETDEV_NAME_PLAIN, NETDEV_NAME_TEMPLATE };

enum netdev_name netdev_name_kind(const char *name);
bool netdev_address_lasts(struct netlink_bytes address, int index);
int netdev_try_find(struct netlink *n, const char *name, int index, struct netdev *ret);
int netdev_try_addresses(struct netlink *n, int index, struct arena *a, netdev_addresses *ret);
int netdev_try_move(struct netlink *n, int index, int netns, const char *name, int new_index);
int netdev_try_set_up(struct netlink *n, int index);
int netdev_try_add_address(struct netlink *n, int index, struct netlink_bytes address);

/* netdev_links.c */
int netdev_parse_link(struct netlink_bytes body, struct netdev_link *ret_link);
int netdev_try_link(struct netlink *n, int index, struct netdev_link *ret_link);
int netdev_try_links(struct netlink *n, struct netdev_link *ret_links, size_t room, size_t *ret_n);
int netdev_try_netns_number(struct netlink *n, int netns, int *ret_number);

#endif
