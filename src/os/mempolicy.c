/* mempolicy.c - set_mempolicy(2) without libnuma */
#include "os/mempolicy.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/numlist.h"

/**
 * mempolicy_set() - choose the memory nodes that the process and its children allocate from
 * @mode:  MPOL_*
 * @flags: MPOL_F_*
 * @nodes: NULL for the modes that take none
 */
int mempolicy_set(int64_t mode, uint64_t flags, const struct numlist *nodes, struct err *e)
{
	/* The kernel takes one off the count of bits that it is given. */
	unsigned long bits = nodes ? nodes->top + 2UL : 0;
	int why;

	if (syscall(SYS_set_mempolicy, (int)mode | (int)flags, nodes ? nodes->bits : NULL, bits) ==
	    0)
		return 0;
	why = errno;
	fail_errno(e, why, "set the memory policy");
	if (why == EINVAL)
		return fail_hint(e, "the nodes must exist and be allowed by the cpuset, and mode, "
				    "flags and nodes must fit together");
	if (why == ENOSYS)
		return fail_hint(e, "this kernel is built without NUMA");
	return -1;
}
