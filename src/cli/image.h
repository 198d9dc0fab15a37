/* image.h - the commands of `tare image`, each in the file of its name */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include "tare/cli.h"

extern const struct command image_bootstrap_command, image_history_command, image_import_command,
	image_inspect_command, image_load_command, image_ls_command, image_mount_command,
	image_delete_remote_command, image_prune_command, image_pull_command, image_push_command,
	image_rm_command, image_save_command, image_tag_command, image_tags_command,
	image_tree_command, image_unmount_command;

#endif
