/* block.h - memory for what does not live long: a stack of blocks, malloc(3) beyond it
 *
 * musl's malloc asks the kernel for every group of blocks and gives each back; a runtime that
 * lives for two milliseconds spends more on that than on its work. Blocks come from a pool in
 * .bss, most recent first to go; what does not fit comes from the heap.
 */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H

#include <stddef.h>

void *block_get(size_t size);
void *block_resize(void *at, size_t was, size_t size);
void block_put(void *at, size_t size);

#endif
