/* seccomp_profile.h - Docker's form of a seccomp policy, whose rules depend on what a container may do */
#ifndef ENGINE_SECCOMP_PROFILE_H
#define ENGINE_SECCOMP_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "spec/oci.h"

int seccomp_profile(const char *text, size_t len, const char *doc, uint64_t caps, struct arena *a,
		    struct oci_seccomp *ret_seccomp, struct err *e);
int seccomp_profile_default(uint64_t caps, struct arena *a, struct oci_seccomp *ret_seccomp,
			    struct err *e);

#endif
