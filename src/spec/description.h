/* description.h - what `create` would do, as a document for people and programs
 *
 * Made by runtime/describe.c from the same plan that tare-init would carry out; printed by the
 * `plan` command. Ours alone: no specification knows it.
 */
#ifndef SPEC_DESCRIPTION_H
#define SPEC_DESCRIPTION_H

#include "base/bind.h"

/* side: "runtime" or "init"; phrase: an infinitive */
struct description_stage {
	char *name, *side, *phrase;
};

/* how: "new" or "join"; path: of the one to join */
struct description_namespace {
	char *type, *how, *path;
};

/* how: "new", or "existing" when nothing will be made or removed */
struct description_cgroup {
	char *hierarchy, *how, *path;
};
struct description_write {
	char *file, *value;
};

/**
 * struct description_mount - one order
 * @kind:    "fs", "bind", "remount" or "symlink"
 * @options: attributes of the mount and its propagation, as mount options are written
 * @data:    options of the file system itself
 * @origin:  the member of config.json that asks for it
 */
struct description_mount {
	char *kind, *type, *source, *target, *options, *data, *origin;
};

struct description_device {
	char *path, *type, *mode;
	int64_t major, minor;
	uint32_t uid, gid;
};
struct description_link {
	char *path, *target;
};

struct description {
	char *bundle, *rootfs;
	bool readonly;
	LIST(struct description_stage) stages;
	LIST(struct description_namespace) namespaces;
	LIST(struct description_cgroup) cgroups;
	LIST(struct description_write) limits;
	LIST(struct description_mount) mounts;
	LIST(struct description_device) devices;
	LIST(struct description_link) links;
	char **masked, **readonly_paths, **args;
};

extern const struct bind_table description_table;

#endif
