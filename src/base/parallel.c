/* parallel.c - threads for as long as the work takes
 *
 * For what waits on nothing but the kernel's tables: thousands of small files of /proc. Each helper
 * takes the next few things until none are left, so that nobody waits for one who had the slow ones.
 */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#define HELPERS_MAX 7
#define AT_ONCE     16
#define WORTH_IT    128                 /* things for which another thread is begun */
#define STACK_SIZE  ((size_t)256 << 10) /* musl's own is 128 KiB */

struct batch {
	atomic_size_t next;
	size_t n;
	void (*work)(void *ctx, size_t i);
	void *ctx;
};

static void *take_part(void *arg)
{
	struct batch *b = arg;
	size_t from;

	while ((from = atomic_fetch_add(&b->next, AT_ONCE)) < b->n)
		for (size_t i = from; i < b->n && i < from + AT_ONCE; i++)
			b->work(b->ctx, i);
	return NULL;
}

/* How many beside us are worth it. */
static size_t helpers_for(size_t n)
{
	cpu_set_t mine;
	size_t most = n / WORTH_IT;

	if (!most || sched_getaffinity(0, sizeof(mine), &mine) < 0)
		return 0;
	if (most > (size_t)CPU_COUNT(&mine) - 1)
		most = (size_t)CPU_COUNT(&mine) - 1;
	return most < HELPERS_MAX ? most : HELPERS_MAX;
}

/* Signals are the caller's. Fewer than wanted, or none, where we may not have more. */
static size_t begin(pthread_t *helpers, size_t n, struct batch *b)
{
	sigset_t all, before;
	pthread_attr_t attr;
	size_t begun = 0;

	if (!n || pthread_attr_init(&attr) != 0)
		return 0;
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (begun < n && pthread_create(&helpers[begun], &attr, take_part, b) == 0)
		begun++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return begun;
}

/**
 * parallel_each() - call @work for 0 to @n - 1, in any order, several at a time
 * @work: may change what is the i-th's only; errors are for it to note there
 *
 * All is done on return, and no thread is left: what unshares or forks afterwards is alone. Without
 * threads the caller does it all.
 */
void parallel_each(size_t n, void (*work)(void *ctx, size_t i), void *ctx)
{
	struct batch b = { .n = n, .work = work, .ctx = ctx };
	pthread_t helpers[HELPERS_MAX];
	size_t begun = begin(helpers, helpers_for(n), &b);

	(void)take_part(&b);
	for (size_t i = 0; i < begun; i++)
		(void)pthread_join(helpers[i], NULL);
}
