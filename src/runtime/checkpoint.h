/* checkpoint.h - a container's processes to files, and back, by criu(8) */
#ifndef RUNTIME_CHECKPOINT_H
#define RUNTIME_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct creation;

#define RESTORE_FOLDER "criu-root" /* in the container's folder, while it is restored */

/**
 * struct checkpoint_options - what the command lines of checkpoint and restore said
 * @criu:       the program, NULL to find it
 * @images, @work: folders for criu's images and its log; @images is "checkpoint" by default, and
 *              the log is with the images
 * @parent:     pre-dump: images before these, relative to @images
 * @cgroups_mode: "soft", "full", "strict" or "ignore"
 * @empty_ns:   CLONE_NEW* flags of namespaces that are made, but not filled
 * @status_fd:  written to once lazy pages are served; -1: none
 */
struct checkpoint_options {
	const char *criu, *images, *work, *parent, *cgroups_mode, *page_server, *network_lock;
	const char *lsm_profile, *lsm_mount_context;
	uint64_t empty_ns;
	int status_fd;
	bool leave_running, tcp_established, tcp_skip_in_flight, tcp_close, link_remap, ext_unix_sk,
		shell_job, lazy_pages, file_locks, pre_dump, auto_dedup;
};

int container_checkpoint(int root, const char *id, const struct checkpoint_options *o,
			 struct err *e);
/* restore.c */
int creation_restore(struct creation *c, struct err *e);

#endif
