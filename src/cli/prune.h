/* prune.h - the store without what nothing needs */
#ifndef CLI_PRUNE_H
#define CLI_PRUNE_H

#include "store/store.h"

int prune_unused(struct store *s, int64_t keep_parts_s, uint64_t *bytes, struct err *e);

#endif
