/* spec_template.h - the config.json that the `spec` command writes */
#ifndef RUNTIME_SPEC_TEMPLATE_H
#define RUNTIME_SPEC_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct str;

/**
 * struct spec_template - which config is wanted
 * @rootless:         for a user without privileges, who becomes root of a user namespace
 * @cgroup_namespace: the host has cgroup v2 only, so a cgroup namespace is worth having
 * @uid, @gid:        of that user
 */
struct spec_template {
	bool rootless, cgroup_namespace;
	uint32_t uid, gid;
};

int spec_template_add(const struct spec_template *want, struct str *out, struct err *e);

#endif
