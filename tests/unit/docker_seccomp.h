/* docker_seccomp.h - Docker's default policy as linux.seccomp, the way dockerd would write it */
#ifndef TESTS_DOCKER_SECCOMP_H
#define TESTS_DOCKER_SECCOMP_H

struct arena;
struct oci_seccomp;

void docker_seccomp(const char *file, struct arena *a, struct oci_seccomp *ret_policy);

#endif
