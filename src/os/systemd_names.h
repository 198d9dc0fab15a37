/* systemd_names.h - systemd's names for a container: unit, slice, and the path they imply (pure)
 *
 * A cgroupsPath "SLICE:PREFIX:NAME" asks for the scope PREFIX-NAME.scope below SLICE; dashes in
 * a slice's name are levels: a-b.slice is /a.slice/a-b.slice.
 */
#ifndef OS_SYSTEMD_NAMES_H
#define OS_SYSTEMD_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

struct arena;
struct err;

/**
 * struct systemd_wish - what the names come from
 * @cgroups_path: config.json's: "SLICE:PREFIX:NAME", or crun's "SLICE:NAME"; SLICE may be empty;
 *                NULL or "" when absent
 * @prefix:       PREFIX of an absent one: "runc"
 * @id:           NAME of an absent one: the container's id
 * @user:         the user's own manager (rootless), whose units are below its service's cgroup
 * @uid:          that user
 */
struct systemd_wish {
	const char *cgroups_path, *prefix, *id;
	bool user;
	uid_t uid;
};

/**
 * struct systemd_names - where systemd will put a container
 * @slice: "machine.slice"
 * @unit:  "libpod-abc.scope", or a slice of its own
 * @path:  absolute path in the hierarchies: "/machine.slice/libpod-abc.scope"
 */
struct systemd_names {
	const char *slice, *unit, *path;
};

int systemd_slice_expand(const char *slice, struct arena *a, const char **ret_path, struct err *e);
int systemd_names_resolve(const struct systemd_wish *wish, struct arena *a,
			  struct systemd_names *ret_names, struct err *e);

#endif
