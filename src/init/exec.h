/* exec.h - find the container's program and become it, or say in one line why not
 *
 * Runs inside the container, as its user: nothing that is looked at is trusted, and only
 * regular files are opened. exec_resolve() comes early, so that `create` can report a
 * missing program; exec_now() is the last call that tare-init makes.
 */
#ifndef INIT_EXEC_H
#define INIT_EXEC_H

struct err;

int exec_resolve(char *const *args, char *const *env, char **ret_path, struct err *e);
int exec_now(const char *path, char *const *args, char *const *env, struct err *e);
int exec_program(char *const *args, char *const *env, struct err *e);

#endif
