/* exec.h - one more process in a running container */
#ifndef RUNTIME_EXEC_H
#define RUNTIME_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/**
 * struct exec_options - what the command line said; NULL and 0 mean: as the container's process
 * @process_file: a whole process as JSON (config.json's "process"); the flags come on top
 * @user:         "UID[:GID]"
 * @env, @gids, @caps, @cgroups: NULL-terminated lists, or NULL
 * @args:         the program and its arguments, NULL-terminated; NULL with @process_file
 */
struct exec_options {
	const char *root, *id, *process_file, *console_socket, *pid_file, *cwd, *user;
	const char *apparmor, *process_label, *pidfd_socket;
	const char *const *env, *const *gids, *const *caps, *const *cgroups;
	char **args;
	uint32_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused, no_subreaper;
};

int container_exec(const struct exec_options *o, int *ret_status, struct err *e);

#endif
