/* console.h - hands a terminal to whoever asked for it */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

struct err;

int console_send(const char *socket_path, int master, struct err *e);

#endif
