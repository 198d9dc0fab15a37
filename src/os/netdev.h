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

/* How a name may be given: as it is, or as a template in which the kernel puts a number for "%d". */
enum netdev_name { NETDEV_NAME_BAD, NETDEV_NAME_PLAIN, NETDEV_NAME_TEMPLATE };

enum netdev_name netdev_name_kind(const char *name);
bool netdev_address_lasts(struct netlink_bytes address, int index);
int netdev_try_find(struct netlink *n, const char *name, int index, struct netdev *ret);
int netdev_try_addresses(struct netlink *n, int index, struct arena *a, netdev_addresses *ret);
int netdev_try_move(struct netlink *n, int index, int netns, const char *name, int new_index);
int netdev_try_set_up(struct netlink *n, int index);
int netdev_try_add_address(struct netlink *n, int index, struct netlink_bytes address);

#endif
