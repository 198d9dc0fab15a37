/* console.h - hands a terminal, or a pidfd, to whoever asked for it */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

#include <sys/types.h>

struct err;

int console_send(const char *socket_path, int master, struct err *e);
int pidfd_send(const char *socket_path, pid_t pid, struct err *e);

#endif
