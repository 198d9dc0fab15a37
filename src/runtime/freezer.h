/* freezer.h - pause and resume a container */
#ifndef RUNTIME_FREEZER_H
#define RUNTIME_FREEZER_H

#include <stdbool.h>

struct container;
struct err;

int freezer_note(struct container *c, struct err *e);
int freezer_is_frozen(const struct container *c, char state, bool *ret_frozen, struct err *e);
int freezer_set(const struct container *c, bool frozen, struct err *e);

#endif
