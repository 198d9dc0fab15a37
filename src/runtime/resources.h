/* resources.h - config.json's linux.resources put in force
 *
 * Two steps. First a pure one: the document and the knowledge which controller lives in which
 * kind of hierarchy become a list of writes ("memory.max" in v2, "memory.limit_in_bytes" in
 * v1, ...), or an error that names the member by its JSON pointer. Then the list is carried
 * out. resources_check() is the first step alone: what this host can't do is refused before
 * anything is touched.
 *
 * Members that are 0, or "" where it is a string, count as absent, as they always did in runc;
 * except where 0 says something: pids.limit, cpu.burst, cpu.idle, memory.swappiness.
 */
#ifndef RUNTIME_RESOURCES_H
#define RUNTIME_RESOURCES_H

#include "os/cgroup.h"
#include "spec/oci.h"

struct device_set;

/**
 * struct resources_host - which controllers there are, by the kind of hierarchy they live in
 * @v1,@v2: enum cgroup_controller bits, each in one of the two
 * @has_v2: there is a v2 hierarchy, with or without controllers
 */
struct resources_host {
	unsigned v1, v2;
	bool has_v2;
};

/**
 * struct resource_write - one file to be written
 * @controller: whose directory it is in; 0 is the v2 hierarchy itself
 * @group:      neighbours with the same number other than 0 depend on each other: one that the
 *              kernel refuses (EINVAL) is tried again after the others
 * @may_lack:   a file that does not exist is no error
 * @file:       name
 * @value:      content; several lines are several writes
 * @alias:      other file to try when @file does not exist, with @alias_value
 * @at:         JSON pointer below the resources, for errors
 * @hint:       what to say when the file does not exist; may be NULL
 */
struct resource_write {
	unsigned controller, group;
	bool may_lack;
	const char *file, *value, *alias, *alias_value, *at, *hint;
};
typedef LIST(struct resource_write) resource_writes;

/**
 * struct resources_how - circumstances
 * @doc:        what precedes the JSON pointer in errors; NULL is "config.json: /linux/resources"
 * @update:     the container runs already: values that equal the kernel's default count, too
 * @no_devices: leave device access alone (an update, or a host where we may not)
 * @strict:     what means nothing is an error, not a warning
 * @adopted:    somebody else made the cgroup, and may have set limits already: systemd does
 */
struct resources_how {
	const char *doc;
	bool update, no_devices, strict, adopted;
};

struct resources_host resources_host_of(const struct cgroup_world *w);
unsigned resources_need(const struct cgroup_world *w, const struct oci_resources *r);
int resources_check(const struct cgroup_world *w, const struct oci_resources *r,
		    const struct resources_how *how, struct err *e);
int resources_apply(const struct cgroup *cg, const struct oci_resources *r,
		    const struct resources_how *how, struct err *e);
int resources_check_usage(const struct cgroup *cg, const struct oci_memory *m,
			  const struct resources_how *how, struct err *e);
int resources_device_set(const struct oci_resources *r, struct device_set *ret_set, struct err *e);
int resources_merge(struct oci_resources *onto, const struct oci_resources *change, struct arena *a,
		    struct err *e);

/* Pure; shared with the systemd driver and open to tests. */
int resources_writes(const struct resources_host *host, const struct oci_resources *r,
		     const struct resources_how *how, struct arena *a, resource_writes *ret_list,
		     struct err *e);
int resources_swap_max(const struct oci_memory *m, int64_t *ret_swap, struct err *e);

#endif
