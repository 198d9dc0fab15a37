/* record.h - a kept container on the disk: what it was asked to be, as `inspect` shows it */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "engine/wish.h"

#define RECORD_FILE "container.json"

/**
 * struct container_record - one
 * @image: its id; @manifest: digest of its manifest; @image_name: what the user called it
 * @path, @args: its program and the words that it gets
 * @config: with what the image says
 */
struct container_record {
	char *id, *name, *created, *image, *manifest, *image_name, *path;
	char **args;
	struct image_run *config;
	struct host_config *host;
};

extern const struct bind_table container_record_table;

#endif
