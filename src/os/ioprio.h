/* ioprio.h - I/O priority: ioprio_set(2) */
#ifndef OS_IOPRIO_H
#define OS_IOPRIO_H

#include <stdint.h>
#include <sys/types.h>

struct err;

int ioprio_set_for(pid_t pid, int64_t io_class, int64_t level, struct err *e);

#endif
