/* record.c - see record.h */
#include "engine/record.h"

// clang-format off
static const struct bind_row rows[] = {
	ROW_STRING("Id",         REQUIRED, struct container_record, id),
	ROW_STRING("Created",    REQUIRED, struct container_record, created),
	ROW_STRING("Path",       OPTIONAL, struct container_record, path),
	ROW_STRINGS("Args",      OPTIONAL, struct container_record, args),
	ROW_STRING("Image",      REQUIRED, struct container_record, image),
	ROW_STRING("Manifest",   REQUIRED, struct container_record, manifest),
	ROW_STRING("ImageName",  OPTIONAL, struct container_record, image_name),
	ROW_STRING("Name",       REQUIRED, struct container_record, name),
	ROW_OBJECT("HostConfig", REQUIRED, struct container_record, host, host_config_table),
	ROW_OBJECT("Config",     REQUIRED, struct container_record, config, image_run_table),
};
// clang-format on

const struct bind_table container_record_table = BIND_TABLE(rows, struct container_record, false);
