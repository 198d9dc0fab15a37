/* resources_convert.c - v1's numbers in v2's terms (pure) */
#include "base/err.h"
#include "runtime/resources.h"

#define LN10 2.302585092994045684
#define LN2  0.693147180559945309

/* The base-2 logarithm of 1 <= @x < 2^63. Own series, so that libm stays out of a static
 * program; good to 1e-15, where 1e-9 would do. */
static double log2_of(uint64_t x)
{
	int whole = 63 - __builtin_clzll(x);
	double m = (double)x / (double)(UINT64_C(1) << whole), y = (m - 1) / (m + 1), sum = 0;

	for (int k = 33; k >= 1; k -= 2)
		sum = sum * y * y + 1.0 / k;
	return whole + 2 * y * sum / LN2;
}

/* 10 to the power of 0 <= @x <= 5 */
static double power_of_ten(double x)
{
	double t = x * LN10 / 64, sum = 1;

	for (int k = 16; k >= 1; k--)
		sum = 1 + sum * t / k;
	for (int i = 0; i < 6; i++)
		sum *= sum;
	return sum;
}

/**
 * resources_weight_of_shares() - v1's cpu.shares (2 to 262144) as v2's cpu.weight (1 to 10000)
 *
 * The curve that runc 1.3 and crun 1.20 use: it takes the least, the default (1024 to 100) and
 * the largest value to their counterparts. 0 stays 0, "absent".
 */
uint64_t resources_weight_of_shares(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares <= 2)
		return shares ? 1 : 0;
	if (shares >= 262144)
		return 10000;
	l = log2_of(shares);
	weight = power_of_ten((l * l + 125 * l) / 612.0 - 7.0 / 34.0);
	whole = (uint64_t)weight;
	return weight - (double)whole > 1e-9 ? whole + 1 : whole;
}

/* resources_io_weight() - v1's blkio.weight (10 to 1000) as v2's io.weight (1 to 10000), linear */
uint64_t resources_io_weight(uint64_t blkio_weight)
{
	return blkio_weight ? 1 + (blkio_weight - 10) * 9999 / 990 : 0;
}

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
