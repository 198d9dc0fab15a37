/* worker.h - the inside of tare-unpack: three threads from an archive's bytes to a tree
 *
 *	reads and inflates  ->  ring of buffers  ->  hashes (diff id)
 *	                                         ->  parses and places
 *
 * Whoever fails first is heard; the others stop. Nothing here needs a privilege but to make files.
 */
#ifndef LAYER_WORKER_H
#define LAYER_WORKER_H

#include "base/text.h"
#include "codec/inflate.h"
#include "layer/unpack_job.h"

/**
 * struct work - what to do
 * @job:        limits filled in
 * @root:       the folder
 * @read, @of:  the archive
 */
struct work {
	const struct unpack_job *job;
	int root;
	inflate_source *read;
	void *of;
};

int worker_run(const struct work *w, struct unpack_result *ret_result, struct str *ret_opaque,
	       struct err *e);

#endif
