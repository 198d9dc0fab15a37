/* fstype.c - /proc/filesystems, and whether it may grow */
#include "os/fstype.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/file.h"

#define LIST_MAX ((size_t)1 << 20)

/* Lines are "nodev\tTYPE" or "\tTYPE". */
static bool is_listed(const char *text, const char *type, size_t len)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *name = line + strcspn(line, "\t\n");

		name += *name == '\t';
		if (strcspn(name, "\n") == len && memcmp(name, type, len) == 0)
			return true;
	}
	return false;
}

/**
 * fstype_look() - can a file system of this type be mounted?
 * @type: as mount(2) takes it; what follows a '.' is the driver's own (fuse.sshfs)
 *
 * Loads nothing. Return: FSTYPE_NEVER only if the kernel has no modules; what cannot be told is
 * FSTYPE_MAYBE. Source: proc(5), get_fs_type() in the kernel's fs/filesystems.c.
 */
enum fstype fstype_look(const char *type)
{
	own_mem char *text = NULL;
	struct err ignored = { 0 };

	if (file_read(AT_FDCWD, "/proc/filesystems", LIST_MAX, &text, &ignored) < 0)
		return FSTYPE_MAYBE;
	if (is_listed(text, type, strcspn(type, ".")))
		return FSTYPE_KNOWN;
	return access("/proc/modules", F_OK) < 0 && access("/proc/sys/kernel/modprobe", F_OK) < 0
		       ? FSTYPE_NEVER
		       : FSTYPE_MAYBE;
}
