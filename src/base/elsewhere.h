/* elsewhere.h - where who works beside us should begin: on a processor that we are not on
 *
 * The kernel would let it wait for ours, for milliseconds, until it balances its load.
 */
#ifndef BASE_ELSEWHERE_H
#define BASE_ELSEWHERE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * elsewhere() - the other processors
 * @ret_ours:   the processors that we may use
 * @ret_others: the same without the one that we are on
 *
 * Return: are there any? Source: sched_getaffinity(2).
 */
static inline bool elsewhere(cpu_set_t *ret_ours, cpu_set_t *ret_others)
{
	int here = sched_getcpu();

	if (here < 0 || sched_getaffinity(0, sizeof(*ret_ours), ret_ours) < 0)
		return false;
	*ret_others = *ret_ours;
	CPU_CLR((size_t)here, ret_others);
	return CPU_COUNT(ret_others) > 0;
}

#endif
