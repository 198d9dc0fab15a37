/* sources.h - what of the host is mounted in a container has to be there */
#ifndef ENGINE_SOURCES_H
#define ENGINE_SOURCES_H

#include "engine/wish.h"

int sources_make(const struct wish *w, struct err *e);

#endif
