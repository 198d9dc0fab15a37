/* cgroup_priv.h - what the cgroup files share among themselves */
#ifndef OS_CGROUP_PRIV_H
#define OS_CGROUP_PRIV_H

#include "os/cgroup.h"

int cgroup_place_set(struct arena *a, struct cgroup_place *p, const char *head, const char *tail,
		     struct err *e);
unsigned cgroup_place_levels(const struct cgroup_place *p);
void cgroup_place_prefix(const struct cgroup_place *p, unsigned levels, char *ret_dir);
int cgroup_try_open(const struct cgroup_place *p);
int cgroup_try_pids(const struct cgroup_place *p, int64_t **ret_pids, size_t *ret_n);
int cgroup_try_frozen(int dirfd, enum cgroup_version version, enum cgroup_frozen *ret_state);
int cgroup_enable(const struct cgroup_place *p, unsigned need, unsigned want, struct err *e);
int cgroup_cpuset_inherit(const struct cgroup_place *p, struct err *e);
void cgroup_nap(unsigned *usec, unsigned max_usec);

#endif
