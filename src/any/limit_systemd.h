/* limit_systemd.h - what a control file of a systemd unit's cgroup says, said to systemd, too
 *
 * systemd writes its own idea of a unit's values whenever it looks at the unit again, at the latest when
 * it is told to reload. Cgroups below a unit's are delegated, and no business of systemd's; those of
 * units of a user's manager are that one's, to which we do not speak: he runs it.
 */
#ifndef ANY_LIMIT_SYSTEMD_H
#define ANY_LIMIT_SYSTEMD_H

#include "os/cgroup.h"

#define LIMIT_ROUND_MAX 64

struct err;
struct str;

const char *limit_unit_of(const char *path);
int limit_properties(enum cgroup_version version, const char *file, const char *text,
		     struct str *out, struct err *e);
const char *limit_round(const struct cgroup_place *p, const char *file, const char *text,
			char room[LIMIT_ROUND_MAX]);
int limit_tell(const struct cgroup_place *p, const char *file, const char *text, struct err *e);

#endif
