/* mount_peers.h - who sees whose mounts: every mount of every mount namespace, and its peer group
 *
 * Of each mount namespace one process is asked, the first that may be looked at; it sees what is below
 * its root. Points are as it sees them, and anybody's making: filter them before a terminal sees them.
 */
#ifndef NS_MOUNT_PEERS_H
#define NS_MOUNT_PEERS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bind.h"
#include "base/err.h"
#include "os/mountinfo.h"

struct arena;

/**
 * struct peer_mount - one mount
 * @ns:   inode of the mount namespace
 * @pid:  who was asked
 * @root: what of the file system is mounted there
 */
struct peer_mount {
	uint64_t ns, id;
	int64_t pid;
	char *command, *point, *root, *type;
	struct mount_peers peers;
};

/* struct peer_mounts - @ns: of the process that was asked for */
struct peer_mounts {
	LIST(struct peer_mount) mounts;
	uint64_t ns;
};

int peer_mounts_read(pid_t pid, struct arena *a, struct peer_mounts *ret_mounts, struct err *e);

#endif
