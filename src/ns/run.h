/* run.h - a program in new namespaces, as unshare(1) runs it
 *
 * Everything that cannot be is refused before anything is made. What needs the privileges of the
 * present namespaces (maps, keeping of namespaces) is done by a helper process that stays in them.
 */
#ifndef NS_RUN_H
#define NS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/err.h"
#include "ns/maps.h"
#include "os/nsfs.h"

/**
 * struct ns_run - what to run, and in what
 * @types:       CLONE_NEW*
 * @maps:        of the new user namespace
 * @propagation: MS_PRIVATE, MS_SLAVE or MS_SHARED of all mounts in the new mount namespace; 0: as
 *               they are
 * @fork:        run it as a child: the first process of a new pid namespace, and in a new time
 *               namespace
 * @kill_child:  signal for the child when we die; 0: none
 * @mount_proc:  where a new proc is mounted, below @root; or NULL
 * @root:        chroot(2), or NULL
 * @wd:          working directory, below @root; or NULL
 * @uid:         with @gid: as what it runs, numbers of the new user namespace
 * @keep_caps:   it keeps the capabilities of the new user namespace, also when it is not its root
 * @monotonic:   with @boottime: seconds by which the new time namespace's clocks are off
 * @persist:     files (by enum nsfs_type) that the namespaces are bound to; NULL: none
 * @argv:        the program
 */
struct ns_run {
	uint64_t types;
	struct ns_maps maps;
	uint64_t propagation;
	bool fork;
	int kill_child;
	const char *mount_proc, *root, *wd;
	struct opt_u64 uid, gid;
	bool keep_caps;
	struct opt_i64 monotonic, boottime;
	const char *persist[NSFS_TYPES];
	char *const *argv;
};

int ns_run_check(const struct ns_run *r, struct err *e);
int ns_run(const struct ns_run *r, int *ret_status, struct err *e);

#endif
