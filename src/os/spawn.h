/* spawn.h - run a program and wait for it, bounded in time; keep what it prints */
#ifndef OS_SPAWN_H
#define OS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/**
 * struct spawn - what to run
 * @path:    the program, no PATH search
 * @argv:    its arguments, NULL-terminated; NULL means just @path
 * @envp:    its whole environment; NULL means an empty one
 * @input:   text that it reads on standard input; NULL means /dev/null
 * @our_input: it shares our standard input instead
 * @timeout: seconds after which it is killed; 0 means none
 * @out, @err: descriptors for its standard output and error; 0 means ours
 * @cwd:     descriptor of its working directory; 0 or less means ours
 * @elsewhere: it works beside us: it begins on another processor, if we may use one
 * @at_our_end: the signal that it gets when our thread ends before it does; 0 means none
 * @keep:    descriptors that it inherits under the same numbers, @n_keep of them; of all
 *           others it gets none but the first three
 */
struct spawn {
	const char *path;
	char *const *argv, *const *envp;
	const char *input;
	bool our_input, elsewhere;
	int64_t timeout;
	int out, err, cwd, at_our_end;
	const int *keep;
	size_t n_keep;
};

pid_t spawn_start(const struct spawn *s, struct err *e);
int spawn_wait(const struct spawn *s, int *ret_status, struct err *e);
int spawn_read(const struct spawn *s, size_t max, char **ret_text, int *ret_status, struct err *e);
int spawn_find(const char *name, char *ret_path, size_t size, struct err *e);
int spawn_beside(const char *name, char *ret_path, size_t size);
int spawn_find_beside(const char *name, char *ret_path, size_t size, struct err *e);
int memfd_of(const char *name, const void *at, size_t len, struct err *e);
int memfd_exec_of(const char *name, const void *at, size_t len, struct err *e);

#endif
