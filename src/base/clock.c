/* clock.c - reads clocks that nobody sets, and waits by one */
#include "base/clock.h"

#include <time.h>

#define NS INT64_C(1000000000)

/* clock_now_ns() - nanoseconds since some moment in the past; no change of the date moves it */
int64_t clock_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

/* clock_used_ns() - nanoseconds of processor time that this process has used, all threads together */
int64_t clock_used_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

/* clock_nap_ns() - sleep so many nanoseconds, or until a signal */
void clock_nap_ns(int64_t ns)
{
	const struct timespec t = { ns / NS, ns % NS };

	(void)nanosleep(&t, NULL);
}
