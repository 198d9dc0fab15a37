/* parallel.h - the same work on many things, on as many processors as there are */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

void parallel_each(size_t n, void (*work)(void *ctx, size_t i), void *ctx);

#endif
