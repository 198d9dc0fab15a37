/* tc.h - what network devices send: queueing disciplines over rtnetlink
 *
 * A device's root discipline decides when its packets go. The kernel's default has handle 0; any
 * other was put there by somebody. What is made here has a handle that says so, and only that is
 * changed or removed: the kernel refuses each request that meets another one, so nobody's is lost
 * to a race. Calls are of one socket, and so of one namespace. Functions return 0 or -errno;
 * netlink.words then may say more. Source: tc(8), tc-tbf(8), tc-htb(8), linux/pkt_sched.h,
 * net/sched/sch_api.c.
 */
#ifndef OS_TC_H
#define OS_TC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/netlink.h"

#define TC_TOP                  UINT32_MAX /* the parent of what is below nothing: TC_H_ROOT */
#define TC_HANDLE(major, minor) (((uint32_t)(major) << 16) | (minor))

/**
 * struct tc_tbf - a token bucket: one rate for all that a device sends
 * @rate:  bytes a second
 * @burst: bytes that may go at once
 * @limit: bytes that wait for tokens; what is more is dropped
 */
struct tc_tbf {
	uint64_t rate;
	uint32_t burst, limit;
};

/**
 * struct tc_root - a device's root discipline
 * @kind:   "" when there is none, as on a device that is down
 * @handle: 0: the kernel's default
 * @tbf:    of kind "tbf"
 */
struct tc_root {
	char kind[16];
	uint32_t handle;
	struct tc_tbf tbf;
};

/**
 * struct tc_class - one class of a hierarchical token bucket
 * @id, @parent:  TC_HANDLE(); the parent of the topmost is TC_TOP
 * @rate, @ceil:  bytes a second: what it has for sure, and with what others leave
 * @burst:        bytes that may go at once
 * @quantum:      bytes in its turn, when what is left is given round
 */
struct tc_class {
	uint32_t id, parent;
	uint64_t rate, ceil;
	uint32_t burst, quantum;
};

#define TC_CLASSES_MAX 16384

/* struct tc_classes - those of a device; release with tc_classes_done() */
struct tc_classes {
	struct tc_class *at;
	size_t n, room;
};

uint32_t tc_burst(uint64_t rate, uint32_t mtu);
struct tc_tbf tc_tbf_for(uint64_t rate, uint32_t mtu);
bool tc_tbf_same(const struct tc_tbf *a, const struct tc_tbf *b);
int tc_parse_root(struct netlink_bytes body, int index, struct tc_root *ret_root);

int tc_try_root(struct netlink *n, int index, struct tc_root *ret_root);
int tc_try_find_htb(struct netlink *n, uint32_t handle, int *ret_indexes, size_t room,
		    size_t *ret_n);
int tc_try_set_tbf(struct netlink *n, int index, uint32_t handle, const struct tc_tbf *tbf);
int tc_try_add_htb(struct netlink *n, int index, uint32_t handle, uint32_t otherwise);
int tc_try_add_class(struct netlink *n, int index, const struct tc_class *c);
int tc_try_classes(struct netlink *n, int index, struct tc_classes *ret_classes);
int tc_try_remove(struct netlink *n, int index, uint32_t handle);
void tc_classes_done(struct tc_classes *c);
#define own_tc_classes __attribute__((cleanup(tc_classes_done)))

#endif
