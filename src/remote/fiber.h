/* fiber.h - functions that wait without holding up each other, in one thread: makecontext(3)
 *
 * A pull, a push or a login is a line of requests, each of which depends on the last one's answer.
 * As a fiber it is written as it happens, one after another, while others go on. A fiber has a stack
 * of its own; it calls fiber_wait() when there is nothing to do, and whoever knows that it can go on
 * calls fiber_go().
 */
#ifndef REMOTE_FIBER_H
#define REMOTE_FIBER_H

#include <stdbool.h>

struct fiber;

struct fiber *fiber_new(void (*run)(void *ctx), void *ctx);
void fiber_go(struct fiber *f);
void fiber_wait(void);
struct fiber *fiber_self(void);
bool fiber_ended(const struct fiber *f);
void fiber_free(struct fiber *f);

#endif
