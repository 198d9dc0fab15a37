/* hot_mounts.h - mounts added to, or removed from, a container that runs */
#ifndef RUNTIME_HOT_MOUNTS_H
#define RUNTIME_HOT_MOUNTS_H

#include <stdbool.h>

#include "base/err.h"

int container_change_mounts(int root, const char *id, const char *file, bool add, struct err *e);

#endif
