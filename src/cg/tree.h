/* tree.h - all groups at and below a path, with what they use */
#ifndef CG_TREE_H
#define CG_TREE_H

#include "base/bind.h"
#include "cg/cg.h"

/**
 * struct cg_row - one group, in all the hierarchies that it is in
 * @controllers: the hierarchies' names, divided by blanks: "memory cpu,cpuacct"; v2's is "cgroup"
 * @path:        below the mounts, with a slash in front
 * @name:        its last name
 * @depth:       0 for the group that was asked for
 * @memory:      bytes; absent where nothing counts them
 * @cpu:         ns of processors' time
 * @pids:        processes and threads, in it and below
 * @processes:   in it alone; where hierarchies differ, in the one with most
 */
struct cg_row {
	char *controllers, *path, *name;
	uint64_t depth, processes;
	struct opt_u64 memory, cpu, pids;
};
extern const struct bind_table cg_row_table;

/* struct cg_tree - rows in the order of paths: a group, then all below it */
struct cg_tree {
	struct cg_row *at;
	size_t n, room;
	struct arena mem;
};
#define own_cg_tree __attribute__((cleanup(cg_tree_done)))

int cg_tree_read(const struct cg_in *in, size_t n, const char *path, bool usage,
		 struct cg_tree *ret_tree, struct err *e);
void cg_tree_done(struct cg_tree *t);
int cg_path_order(const char *a, const char *b);

#endif
