/* resources_swap.c - the limit of memory and swap together, as v2 has it (pure) */
#include "base/err.h"
#include "runtime/resources.h"

/**
 * resources_swap_max() - the document's memory+swap limit as v2's limit of swap alone
 * @ret_swap: bytes, -1 without limit, INT64_MIN when nothing is to be set
 */
int resources_swap_max(const struct oci_memory *m, int64_t *ret_swap, struct err *e)
{
	int64_t limit = m->limit.set ? m->limit.v : 0, swap = m->swap.set ? m->swap.v : 0;

	*ret_swap = INT64_MIN;
	if (swap == 0) {
		/* without any memory limit, none of swap either, as v1 has it */
		if (limit == -1)
			*ret_swap = -1;
		/* alone, 0 asks for no swap, as with crun; beside a limit it is how Go writes nothing */
		if (!m->limit.set && m->swap.set)
			*ret_swap = 0;
		return 0;
	}
	if (swap < -1)
		return fail(e, ERR_INPUT, "memory+swap limit %lld is negative", (long long)swap);
	if (swap == -1 || limit == -1) {
		*ret_swap = swap;
		return 0;
	}
	if (limit == 0) {
		fail(e, ERR_INPUT, "unable to set swap limit without memory limit");
		return fail_hint(e, "swap is the limit of memory and swap together");
	}
	if (swap < limit) {
		fail(e, ERR_INPUT, "memory+swap limit %lld should be >= memory limit %lld",
		     (long long)swap, (long long)limit);
		return fail_hint(e, "swap is the limit of memory and swap together");
	}
	*ret_swap = swap - limit;
	return 0;
}
