/* mountinfo.h - the lines of /proc/PID/mountinfo (proc_pid_mountinfo(5)) */
#ifndef OS_MOUNTINFO_H
#define OS_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct mount_line - what we need of one line; the text is the caller's, escaped as it is */
struct mount_line {
	uint64_t id, parent;
	const char *root, *point, *type, *options;
	size_t root_len, point_len, type_len, options_len;
};

bool mount_line_next(const char **text, struct mount_line *ret);
void mountinfo_unescape(char *text);

#endif
