/* hold.h - namespaces that outlive their processes: bind mounts of them, under a name
 *
 * A store is a folder that is a mount of its own. In the general one a name is a folder, with a file
 * for each type:
 *
 *	/run/tare/ns/NAME/net, …
 *
 * Its mount is private: a mount namespace may not be bound where the mount would spread into that
 * very namespace. The other one is that of `ip netns` (ip-netns(8)), with a file for each network
 * namespace, and shared, so that each sees what the other makes, in whatever mount namespace:
 *
 *	/run/netns/NAME
 *
 * Who changes a store locks its folder, as ip(8) does. What a crash has left, a file that nothing is
 * bound to, is used again by the next of that name, and is taken away by ns_release().
 */
#ifndef NS_HOLD_H
#define NS_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/err.h"
#include "os/nsfs.h"

struct arena;
struct ns_maps;

/**
 * struct ns_store - where names are kept
 * @dir:         absolute; made when it is needed
 * @only:        type of all namespaces in it, the file's name is the namespace's; -1: any type
 * @propagation: MS_PRIVATE or MS_SHARED, of the folder's mount
 */
struct ns_store {
	const char *dir;
	int only;
	unsigned long propagation;
};

extern const struct ns_store ns_store_any, ns_store_net;

/* struct ns_held_one - @type: enum nsfs_type */
struct ns_held_one {
	struct opt_word type;
	uint64_t inode;
};

/* struct ns_held - what is kept under a name; nothing when it is but what a crash has left */
struct ns_held {
	char *name;
	LIST(struct ns_held_one) namespaces;
};
struct ns_held_list {
	LIST(struct ns_held) names;
};

int ns_hold(const struct ns_store *s, const char *name, const int fds[NSFS_TYPES], struct err *e);
int ns_hold_process(const struct ns_store *s, const char *name, pid_t pid, uint64_t flags,
		    struct err *e);
int ns_hold_new(const struct ns_store *s, const char *name, uint64_t flags, struct err *e);
int ns_hold_mapped(const struct ns_store *s, const char *name, uint64_t flags,
		   const struct ns_maps *maps, struct err *e);
int ns_release(const struct ns_store *s, const char *name, struct err *e);
int ns_held_open(const struct ns_store *s, const char *name, int ret_fds[NSFS_TYPES],
		 struct err *e);
int ns_held_list(const struct ns_store *s, struct arena *a, struct ns_held_list *ret_list,
		 struct err *e);
int ns_bind(int fd, int target, struct err *e);
void ns_fds_close(int fds[NSFS_TYPES]);

extern const struct bind_table ns_held_table, ns_held_list_table;

#endif
