/* translate.h - control files by the names of either version, wherever they are
 *
 * A name that the host's version has is read and written as it is. One of the other version is
 * looked up in a table: which file has it here, and by which formula.
 */
#ifndef CG_TRANSLATE_H
#define CG_TRANSLATE_H

#include "base/text.h"
#include "cg/cg.h"

struct err;

enum cg_how {
	CG_SAME,      /* another name for the same text */
	CG_LIMIT,     /* bytes, or none */
	CG_PROTECT,   /* bytes; where v1 has none, v2 has 0 */
	CG_SHARES,    /* of processors */
	CG_IO_WEIGHT, /* of disks */
	CG_PERIOD,    /* second word of cpu.max */
	CG_QUOTA,     /* first word of cpu.max */
	CG_NANO,      /* ns and µs of a line of cpu.stat; only read */
	CG_SWAP,      /* memory and swap together, and swap alone */
	CG_FREEZE,    /* words and 0 or 1 */
	CG_RATE,      /* a disk's line, and a word of its line in io.max */
};

/**
 * struct cg_pair - what one version calls so, and the other otherwise
 * @key:     the word of @v2's lines that is meant, or NULL
 * @formula: how to come from the one to the other
 */
struct cg_pair {
	const char *v1, *v2;
	enum cg_how how;
	const char *key, *formula;
};

const struct cg_pair *cg_pair_find(const char *name, enum cgroup_version of, size_t *ret_n);
int cg_to_v2(const struct cg_pair *p, const char *v1_text, uint64_t memory, struct str *ret_text,
	     struct err *e);
int cg_to_v1(const struct cg_pair *p, const char *v2_text, uint64_t memory, struct str *ret_text,
	     struct err *e);

/**
 * struct cg_said - where a value came from or went to
 * @pair: NULL for a file of the name that was given
 * @in:   the hierarchy
 */
struct cg_said {
	const struct cg_pair *pair;
	struct cg_in in;
};

int cg_get_value(const struct cgroup_world *w, const char *path, const char *name,
		 struct str *ret_text, struct cg_said *ret_said, struct err *e);
int cg_set_value(const struct cgroup_world *w, const char *path, const char *name,
		 const char *value, struct cg_wrote *ret_wrote, struct cg_said *ret_said,
		 struct err *e);

#endif
