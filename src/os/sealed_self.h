/* sealed_self.h - be a copy of our program that nobody can change (CVE-2019-5736) */
#ifndef OS_SEALED_SELF_H
#define OS_SEALED_SELF_H

#include "base/err.h"

int sealed_self(struct err *e);

#endif
