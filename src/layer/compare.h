/* compare.h - whether an unpacked layer is what it was: two trees compared in all that unpacking makes */
#ifndef LAYER_COMPARE_H
#define LAYER_COMPARE_H

#include <stddef.h>

#include "base/err.h"

int layer_compare(int is, int fresh, char *ret_path, size_t size, struct err *e);

#endif
