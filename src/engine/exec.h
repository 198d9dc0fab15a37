/* exec.h - another program in a container that runs */
#ifndef ENGINE_EXEC_H
#define ENGINE_EXEC_H

#include "store/store.h"

/**
 * struct exec_wish - what to run; ExecConfig of the Engine API
 * @args, @env: NULL-terminated; @env may be NULL
 * @user: "USER[:GROUP]", by name or number; NULL: the container's
 * @working_dir: NULL: the container's
 */
struct exec_wish {
	char **args, **env;
	const char *user, *working_dir;
	bool tty, open_stdin, detach;
};

int exec_run(struct store *s, const char *id, const struct exec_wish *w, int *ret_status,
	     struct err *e);

#endif
