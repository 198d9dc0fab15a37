/* cg_apply.h - a configuration's groups are made, and unmade; what there is becomes one */
#ifndef HOST_CG_APPLY_H
#define HOST_CG_APPLY_H

#include "host/cg.h"
#include "host/cg_conf.h"

struct err;

/* cg_apply.c */
int cg_apply(const struct cgroup_world *w, const struct cg_node *first,
	     const struct cg_rights *rights, struct err *e);
int cg_unapply(const struct cgroup_world *w, const struct cg_node *first, bool only_empty,
	       struct err *e);

/* cg_snapshot.c */
int cg_snapshot(const struct cg_in *in, size_t n, const char *path, struct arena *a,
		struct cg_node **ret_first, struct err *e);

#endif
