/* names.h - how containers are called that nobody gave a name */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include "engine/container.h"

int name_choose(struct store *s, struct container *c, char ret_name[CONTAINER_NAME], struct err *e);

#endif
