/* worker_home.h - tare-unpack shuts itself in, before it has read a byte of an archive */
#ifndef LAYER_WORKER_HOME_H
#define LAYER_WORKER_HOME_H

#include "base/err.h"

int worker_shut_in(int target, struct err *e);

#endif
