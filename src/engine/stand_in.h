/* stand_in.h - a program that stands in for us: its streams are ours, and so are the signals that it gets */
#ifndef ENGINE_STAND_IN_H
#define ENGINE_STAND_IN_H

#include <stdbool.h>

#include "base/err.h"

int stand_in(const char *path, char *const *argv, bool our_input, int *ret_status, struct err *e);

#endif
