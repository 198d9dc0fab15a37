/* create.h - from a bundle to a process that is ready to become the container's program
 *
 * Both `create` and `run` come through here; `run` goes on to exec in the same breath.
 */
#ifndef RUNTIME_CREATE_H
#define RUNTIME_CREATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct checkpoint_options;

/**
 * struct create_options - what the command line said
 * @root:            the state root
 * @id, @bundle:     the container's id, and its bundle's folder
 * @config:          config file, NULL for config.json in the bundle
 * @console_socket:  where the pty's master is sent, or NULL
 * @pid_file:        where the pid is written, or NULL
 * @cgroup_manager:  "cgroupfs", "systemd" or "disabled"
 * @unit_prefix:     what names of systemd units begin with where the config gives none
 * @preserve_fds:    descriptors passed on, from 3
 * @start:           run: do not wait for the start command
 * @detach:          run: do not wait for the end
 * @keep:            run: do not delete afterwards
 * @restore:         restore: processes come from criu's images; NULL: from the config
 * @dry:             only plan; see describe.h
 */
struct create_options {
	const char *root, *id, *bundle, *config, *console_socket, *pid_file, *cgroup_manager;
	const char *pidfd_socket, *unit_prefix;
	const struct checkpoint_options *restore;
	uint32_t preserve_fds;
	bool start, detach, keep, strict, no_pivot, no_new_keyring, no_subreaper, dry;
};

int container_create(const struct create_options *o, struct err *e);
int container_run(const struct create_options *o, int *ret_status, struct err *e);

#endif
