/* image.c - rows of the image documents */
#include "spec/image.h"

// clang-format off
static const struct bind_row platform_rows[] = {
	ROW_STRING("architecture", OPTIONAL, struct image_platform, architecture),
	ROW_STRING("os",           OPTIONAL, struct image_platform, os),
	ROW_STRING("os.version",   OPTIONAL, struct image_platform, os_version),
	ROW_STRINGS("os.features", OPTIONAL, struct image_platform, os_features),
	ROW_STRING("variant",      OPTIONAL, struct image_platform, variant),
};
const struct bind_table image_platform_table = BIND_TABLE(platform_rows, struct image_platform, false);

static const struct bind_row descriptor_rows[] = {
	ROW_STRING("mediaType",    OPTIONAL, struct image_descriptor, media_type),
	ROW_STRING("digest",       REQUIRED, struct image_descriptor, digest),
	ROW_U64("size",            REQUIRED, struct image_descriptor, size),
	ROW_STRINGS("urls",        OPTIONAL, struct image_descriptor, urls),
	ROW_PAIRS("annotations",   OPTIONAL, struct image_descriptor, annotations),
	ROW_OBJECT("platform",     OPTIONAL, struct image_descriptor, platform, image_platform_table),
	ROW_STRING("artifactType", OPTIONAL, struct image_descriptor, artifact_type),
};
const struct bind_table image_descriptor_table = BIND_TABLE(descriptor_rows, struct image_descriptor, false);

static const struct bind_row manifest_rows[] = {
	ROW_U32("schemaVersion",   REQUIRED, struct image_manifest, schema_version),
	ROW_STRING("mediaType",    OPTIONAL, struct image_manifest, media_type),
	ROW_STRING("artifactType", OPTIONAL, struct image_manifest, artifact_type),
	ROW_OBJECT("config",       REQUIRED, struct image_manifest, config, image_descriptor_table),
	ROW_OBJECTS("layers",      REQUIRED, struct image_manifest, layers, image_descriptor_table),
	ROW_OBJECT("subject",      OPTIONAL, struct image_manifest, subject, image_descriptor_table),
	ROW_PAIRS("annotations",   OPTIONAL, struct image_manifest, annotations),
};
const struct bind_table image_manifest_table = BIND_TABLE(manifest_rows, struct image_manifest, false);

static const struct bind_row index_rows[] = {
	ROW_U32("schemaVersion",   REQUIRED, struct image_index, schema_version),
	ROW_STRING("mediaType",    OPTIONAL, struct image_index, media_type),
	ROW_STRING("artifactType", OPTIONAL, struct image_index, artifact_type),
	ROW_OBJECTS("manifests",   REQUIRED, struct image_index, manifests, image_descriptor_table),
	ROW_OBJECT("subject",      OPTIONAL, struct image_index, subject, image_descriptor_table),
	ROW_PAIRS("annotations",   OPTIONAL, struct image_index, annotations),
};
const struct bind_table image_index_table = BIND_TABLE(index_rows, struct image_index, false);

/* Go's map[string]struct{} */
static const struct bind_row name_rows[] = {
	ROW_STRING("", OPTIONAL, struct image_name, key),
};
static const struct bind_table name_table = { name_rows, 0, sizeof(struct image_name), false };

static const struct bind_row healthcheck_rows[] = {
	ROW_STRINGS("Test",         OPTIONAL, struct image_healthcheck, test),
	ROW_I64("Interval",         OPTIONAL, struct image_healthcheck, interval),
	ROW_I64("Timeout",          OPTIONAL, struct image_healthcheck, timeout),
	ROW_I64("StartPeriod",      OPTIONAL, struct image_healthcheck, start_period),
	ROW_I64("StartInterval",    OPTIONAL, struct image_healthcheck, start_interval),
	ROW_I64("Retries",          OPTIONAL, struct image_healthcheck, retries),
};
static const struct bind_table healthcheck_table = BIND_TABLE(healthcheck_rows, struct image_healthcheck, false);

static const struct bind_row run_rows[] = {
	ROW_STRING("Hostname",     OPTIONAL, struct image_run, hostname),
	ROW_STRING("Domainname",   OPTIONAL, struct image_run, domainname),
	ROW_STRING("User",         OPTIONAL, struct image_run, user),
	ROW_MAP("ExposedPorts",    OPTIONAL, struct image_run, exposed_ports, name_table),
	ROW_BOOL("Tty",            OPTIONAL, struct image_run, tty),
	ROW_BOOL("OpenStdin",      OPTIONAL, struct image_run, open_stdin),
	ROW_STRINGS("Env",         OPTIONAL, struct image_run, env),
	ROW_STRINGS("Cmd",         OPTIONAL, struct image_run, cmd),
	ROW_BOOL("ArgsEscaped",    OPTIONAL, struct image_run, args_escaped),
	ROW_STRING("Image",        OPTIONAL, struct image_run, image),
	ROW_MAP("Volumes",         OPTIONAL, struct image_run, volumes, name_table),
	ROW_STRING("WorkingDir",   OPTIONAL, struct image_run, working_dir),
	ROW_STRINGS("Entrypoint",  OPTIONAL, struct image_run, entrypoint),
	ROW_STRINGS("OnBuild",     OPTIONAL, struct image_run, on_build),
	ROW_PAIRS("Labels",        OPTIONAL, struct image_run, labels),
	ROW_STRING("StopSignal",   OPTIONAL, struct image_run, stop_signal),
	ROW_OPT_I64("StopTimeout", OPTIONAL, struct image_run, stop_timeout),
	ROW_STRINGS("Shell",       OPTIONAL, struct image_run, shell),
	ROW_OBJECT("Healthcheck",  OPTIONAL, struct image_run, healthcheck, healthcheck_table),
};
const struct bind_table image_run_table = BIND_TABLE(run_rows, struct image_run, false);

static const struct bind_row history_rows[] = {
	ROW_STRING("created",    OPTIONAL, struct image_history, created),
	ROW_STRING("created_by", OPTIONAL, struct image_history, created_by),
	ROW_STRING("author",     OPTIONAL, struct image_history, author),
	ROW_STRING("comment",    OPTIONAL, struct image_history, comment),
	ROW_BOOL("empty_layer",  OPTIONAL, struct image_history, empty_layer),
};
static const struct bind_table history_table = BIND_TABLE(history_rows, struct image_history, false);

static const struct bind_row rootfs_rows[] = {
	ROW_STRING("type",      REQUIRED, struct image_rootfs, type),
	ROW_STRINGS("diff_ids", OPTIONAL, struct image_rootfs, diff_ids),
};
static const struct bind_table rootfs_table = BIND_TABLE(rootfs_rows, struct image_rootfs, false);

static const struct bind_row config_rows[] = {
	ROW_STRING("created",        OPTIONAL, struct image_config, created),
	ROW_STRING("author",         OPTIONAL, struct image_config, author),
	ROW_STRING("architecture",   OPTIONAL, struct image_config, architecture),
	ROW_STRING("variant",        OPTIONAL, struct image_config, variant),
	ROW_STRING("os",             OPTIONAL, struct image_config, os),
	ROW_STRING("os.version",     OPTIONAL, struct image_config, os_version),
	ROW_STRINGS("os.features",   OPTIONAL, struct image_config, os_features),
	ROW_STRING("docker_version", OPTIONAL, struct image_config, docker_version),
	ROW_STRING("comment",        OPTIONAL, struct image_config, comment),
	ROW_OBJECT("config",         OPTIONAL, struct image_config, config, image_run_table),
	ROW_OBJECT("rootfs",         OPTIONAL, struct image_config, rootfs, rootfs_table),
	ROW_OBJECTS("history",       OPTIONAL, struct image_config, history, history_table),
};
const struct bind_table image_config_table = BIND_TABLE(config_rows, struct image_config, false);
// clang-format on
