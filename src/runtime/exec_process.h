/* exec_process.h - which process exec starts: the container's own, a file's, and flags on top */
#ifndef RUNTIME_EXEC_PROCESS_H
#define RUNTIME_EXEC_PROCESS_H

struct arena;
struct err;
struct exec_options;
struct oci_config;
struct oci_process;

int exec_process_fail(const struct exec_options *o, struct err *e);
int exec_process_make(const struct exec_options *o, const struct oci_config *config,
		      struct arena *a, struct oci_process *ret_process, struct err *e);

#endif
