/* cgroup_names.h - what the name of a cgroup says about whose it is
 *
 * Pure: a path in, an opinion out. One table of how engines call the cgroups that they make.
 */
#ifndef DISCOVERY_CGROUP_NAMES_H
#define DISCOVERY_CGROUP_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "discovery/containers.h"

/* How much a name says. Of two, the stronger counts; of equal ones the inner. */
enum cgroup_says {
	CGROUP_SAYS_NOTHING,
	CGROUP_SAYS_HOST,      /* a unit in which containers may be, and which may be one itself */
	CGROUP_SAYS_MAYBE,     /* looks like a container's id, of an engine that it does not tell */
	CGROUP_SAYS_ASIDE,     /* the engine's own process beside a container */
	CGROUP_SAYS_CONTAINER, /* this is a container */
};

/**
 * struct cgroup_claim - what a path says; its strings are parts of the path
 * @id, @id_len:     the container's id, or the unit's name
 * @dir_len:         so many bytes of the path are the container's directory, without what is below
 * @pod, @pod_len:   Kubernetes' name for the pod, as the cgroup spells it; NULL without
 * @uid:             of the user in whose slice it is, or -1
 */
struct cgroup_claim {
	enum cgroup_says says;
	enum engine_kind engine;
	const char *id, *pod;
	size_t id_len, dir_len, pod_len;
	int64_t uid;
};

struct cgroup_claim cgroup_name_claim(const char *path, size_t len);
int cgroup_name_unescape(const char *text, size_t len, char *ret, size_t size);

#endif
