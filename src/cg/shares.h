/* shares.h - percentages for groups, as a tree, and the kernel's numbers for them
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
 *	network eth0 100mbit
 *
 * A line below a group that is indented further, or a name such as students/bachelor, is a group in
 * it. The line of headings is optional; without it the numbers are for CPU and memory. A number with
 * none behind it is for all columns, and "-" for none. '#' begins a comment.
 *
 * A column "net" is for what goes out by the interfaces that lines "network INTERFACE RATE" name.
 *
 * CPU time and I/O are divided in proportion when groups compete, memory is a limit. Of a network
 * each group has its part for sure, and more when others leave some.
 */
#ifndef CG_SHARES_H
#define CG_SHARES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "cg/cg.h"

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

/* struct cg_network - an interface that is divided; @rate: bytes a second */
struct cg_network {
	char name[16];
	uint64_t rate;
};
#define CG_NETWORKS 8

/* struct cg_shares - a file; zero before it is read, cg_shares_done() afterwards */
struct cg_shares {
	struct cg_share *at;
	size_t n;
	struct cg_network networks[CG_NETWORKS];
	size_t n_networks;
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

/* struct cg_share_plan - what is to be done, groups above before those in them; @net: or NULL */
struct cg_share_plan {
	struct cg_share_step *at;
	size_t n;
	struct cg_net_plan *net;
};

int cg_shares_plan(const struct cgroup_world *w, struct cg_shares *s, const char *under,
		   struct cg_share_plan *ret_plan, struct err *e);
int cg_shares_apply(const struct cg_share_plan *plan, struct err *e);

/* shares_net.c: see there */

/**
 * struct cg_net_group - a group's class, the same on each interface
 * @path:   below the v2 hierarchy's mount point
 * @minor:  its number; those in it have the next ones, up to @last
 * @above:  the group above that has a class, an index; -1 for none
 * @inside: what those in it have of it, in hundredths of a percent
 */
struct cg_net_group {
	const struct cg_share *share;
	const char *path;
	uint32_t minor, last, inside;
	long above;
};

struct cg_net_device {
	int index;
	uint32_t mtu;
	struct cg_network network;
};

/* struct cg_net_plan - @groups in the order of their numbers; @handle: of the disciplines */
struct cg_net_plan {
	struct cg_in in;
	const char *under;
	uint32_t handle;
	struct cg_net_group *groups;
	size_t n;
	struct cg_net_device devices[CG_NETWORKS];
	size_t n_devices;
};

int cg_net_plan(const struct cgroup_world *w, struct cg_shares *s, const char *under,
		struct cg_net_plan **ret_plan, struct err *e);
uint64_t cg_net_rate(const struct cg_net_plan *plan, const struct cg_net_group *g, uint64_t whole);
int cg_net_apply(const struct cg_net_plan *plan, struct err *e);
int cg_net_clear(const struct cgroup_world *w, const char *under, struct err *e);

/**
 * struct cg_in_force - the kernel's numbers of one group
 * @weight:     of CPU time; 0: it has none here
 * @cpu_above:  that in hundredths of a percent, among the groups beside it
 * @cpu_host:   and of the host's
 * @limit:      of memory, bytes; UINT64_MAX: none
 * @net_class:  of its packets; 0: they are in that of the group above
 * @net_rate:   what it has for sure of @net_device, bytes a second; 0: this namespace has no such
 * @net_above:  that in hundredths of a percent of what the group above has
 */
struct cg_in_force {
	const char *path;
	uint64_t weight, limit, net_rate;
	uint32_t cpu_above, cpu_host, net_class, net_above;
	const char *net_device;
};

/* struct cg_forces - a tree's; zero before it is read, cg_forces_done() afterwards */
struct cg_forces {
	struct cg_in_force *at;
	size_t n, room;
	struct arena mem;
};

int cg_forces_read(const struct cgroup_world *w, const char *under, struct cg_forces *ret_forces,
		   struct err *e);
int cg_net_rates(struct cg_forces *f, struct err *e);
void cg_forces_done(struct cg_forces *f);
#define own_cg_forces __attribute__((cleanup(cg_forces_done)))

#endif
