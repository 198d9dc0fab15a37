/* netlink.h - requests to the kernel over a netlink socket, and its answers
 *
 * Messages are built and read here without casts into the buffer, so nothing depends on its
 * alignment, and no length in it is believed. Source: netlink(7), rtnetlink(7).
 */
#ifndef OS_NETLINK_H
#define OS_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* Bytes of somebody else's. */
struct netlink_bytes {
	const unsigned char *at;
	size_t len;
};

#define NETLINK_REQUEST_MAX 1024

/* struct netlink_request - one message to send; @torn: it did not fit, and will not be sent */
struct netlink_request {
	unsigned char at[NETLINK_REQUEST_MAX];
	size_t len;
	bool torn;
};

/**
 * struct netlink - a socket
 * @words: what the kernel said of the last request that failed, beside its errno; may be empty
 */
struct netlink {
	int fd;
	uint32_t seq;
	char words[128];
};

/* Gets each message of an answer; < 0 (a negated errno) ends the call. */
typedef int netlink_visit(void *ctx, unsigned type, struct netlink_bytes body);

bool netlink_next(struct netlink_bytes *rest, struct nlmsghdr *ret_head,
		  struct netlink_bytes *ret_body);
bool netlink_next_attr(struct netlink_bytes *rest, unsigned *ret_type,
		       struct netlink_bytes *ret_value);
bool netlink_take(struct netlink_bytes *rest, void *ret, size_t size);
int netlink_answer(const struct nlmsghdr *head, struct netlink_bytes body, char *ret_words,
		   size_t size);

void netlink_begin(struct netlink_request *r, unsigned type, unsigned flags, const void *fixed,
		   size_t size);
void netlink_put(struct netlink_request *r, unsigned type, const void *value, size_t len);

int netlink_open(struct netlink *n, int netns, struct err *e);
void netlink_close(struct netlink *n);
int netlink_try_call(struct netlink *n, struct netlink_request *r, netlink_visit *visit, void *ctx);

#endif
