/* msg.h - packets between two of our processes, each with at most one descriptor */
#ifndef OS_MSG_H
#define OS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

int msg_pair(int ret_fds[2], struct err *e);
int msg_try_send(int sock, const void *packet, size_t len, int fd);
bool msg_shortage_passes(int error, int *tries);
ssize_t msg_try_recv(int sock, void *packet, size_t size, int *ret_fd);

#endif
