/* landlock.h - what a process, and all that it starts, may still do to files: landlock(7)
 *
 * A ruleset is made while there are privileges to open its paths, and put on later. Only files that
 * are opened afterwards are judged: descriptors that are open already stay what they are. What
 * Landlock never judges: chmod, chown, xattrs, stat, chdir.
 */
#ifndef OS_LANDLOCK_H
#define OS_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

struct err;

/* sets of rights; what the running kernel does not know is left out of them */
#define LANDLOCK_MAY_READ   ((uint64_t)1 << 2 | (uint64_t)1 << 3) /* files, and list folders */
#define LANDLOCK_MAY_CHANGE (((uint64_t)1 << 16) - 1)             /* everything, execution too */

/**
 * struct landlock_rule - one exception
 * @fd:   a folder or file, opened with at least O_PATH; negative: @path instead
 * @path: of the host; what does not exist is passed over
 * @may:  LANDLOCK_MAY_*
 */
struct landlock_rule {
	int fd;
	const char *path;
	uint64_t may;
};

int landlock_try_version(void);
int landlock_prepare(const struct landlock_rule *rules, size_t n, int *ret_ruleset, struct err *e);
int landlock_enter(int ruleset, struct err *e);

#endif
