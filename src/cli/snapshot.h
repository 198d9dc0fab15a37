/* snapshot.h - the commands of `tare snapshot` */
#ifndef CLI_SNAPSHOT_H
#define CLI_SNAPSHOT_H

#include "tare/cli.h"

/* snapshot.c */
extern const struct command snapshot_create_command, snapshot_rm_command;
/* snapshot_diff.c */
extern const struct command snapshot_commit_command, snapshot_diff_command, snapshot_export_command;
/* snapshot_ls.c */
extern const struct command snapshot_inspect_command, snapshot_ls_command, snapshot_usage_command;
/* snapshot_mount.c */
extern const struct command snapshot_mount_command, snapshot_umount_command;

#endif
