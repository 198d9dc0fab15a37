/* seccomp_load.h - install a finished seccomp filter: seccomp(2) without libseccomp */
#ifndef OS_SECCOMP_LOAD_H
#define OS_SECCOMP_LOAD_H

#include <stddef.h>

struct err;

int seccomp_install(const void *filter, size_t size, unsigned flags, int *ret_notify_fd,
		    struct err *e);
int seccomp_try_mode(void);
int seccomp_try_flag(unsigned flag);
int seccomp_try_action(unsigned action);

#endif
