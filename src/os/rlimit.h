/* rlimit.h - resource limits of any process: prlimit(2) */
#ifndef OS_RLIMIT_H
#define OS_RLIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

int rlimit_set(pid_t pid, int resource, const char *name, uint64_t soft, uint64_t hard,
	       struct err *e);

int rlimit_set_most(pid_t pid, int resource, const char *name, uint64_t soft, uint64_t hard,
		    bool *ret_less, struct err *e);

#endif
