/* cg_shares.h - percentages for groups, as a tree, and the kernel's numbers for them
 *
 * A file names groups and what each is to have of what the group above it has:
 *
 *	group            cpu   memory
 *	professors       50%   40%
 *	students         30%
 *	    bachelor     60%
 *	    master       40%   -
 *	system           20%
 *
 * A line below a group that is indented further, or a name such as students/bachelor, is a group in
 * it. The line of headings is optional; without it the numbers are for CPU and memory. A number with
 * none behind it is for all columns, and "-" for none. '#' begins a comment.
 *
 * CPU time and I/O are divided in proportion when groups compete, memory is a limit.
 */
#ifndef HOST_CG_SHARES_H
#define HOST_CG_SHARES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "host/cg.h"

struct err;

enum cg_resource { CG_CPU, CG_MEMORY, CG_IO, CG_NET };
#define CG_RESOURCES 4
extern const struct word cg_resource_words[];

/* Percentages are counted in hundredths. */
#define CG_WHOLE 10000U

/**
 * struct cg_share - one line
 * @path:  the group's, below the one in which the tree is put
 * @above: the line of the group above, an index; -1 for none
 * @part:  of what the group above has, in hundredths of a percent; 0: nothing is said
 */
struct cg_share {
	const char *path;
	size_t line, indent;
	long above;
	uint32_t part[CG_RESOURCES];
};

/* struct cg_shares - a file; zero before it is read, cg_shares_done() afterwards */
struct cg_shares {
	struct cg_share *at;
	size_t n;
	struct arena mem;
};

int cg_shares_parse(const char *text, const char *name, struct cg_shares *ret_shares,
		    struct err *e);
void cg_shares_done(struct cg_shares *s);
#define own_cg_shares __attribute__((cleanup(cg_shares_done)))

/**
 * struct cg_share_step - one value to be written
 * @share: whose
 * @path:  the group, below the hierarchy's mount point
 * @value: as the control file takes it
 */
struct cg_share_step {
	const struct cg_share *share;
	enum cg_resource resource;
	struct cg_in in;
	const char *path, *file, *value;
};

/* struct cg_share_plan - what is to be done, groups above before those in them */
struct cg_share_plan {
	struct cg_share_step *at;
	size_t n;
};

int cg_shares_plan(const struct cgroup_world *w, struct cg_shares *s, const char *under,
		   struct cg_share_plan *ret_plan, struct err *e);
int cg_shares_apply(const struct cg_share_plan *plan, struct err *e);

/**
 * struct cg_in_force - the kernel's numbers of one group
 * @weight:     of CPU time; 0: it has none here
 * @cpu_above:  that in hundredths of a percent, among the groups beside it
 * @cpu_host:   and of the host's
 * @limit:      of memory, bytes; UINT64_MAX: none
 */
struct cg_in_force {
	const char *path;
	uint64_t weight, limit;
	uint32_t cpu_above, cpu_host;
};

/* struct cg_forces - a tree's; zero before it is read, cg_forces_done() afterwards */
struct cg_forces {
	struct cg_in_force *at;
	size_t n, room;
	struct arena mem;
};

int cg_forces_read(const struct cgroup_world *w, const char *under, struct cg_forces *ret_forces,
		   struct err *e);
void cg_forces_done(struct cg_forces *f);
#define own_cg_forces __attribute__((cleanup(cg_forces_done)))

#endif
