/* seccomp_default.c - Docker's own policy, as it publishes it: seccomp_default.json, embedded */
#include "engine/seccomp_profile.h"

extern const char tare_seccomp_default_start[], tare_seccomp_default_end[];

/* seccomp_profile_default() - for a container that has @caps; otherwise as seccomp_profile() */
int seccomp_profile_default(uint64_t caps, struct arena *a, struct oci_seccomp *ret, struct err *e)
{
	return seccomp_profile(tare_seccomp_default_start,
			       (size_t)(tare_seccomp_default_end - tare_seccomp_default_start),
			       "the default seccomp policy", caps, a, ret, e);
}
