/* image.c - tare image: the group of all that is done with images */
#include "cli/image.h"

// clang-format off
static const struct command *const commands[] = {
	&image_ls_command,
	&image_pull_command,
	&image_push_command,
	&image_inspect_command,
	&image_history_command,
	&image_tree_command,
	&image_mount_command,
	&image_unmount_command,
	&image_tag_command,
	&image_tags_command,
	&image_rm_command,
	&image_delete_remote_command,
	&image_prune_command,
	&image_save_command,
	&image_load_command,
	&image_import_command,
	&image_bootstrap_command,
	NULL,
};
// clang-format on

const struct command image_command = {
	.name = "image",
	.args = "COMMAND",
	.summary = "everything about images",
	.section = "IMAGES",
	.commands = commands,
};
