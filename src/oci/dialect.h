/* dialect.h - errors in the words of the runtime whose name we were called by */
#ifndef OCI_DIALECT_H
#define OCI_DIALECT_H

#include <stddef.h>

#include "base/err.h"

size_t dialect_line(const char *program, const char *command, const struct err *e, char *ret_line,
		    size_t size);

#endif
