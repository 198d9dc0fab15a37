/* net.h - named network namespaces, as ip-netns(8) has them: ids, whose they are, programs in them
 *
 * The names are those of ns_store_net (hold.h). An id is what one network namespace calls another
 * in netlink messages; here always what our own calls it.
 */
#ifndef NS_NET_H
#define NS_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bind.h"
#include "base/err.h"

struct arena;

#define NS_NET_ID_AUTO (-1) /* the kernel chooses */

/* struct ns_net - one name; @id is absent where it has none */
struct ns_net {
	char *name;
	uint64_t inode;
	struct opt_i64 id;
};
struct ns_net_list {
	LIST(struct ns_net) names;
};

/* struct ns_net_id - @id: what another namespace calls one, @current: what ours does */
struct ns_net_id {
	int64_t id;
	struct opt_i64 current;
};
struct ns_net_ids {
	LIST(struct ns_net_id) ids;
};

/**
 * struct ns_net_watch - how to be told of names that come and go
 * @ready: called once the watch is on; may be NULL
 * @each:  < 0 ends the watch and must have filled @e
 */
struct ns_net_watch {
	int (*ready)(void *ctx, struct err *e);
	int (*each)(void *ctx, bool added, const char *name, struct err *e);
	void *ctx;
};

int ns_net_list(struct arena *a, struct ns_net_list *ret_list, struct err *e);
int ns_net_ids(struct opt_u64 target, struct opt_u64 id, struct arena *a,
	       struct ns_net_ids *ret_ids, struct err *e);
int ns_net_set(const char *name, int32_t id, struct err *e);
int ns_net_identify(pid_t pid, struct arena *a, char ***ret_names, struct err *e);
int ns_net_pids(const char *name, struct arena *a, struct numbers *ret_pids, struct err *e);
int ns_net_monitor(const struct ns_net_watch *w, struct err *e);
int ns_net_exec(const char *name, char *const argv[], struct err *e);

extern const struct bind_table ns_net_table;

#endif
