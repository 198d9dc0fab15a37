/* clear.h - what killed commands have left of containers */
#ifndef ENGINE_CLEAR_H
#define ENGINE_CLEAR_H

#include "store/store.h"

int container_clear(struct store *s, char *runtime, const char *id, struct err *e);
int containers_clear(struct store *s, char *runtime, struct err *e);
void container_delete(char *runtime, char *id);

#endif
