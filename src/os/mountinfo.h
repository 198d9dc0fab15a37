/* mountinfo.h - the lines of /proc/PID/mountinfo (proc_pid_mountinfo(5)) */
#ifndef OS_MOUNTINFO_H
#define OS_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define MOUNTINFO_MAX ((size_t)16 << 20) /* bytes; a host may have 100,000 mounts (fs.mount-max) */

/* struct mount_line - what we need of one line; the text is the caller's, escaped as it is */
struct mount_line {
	uint64_t id, parent;
	const char *root, *point, *type, *source, *options;
	size_t root_len, point_len, type_len, source_len, options_len;
};

/* struct mount_table - all lines of a text, in its order, which is the order of the mounts' making */
struct mount_table {
	struct mount_line *at;
	size_t n;
};

/**
 * struct mount_peers - a mount's propagation (mount_namespaces(7)); 0 where it has no such group
 * @shared: peer group: what is mounted in one is mounted in all
 * @master: peer group from which it gets mounts
 * @from:   the nearest group above that is seen, where @master is not
 */
struct mount_peers {
	uint64_t shared, master, from;
	bool unbindable;
};

bool mount_line_next_any(const char **text, struct mount_line *ret);
bool mount_line_next(const char **text, struct mount_line *ret);
bool mount_line_is(const struct mount_line *m, const char *type);
void mount_line_peers(const struct mount_line *m, struct mount_peers *ret);
int mount_table_parse(struct mount_table *ret, const char *text);
const struct mount_line *mount_table_find(const struct mount_table *t, uint64_t id);
bool mount_table_visible(const struct mount_table *t, const struct mount_line *m);
void mount_table_done(struct mount_table *t);
void mountinfo_unescape(char *text);
char *mountinfo_text(struct arena *a, const char *at, size_t len);

#define own_mounts __attribute__((cleanup(mount_table_done)))

#endif
