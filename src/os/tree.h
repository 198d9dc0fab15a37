/* tree.h - whole folders */
#ifndef OS_TREE_H
#define OS_TREE_H

#include "base/err.h"

int tree_remove(int at, const char *name, struct err *e);

#endif
