/* parallel.c - threads for as long as the work takes
 *
 * For what waits on nothing but the kernel's tables: thousands of small files of /proc. Each helper
 * takes the next few things until none are left, so that nobody waits for one who had the slow ones.
 *
 * A new thread often begins on its maker's processor and stays there for milliseconds, until the kernel
 * balances its load: by then the work is done, and two have shared one processor. So a helper first
 * leaves the processor that we are on, and we wait until it has.
 */
#include "base/parallel.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/elsewhere.h"

#define HELPERS_MAX 7
#define AT_ONCE     16
#define WORTH_IT    128                 /* things for which another thread is begun */
#define STACK_SIZE  ((size_t)256 << 10) /* musl's own is 128 KiB */

/**
 * struct batch - what is to be done, and by whom
 * @elsewhere: our processors without the one that we are on
 * @away:      posted by each helper that has left it
 */
struct batch {
	atomic_size_t next;
	size_t n;
	void (*work)(void *ctx, size_t i);
	void *ctx;
	cpu_set_t elsewhere;
	sem_t away;
};

static void take_part(struct batch *b)
{
	size_t from;

	while ((from = atomic_fetch_add(&b->next, AT_ONCE)) < b->n)
		for (size_t i = from; i < b->n && i < from + AT_ONCE; i++)
			b->work(b->ctx, i);
}

static void *help(void *arg)
{
	struct batch *b = arg;

	(void)sched_setaffinity(0, sizeof(b->elsewhere), &b->elsewhere);
	(void)sem_post(&b->away);
	take_part(b);
	return NULL;
}

/* How many beside us are worth it. */
static size_t helpers_for(struct batch *b)
{
	size_t most = b->n / WORTH_IT;
	cpu_set_t ours;

	if (!most || !elsewhere(&ours, &b->elsewhere))
		return 0;
	if (most > (size_t)CPU_COUNT(&b->elsewhere))
		most = (size_t)CPU_COUNT(&b->elsewhere);
	return most < HELPERS_MAX ? most : HELPERS_MAX;
}

/* Signals are the caller's. Fewer than wanted, or none, where we may not have more. */
static size_t begin(pthread_t *helpers, size_t n, struct batch *b)
{
	sigset_t all, before;
	pthread_attr_t attr;
	size_t begun = 0;

	if (!n || sem_init(&b->away, 0, 0) < 0 || pthread_attr_init(&attr) != 0)
		return 0;
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (begun < n && pthread_create(&helpers[begun], &attr, help, b) == 0) {
		begun++;
		while (sem_wait(&b->away) < 0 && errno == EINTR)
			;
	}
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
	size_t begun = begin(helpers, helpers_for(&b), &b);

	take_part(&b);
	for (size_t i = 0; i < begun; i++)
		(void)pthread_join(helpers[i], NULL);
}
