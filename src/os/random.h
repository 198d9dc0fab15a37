/* random.h - numbers that nobody else has: getrandom(2) */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include <stddef.h>

#include "base/err.h"

int random_fill(void *ret, size_t size, struct err *e);
int random_hex(char *ret_text, size_t bytes, struct err *e);

#endif
