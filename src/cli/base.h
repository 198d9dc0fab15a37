/* base.h - the image that is always there: tare/base */
#ifndef CLI_BASE_H
#define CLI_BASE_H

#include <stdbool.h>

#include "store/store.h"

#define BASE_IMAGE "docker.io/tare/base:latest"

int base_provide(struct store *s, struct err *e);

#endif
