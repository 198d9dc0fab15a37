/* seccomp_shrink.h - make a generated filter small: a third of the instructions, same verdicts */
#ifndef OS_SECCOMP_SHRINK_H
#define OS_SECCOMP_SHRINK_H

#include <stddef.h>
#include <stdint.h>

struct sock_filter;
struct str;

int seccomp_try_shrink(const struct sock_filter *in, size_t n, const uint32_t *archs,
		       size_t n_archs, struct str *out);

#endif
