/* foreground.h - stand in for a container that runs in the foreground
 *
 * Signals that reach the runtime go on to the container's process; a terminal is copied both
 * ways, with the caller's own terminal in raw mode meanwhile.
 */
#ifndef OS_FOREGROUND_H
#define OS_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "base/err.h"

/**
 * struct foreground - from before the container is made until it has ended
 * @signals: signalfd of everything that can be caught
 * @before:  the mask to put back
 * @modes:   the caller's terminal as it was, when @raw
 * @extra:   one more descriptor to watch, or less than 0; set it after foreground_begin()
 * @readable: called when @extra can be read; true: it need not be watched any more
 */
struct foreground {
	int signals;
	sigset_t before;
	struct termios modes;
	bool raw;
	int extra;
	bool (*readable)(int fd, pid_t pid);
};

int foreground_begin(struct foreground *f, struct err *e);
int foreground_wait(struct foreground *f, pid_t pid, int console, int *ret_status, struct err *e);
void foreground_end(struct foreground *f);

#endif
