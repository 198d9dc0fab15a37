/* mempolicy.h - NUMA memory policy of the calling process: set_mempolicy(2) */
#ifndef OS_MEMPOLICY_H
#define OS_MEMPOLICY_H

#include <stdint.h>

struct err;
struct numlist;

int mempolicy_set(int64_t mode, uint64_t flags, const struct numlist *nodes, struct err *e);

#endif
