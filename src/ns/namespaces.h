/* namespaces.h - the graph of the host's namespaces: what owns what, who is in it, who holds it
 *
 * All that can be found are there: those of processes, those that only a descriptor or a bind mount
 * in any mount namespace keeps alive, and those that live only because another lives that they own
 * or are above of. What we may not look at is counted, so that nobody takes a part for the whole.
 * The processes' names are their own choice: filter them before a terminal sees them.
 */
#ifndef NS_NAMESPACES_H
#define NS_NAMESPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/err.h"
#include "os/nsfs.h"

struct arena;

enum ns_holder_kind {
	NS_HELD_CHILDREN, /* a process whose children will be born into it */
	NS_HELD_FD,       /* an open descriptor */
	NS_HELD_MOUNT,    /* a bind mount */
};

/**
 * struct ns_holder - what keeps a namespace alive, other than a process in it
 * @kind:     enum ns_holder_kind
 * @pid:      who holds it; of a mount, a process that sees it
 * @fd:       number of the descriptor
 * @path:     of the mount, as @pid sees it
 * @mount_ns: inode of the mount namespace that the mount is in
 */
struct ns_holder {
	struct opt_word kind;
	int64_t pid;
	struct opt_i64 fd;
	char *path;
	struct opt_u64 mount_ns;
};

/**
 * struct ns_node - one namespace
 * @type:      enum nsfs_type
 * @owner:     inode of the user namespace that owns it; a user namespace is owned by its parent
 * @parent:    of pid and user namespaces; absent at the top, or where we may not look
 * @owner_uid: of user namespaces: who made it
 * @ours:      the caller is in it
 * @first:     the process in it that started first
 * @uid:       whose it is
 * @command:   its name
 * @processes: all in it, by number
 */
struct ns_node {
	struct opt_word type;
	uint64_t inode;
	struct opt_u64 owner, parent, owner_uid;
	bool ours;
	struct opt_i64 first;
	struct opt_u64 uid;
	char *command;
	struct numbers processes;
	LIST(struct ns_holder) holders;
};

/**
 * struct ns_graph - all namespaces, by type and inode
 * @denied: processes whose namespaces we may not see
 * @hidden: /proc does not even list everybody (hidepid)
 */
struct ns_graph {
	LIST(struct ns_node) namespaces;
	uint64_t denied;
	bool hidden;
};

/* What to look for beyond the processes; both cost more than the processes do. */
#define NS_FIND_MOUNTS    0x1 /* bind mounts in all mount namespaces: reads each one's mountinfo */
#define NS_FIND_FDS       0x2 /* a system call for each open descriptor of the host */
/* And what not to: namespaces that only children will be born into; two calls for each process. */
#define NS_LEAVE_CHILDREN 0x4

int ns_graph_read(unsigned find, struct arena *a, struct ns_graph *ret_graph, struct err *e);
const struct ns_node *ns_graph_find(const struct ns_graph *g, enum nsfs_type type, uint64_t inode);

extern const struct bind_table ns_graph_table, ns_node_table, ns_holder_table;

#endif
