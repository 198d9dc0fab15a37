/* cgroup_convert.c - v1's weights in v2's terms, and back (pure) */
#include "os/cgroup_convert.h"

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
 * cgroup_weight_of_shares() - v1's cpu.shares (2 to 262144) as v2's cpu.weight (1 to 10000)
 *
 * The curve that runc 1.3 and crun 1.20 use: it takes the least, the default (1024 to 100) and
 * the largest value to their counterparts. 0 stays 0, "absent".
 */
uint64_t cgroup_weight_of_shares(uint64_t shares)
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

/* cgroup_io_weight() - v1's blkio.weight (10 to 1000) as v2's io.weight (1 to 10000), linear */
uint64_t cgroup_io_weight(uint64_t blkio_weight)
{
	return blkio_weight ? 1 + (blkio_weight - 10) * 9999 / 990 : 0;
}

/**
 * cgroup_shares_of_weight() - v2's cpu.weight (1 to 10000) as v1's cpu.shares
 *
 * The least shares that have this weight, or where the curve passes over it, a larger one.
 */
uint64_t cgroup_shares_of_weight(uint64_t weight)
{
	uint64_t low = 2, high = 262144;

	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (cgroup_weight_of_shares(middle) >= weight)
			high = middle;
		else
			low = middle + 1;
	}
	return weight == 100 ? 1024 : low;
}

/* cgroup_blkio_weight() - v2's io.weight as v1's blkio.weight; cgroup_io_weight()'s way back */
uint64_t cgroup_blkio_weight(uint64_t io_weight)
{
	return io_weight ? 10 + ((io_weight - 1) * 990 + 9998) / 9999 : 0;
}
