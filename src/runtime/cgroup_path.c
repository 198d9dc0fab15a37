/* cgroup_path.c - what config.json's cgroupsPath means to the cgroupfs driver */
#include "runtime/cgroup_path.h"

#include <string.h>

#include "base/err.h"

static int check(const char *path, struct err *e)
{
	if (cgroup_path_check(path, e) < 0)
		return -1;
	if (strspn(path, "/.") == strlen(path)) {
		fail(e, ERR_INPUT, "cgroup path '%s' names no cgroup of its own", path);
		return fail_hint(e, "the container's limits and its end would be everybody's");
	}
	return 0;
}

/**
 * cgroup_path_resolve() - where a container's cgroup is to be
 * @cgroups_path:   config.json's linux.cgroupsPath; NULL or "" when absent
 * @default_parent: where it goes when absent: "/tare", or "" or NULL for runc's rule (a
 *                  cgroup called @id, relative to the caller's own)
 * @id:             the container's id
 * @a:              owns the result
 *
 * Source: runtime-spec, config-linux.md, Cgroups Path. A '..' or a control character is an
 * error here; runc folds '..' away instead.
 */
int cgroup_path_resolve(const char *cgroups_path, const char *default_parent, const char *id,
			struct arena *a, struct cgroup_path *ret_path, struct err *e)
{
	bool absent = !cgroups_path || !*cgroups_path;
	const char *path = cgroups_path;

	if (!absent && check(cgroups_path, e) < 0)
		return fail_at(e, "config.json: /linux/cgroupsPath");
	if (absent && default_parent && *default_parent)
		path = arena_printf(a, "%s/%s", default_parent, id);
	else
		path = arena_dup(a, absent ? id : cgroups_path);
	if (!path)
		return fail_errno(e, ENOMEM, "remember the cgroup of container '%s'", id);
	if (absent && check(path, e) < 0)
		return -1;
	*ret_path = (struct cgroup_path){
		.base = *path == '/' ? CGROUP_AT_ROOT : CGROUP_AT_OWN,
		.path = path,
	};
	return 0;
}
