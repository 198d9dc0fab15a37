/* adopt.h - a cgroup of its own for a container that has none
 *
 * bubblewrap, firejail and plain unshare make no cgroups. To freeze or limit what they started, its
 * processes are moved into a cgroup that is made below the one that they are in, so that what bound
 * them binds them still. The ledger (ledger.h) knows of it, and it goes away with the container.
 */
#ifndef ANY_ADOPT_H
#define ANY_ADOPT_H

#include "discovery/containers.h"
#include "any/ledger.h"
#include "os/cgroup.h"

int adopt_cgroup(int ledger, struct ledger_entry *entry, const struct containers *all,
		 const struct container_found *c, const struct cgroup_world *w, unsigned controller,
		 struct cgroup *ret_cgroup, struct err *e);
int adopt_release(int ledger, struct ledger_entry *entry, const struct cgroup_world *w,
		  struct err *e);

#endif
