/* security.h - SecurityOpt: what a container is kept from, beyond its capabilities */
#ifndef ENGINE_SECURITY_H
#define ENGINE_SECURITY_H

#include <stdbool.h>

#include "base/err.h"

/**
 * struct security - as it was asked for
 * @seccomp: a policy in Docker's form, whole; NULL: Docker's own
 */
struct security {
	bool no_new_privileges, unconfined;
	const char *seccomp;
};

int security_read(char *const *options, struct security *ret, struct err *e);

#endif
