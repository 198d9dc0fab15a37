/* etc.h - three files of a container's /etc that are not its image's: hostname, hosts, resolv.conf */
#ifndef ENGINE_ETC_H
#define ENGINE_ETC_H

#include "engine/wish.h"

int etc_write(const struct wish *w, const char *hostname, int folder, struct err *e);

#endif
