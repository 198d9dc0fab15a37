/* state.c - rows of the two state documents */
#include "spec/state.h"

// clang-format off
const struct word status_words[] = {
	{ "creating", STATUS_CREATING },
	{ "created",  STATUS_CREATED  },
	{ "running",  STATUS_RUNNING  },
	{ "paused",   STATUS_PAUSED   },
	{ "stopped",  STATUS_STOPPED  },
	{ NULL, 0 },
};

static const struct bind_row cgroup_rows[] = {
	ROW_STRING("hierarchy", OPTIONAL, struct state_cgroup, hierarchy),
	ROW_STRING("mount",     REQUIRED, struct state_cgroup, mount),
	ROW_STRING("path",      REQUIRED, struct state_cgroup, path),
	ROW_U32("made",         OPTIONAL, struct state_cgroup, made),
	ROW_U64("id",           OPTIONAL, struct state_cgroup, id),
};
static const struct bind_table cgroup_table = BIND_TABLE(cgroup_rows, struct state_cgroup, false);

static const struct bind_row rdt_rows[] = {
	ROW_STRING("root",    REQUIRED, struct state_rdt, root),
	ROW_STRING("group",   REQUIRED, struct state_rdt, group),
	ROW_STRING("monitor", OPTIONAL, struct state_rdt, monitor),
	ROW_BOOL("made",      OPTIONAL, struct state_rdt, made),
};
static const struct bind_table rdt_table = BIND_TABLE(rdt_rows, struct state_rdt, false);

static const struct bind_row state_table_rows[] = {
	ROW_STRING("ociVersion",          REQUIRED, struct state, oci_version),
	ROW_STRING("id",                  REQUIRED, struct state, id),
	ROW_I64("pid",                    REQUIRED, struct state, pid),
	ROW_U64("pidStart",               REQUIRED, struct state, pid_start),
	ROW_U64("initDevice",             OPTIONAL, struct state, init_dev),
	ROW_U64("initInode",              OPTIONAL, struct state, init_ino),
	ROW_BOOL("forerunner",            OPTIONAL, struct state, forerunner),
	ROW_BOOL("started",               OPTIONAL, struct state, started),
	ROW_STRING("bundle",              REQUIRED, struct state, bundle),
	ROW_STRING("rootfs",              OPTIONAL, struct state, rootfs),
	ROW_STRING("created",             OPTIONAL, struct state, created),
	ROW_STRING("owner",               OPTIONAL, struct state, owner),
	ROW_BOOL("systemdCgroup",         OPTIONAL, struct state, systemd_cgroup),
	ROW_BOOL("terminal",              OPTIONAL, struct state, terminal),
	ROW_BOOL("userNamespace",         OPTIONAL, struct state, has_userns),
	ROW_BOOL("ownPidNamespace",       OPTIONAL, struct state, own_pidns),
	ROW_U64("namespaces",             OPTIONAL, struct state, namespaces),
	ROW_STRING("cgroupManager",       OPTIONAL, struct state, cgroup_manager),
	ROW_STRING("freezer",             OPTIONAL, struct state, freezer),
	ROW_STRING("systemdUnit",         OPTIONAL, struct state, systemd_unit),
	ROW_OBJECT("intelRdt",            OPTIONAL, struct state, intel_rdt, rdt_table),
	ROW_OBJECTS("cgroups",            OPTIONAL, struct state, cgroups, cgroup_table),
	ROW_PAIRS("annotations",          OPTIONAL, struct state, annotations),
	ROW_OBJECTS("mounts",             OPTIONAL, struct state, mounts, oci_mount_table),
	ROW_OBJECT("resources",           OPTIONAL, struct state, resources, oci_resources_table),
	ROW_STRINGS("tolerated",          OPTIONAL, struct state, tolerated),
	ROW_STRING("external_descriptors",OPTIONAL, struct state, external_descriptors),
};
const struct bind_table state_table = BIND_TABLE(state_table_rows, struct state, false);

static const struct bind_row oci_state_table_rows[] = {
	ROW_STRING("ociVersion",    REQUIRED, struct oci_state, oci_version),
	ROW_STRING("id",            REQUIRED, struct oci_state, id),
	ROW_I64("pid",              REQUIRED, struct oci_state, pid),
	ROW_STRING("status",        REQUIRED, struct oci_state, status),
	ROW_STRING("bundle",        REQUIRED, struct oci_state, bundle),
	ROW_STRING("rootfs",        OPTIONAL, struct oci_state, rootfs),
	ROW_STRING("created",       OPTIONAL, struct oci_state, created),
	ROW_STRING("systemd-scope", OPTIONAL, struct oci_state, systemd_scope),
	ROW_PAIRS("annotations",    OPTIONAL, struct oci_state, annotations),
	ROW_STRING("owner",         OPTIONAL, struct oci_state, owner),
};
const struct bind_table oci_state_table = BIND_TABLE(oci_state_table_rows, struct oci_state, false);
// clang-format on
