/* start.h - commands that act on a container's first process */
#ifndef RUNTIME_START_H
#define RUNTIME_START_H

#include <stdbool.h>

#include "base/err.h"

int container_start(int root, const char *id, struct err *e);
int container_kill(int root, const char *id, int sig, bool all, struct err *e);

#endif
