/* join.h - how tare-init gets into the namespaces of a running container */
#ifndef RUNTIME_JOIN_H
#define RUNTIME_JOIN_H

#include "base/err.h"

struct container;
struct plan;

#define JOIN_MAX 8

int join_container(const struct container *c, struct plan *p, int *ret_pidfd, struct err *e);

#endif
