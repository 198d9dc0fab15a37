/* parallel.c - what is done by several is done once, and by the time that they are through */
#include "base/parallel.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "unit/t.h"

#define MANY 5000

static struct {
	int times[MANY];
	atomic_int in_all;
} done;

static void note(void *ctx, size_t i)
{
	int *times = ctx;

	times[i]++;
	atomic_fetch_add(&done.in_all, 1);
}

static void want_each_once(size_t n)
{
	memset(&done, 0, sizeof(done));
	parallel_each(n, note, done.times);
	WANT_INT(atomic_load(&done.in_all), (long)n);
	for (size_t i = 0; i < MANY; i++)
		if (done.times[i] != (i < n))
			T_FAIL("%zu of %zu was done %d times", i, n, done.times[i]);
}

TEST(each_is_done_once)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 127, 128, 129, 2000, MANY };

	for (size_t i = 0; i < COUNT(sizes); i++)
		want_each_once(sizes[i]);
}

/* struct seen - how many processors its helpers may use that do not run on ours; -1: there was none */
struct seen {
	pid_t us;
	atomic_int processors;
};

static void look_where(void *ctx, size_t i)
{
	struct seen *s = ctx;
	cpu_set_t may;

	(void)i;
	if (gettid() != s->us && sched_getaffinity(0, sizeof(may), &may) == 0)
		atomic_store(&s->processors, CPU_COUNT(&may));
}

TEST(a_helper_leaves_us_our_processor)
{
	struct seen s = { .us = gettid(), .processors = -1 };
	cpu_set_t may;

	WANT_INT(sched_getaffinity(0, sizeof(may), &may), 0);
	/* who is quick may be through before his helper is */
	for (int i = 0; i < 100 && atomic_load(&s.processors) < 0; i++)
		parallel_each(MANY, look_where, &s);
	WANT_INT(atomic_load(&s.processors), CPU_COUNT(&may) > 1 ? CPU_COUNT(&may) - 1 : -1);
}

static unsigned threads(void)
{
	char line[128];
	unsigned n = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "Threads: %u", &n);
	if (f)
		fclose(f);
	return n;
}

TEST(nobody_is_left_behind)
{
	want_each_once(MANY);
	WANT_INT(threads(), 1);
}

TEST(without_threads_it_is_done_all_the_same)
{
	struct rlimit none = { 0, 0 }, before;

#ifdef __SANITIZE_ADDRESS__
	return; /* which needs room of its own for every thread, and for none */
#endif
	/* no room for a stack */
	WANT_INT(getrlimit(RLIMIT_AS, &before), 0);
	none.rlim_max = before.rlim_max;
	WANT_INT(setrlimit(RLIMIT_AS, &none), 0);
	memset(&done, 0, sizeof(done));
	parallel_each(MANY, note, done.times);
	WANT_INT(setrlimit(RLIMIT_AS, &before), 0);
	WANT_INT(atomic_load(&done.in_all), MANY);
}
