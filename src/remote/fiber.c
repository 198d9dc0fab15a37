/* fiber.c - stacks with a guard page, and the switch between them */
#include "remote/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/own.h"

#define STACK ((size_t)256 << 10)
#define GUARD ((size_t)4 << 10)

struct fiber {
	ucontext_t own, back;
	void (*run)(void *ctx);
	void *ctx, *stack;
	bool ended;
};

/* the one that runs; NULL: the thread itself. tare-fetch has one thread that runs fibers */
static struct fiber *running;

/* Its two halves are all that makecontext(3) can pass of a pointer. */
static void begin(unsigned high, unsigned low)
{
	struct fiber *f =
		(struct fiber *)((uintptr_t)high << 32 | low); // NOLINT(performance-no-int-to-ptr)

	f->run(f->ctx);
	f->ended = true;
}

static bool make_stack(struct fiber *f)
{
	void *at = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return false;
	f->stack = at;
	return mprotect(at, GUARD, PROT_NONE) == 0;
}

/* In a frame of its own: getcontext(3) is one of those that seem to return twice. */
static bool make_context(struct fiber *f)
{
	uintptr_t self = (uintptr_t)f;

	/* cppcheck-suppress getcontextCalled ; threads are what is avoided here */
	if (getcontext(&f->own) < 0)
		return false;
	f->own.uc_stack.ss_sp = f->stack;
	f->own.uc_stack.ss_size = STACK;
	f->own.uc_link = &f->back;
	makecontext(&f->own, (void (*)(void))begin, 2, (unsigned)(self >> 32), (unsigned)self);
	return true;
}

/* fiber_new() - a fiber that will call @run at its first fiber_go(); NULL: no memory */
struct fiber *fiber_new(void (*run)(void *ctx), void *ctx)
{
	struct fiber *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->run = run;
	f->ctx = ctx;
	if (make_stack(f) && make_context(f))
		return f;
	fiber_free(f);
	return NULL;
}

/* fiber_go() - let it run until it waits or ends; never from another fiber */
void fiber_go(struct fiber *f)
{
	running = f;
	/* cppcheck-suppress swapcontextCalled */
	(void)swapcontext(&f->back, &f->own);
	running = NULL;
}

/* fiber_wait() - in a fiber: until the next fiber_go() */
void fiber_wait(void)
{
	struct fiber *f = running;

	/* cppcheck-suppress swapcontextCalled */
	(void)swapcontext(&f->own, &f->back);
}

/* fiber_self() - the one that runs, or NULL */
struct fiber *fiber_self(void)
{
	return running;
}

bool fiber_ended(const struct fiber *f)
{
	return f->ended;
}

/* fiber_free() - one that has ended */
void fiber_free(struct fiber *f)
{
	if (!f)
		return;
	if (f->stack)
		(void)munmap(f->stack, STACK);
	free(f);
}
