/* file_copy.h - one file's content: its blocks shared with the copy, or copied, holes left out */
#ifndef OS_FILE_COPY_H
#define OS_FILE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

int file_copy(int from, int to, uint64_t size, bool *shares, struct err *e);
bool file_try_share(int from, int to);

#endif
