/* apply.h - a configuration's groups are made, and unmade; what there is becomes one */
#ifndef CG_APPLY_H
#define CG_APPLY_H

#include "cg/cg.h"
#include "cg/conf.h"

struct err;

/* apply.c */
int cg_apply(const struct cgroup_world *w, const struct cg_node *first,
	     const struct cg_rights *rights, struct err *e);
int cg_unapply(const struct cgroup_world *w, const struct cg_node *first, bool only_empty,
	       struct err *e);

/* snapshot.c */
int cg_snapshot(const struct cg_in *in, size_t n, const char *path, struct arena *a,
		struct cg_node **ret_first, struct err *e);

#endif
