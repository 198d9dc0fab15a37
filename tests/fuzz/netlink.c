/* netlink.c - any bytes for an answer of the kernel's: nothing outside them is read
 *
 * They are copied to a block of their own size, so that a sanitizer sees a step too far.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "os/netdev.h"
#include "os/tc.h"

static void read_attrs(struct netlink_bytes rest)
{
	struct netlink_bytes value;
	size_t before = rest.len;
	unsigned type, sum = 0;

	while (netlink_next_attr(&rest, &type, &value)) {
		MUST(rest.len < before && value.len < before);
		before = rest.len;
		for (size_t i = 0; i < value.len; i++)
			sum += value.at[i];
	}
	MUST(sum != 1 || type || !type);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);
	struct netlink_bytes rest = { copy, len }, body;
	char name[64] = "", words[8];
	struct netdev_link link;
	struct tc_root root;
	struct nlmsghdr head;

	if (!copy)
		return 0;
	if (len)
		memcpy(copy, at, len);
	memcpy(name, at, len < sizeof(name) - 1 ? len : sizeof(name) - 1);
	MUST(netdev_name_kind(name) == NETDEV_NAME_BAD || strlen(name) < IFNAMSIZ);
	while (netlink_next(&rest, &head, &body)) {
		int r = netlink_answer(&head, body, words, sizeof(words));

		MUST(r <= 0 && memchr(words, '\0', sizeof(words)));
		(void)netdev_address_lasts(body, 1);
		if (netdev_parse_link(body, &link) == 0)
			MUST(!link.name[sizeof(link.name) - 1] &&
			     !link.kind[sizeof(link.kind) - 1]);
		if (tc_parse_root(body, 1, &root) > 0)
			MUST(!root.kind[sizeof(root.kind) - 1]);
		read_attrs(body);
	}
	free(copy);
	return 0;
}
