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
 * struct systemd_names - where systemd will put a container
 * @slice: "machine.slice"
 * @unit:  "libpod-abc.scope", or a slice of its own
 * @path:  absolute path in the hierarchies: "/machine.slice/libpod-abc.scope"
 */
struct systemd_names {
	const char *slice, *unit, *path;
};

int systemd_slice_expand(const char *slice, struct arena *a, const char **ret_path, struct err *e);
int systemd_names_resolve(const char *cgroups_path, const char *id, bool user, uid_t uid,
			  struct arena *a, struct systemd_names *ret_names, struct err *e);

#endif
