/* description.c - rows of the document that `plan` prints */
#include "spec/description.h"

// clang-format off
#define STATIC_TABLE(name, S) static const struct bind_table name = BIND_TABLE(name##_rows, S, false)

static const struct bind_row stage_rows_[] = {
	ROW_STRING("name",   REQUIRED, struct description_stage, name),
	ROW_STRING("side",   REQUIRED, struct description_stage, side),
	ROW_STRING("phrase", REQUIRED, struct description_stage, phrase),
};
static const struct bind_table stage = BIND_TABLE(stage_rows_, struct description_stage, false);

static const struct bind_row namespace_rows[] = {
	ROW_STRING("type", REQUIRED, struct description_namespace, type),
	ROW_STRING("how",  REQUIRED, struct description_namespace, how),
	ROW_STRING("path", OPTIONAL, struct description_namespace, path),
};
STATIC_TABLE(namespace, struct description_namespace);

static const struct bind_row cgroup_rows[] = {
	ROW_STRING("hierarchy", REQUIRED, struct description_cgroup, hierarchy),
	ROW_STRING("how",       REQUIRED, struct description_cgroup, how),
	ROW_STRING("path",      REQUIRED, struct description_cgroup, path),
};
STATIC_TABLE(cgroup, struct description_cgroup);

static const struct bind_row write_rows[] = {
	ROW_STRING("file",  REQUIRED, struct description_write, file),
	ROW_STRING("value", REQUIRED, struct description_write, value),
};
STATIC_TABLE(write, struct description_write);

static const struct bind_row mount_rows[] = {
	ROW_STRING("kind",    REQUIRED, struct description_mount, kind),
	ROW_STRING("type",    OPTIONAL, struct description_mount, type),
	ROW_STRING("source",  OPTIONAL, struct description_mount, source),
	ROW_STRING("target",  REQUIRED, struct description_mount, target),
	ROW_STRING("options", OPTIONAL, struct description_mount, options),
	ROW_STRING("data",    OPTIONAL, struct description_mount, data),
	ROW_STRING("origin",  OPTIONAL, struct description_mount, origin),
};
STATIC_TABLE(mount, struct description_mount);

static const struct bind_row device_rows[] = {
	ROW_STRING("path", REQUIRED, struct description_device, path),
	ROW_STRING("type", REQUIRED, struct description_device, type),
	ROW_I64("major",   REQUIRED, struct description_device, major),
	ROW_I64("minor",   REQUIRED, struct description_device, minor),
	ROW_STRING("mode", REQUIRED, struct description_device, mode),
	ROW_U32("uid",     REQUIRED, struct description_device, uid),
	ROW_U32("gid",     REQUIRED, struct description_device, gid),
};
STATIC_TABLE(device, struct description_device);

static const struct bind_row link_rows[] = {
	ROW_STRING("path",   REQUIRED, struct description_link, path),
	ROW_STRING("target", REQUIRED, struct description_link, target),
};
STATIC_TABLE(link, struct description_link);

static const struct bind_row description_table_rows[] = {
	ROW_STRING("bundle",         REQUIRED, struct description, bundle),
	ROW_STRING("rootfs",         REQUIRED, struct description, rootfs),
	ROW_BOOL("readonly",         REQUIRED, struct description, readonly),
	ROW_STRINGS("args",          OPTIONAL, struct description, args),
	ROW_OBJECTS("stages",        REQUIRED, struct description, stages, stage),
	ROW_OBJECTS("namespaces",    REQUIRED, struct description, namespaces, namespace),
	ROW_OBJECTS("cgroups",       REQUIRED, struct description, cgroups, cgroup),
	ROW_OBJECTS("limits",        REQUIRED, struct description, limits, write),
	ROW_OBJECTS("mounts",        REQUIRED, struct description, mounts, mount),
	ROW_OBJECTS("devices",       REQUIRED, struct description, devices, device),
	ROW_OBJECTS("links",         REQUIRED, struct description, links, link),
	ROW_STRINGS("maskedPaths",   OPTIONAL, struct description, masked),
	ROW_STRINGS("readonlyPaths", OPTIONAL, struct description, readonly_paths),
};
const struct bind_table description_table = BIND_TABLE(description_table_rows, struct description,
						       false);
// clang-format on
