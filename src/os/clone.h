/* clone.h - start a program in new namespaces, with one clone and one exec */
#ifndef OS_CLONE_H
#define OS_CLONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/**
 * struct clone_exec - what to start
 * @flags:     CLONE_NEW* of the namespaces that it is born into
 * @cgroup:    v2 cgroup directory that it is born into, or -1
 * @image:     descriptor of the program
 * @argv:      its arguments; its environment is empty
 * @first:     it inherits what is open below this descriptor, however it came here
 * @keep:      and these; no others
 * @apart:     copy the memory instead of sharing it; what enters a time namespace must
 * @map:       NULL, or called once it exists; it executes after that. A process in a new user
 *             namespace must wait until its ids are mapped: executing without a mapping costs all
 *             capabilities.
 * @ctx:       for @map
 */
struct clone_exec {
	uint64_t flags;
	int cgroup, image;
	unsigned first;
	bool apart;
	int (*map)(void *ctx, pid_t pid, struct err *e);
	void *ctx;
	char *const *argv;
	const int *keep;
	size_t n_keep;
};

pid_t clone_exec(const struct clone_exec *c, struct err *e);

#endif
