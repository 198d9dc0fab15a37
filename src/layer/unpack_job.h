/* unpack_job.h - what the engine and tare-unpack say to each other: one struct each way
 *
 * The engine starts `tare-unpack INPUT TARGET ANSWER JOB`, four numbers of descriptors; JOB is a
 * memory file with a struct unpack_job. The worker answers with a struct unpack_answer and what that
 * announces, then it ends. Both programs are of one build, so both have the same structs; the engine
 * looks at every member all the same, since the worker has read what a stranger wrote.
 */
#ifndef LAYER_UNPACK_JOB_H
#define LAYER_UNPACK_JOB_H

#include "layer/unpack.h"

/* bytes of the names of opaque folders; some 100,000 names of usual length */
#define UNPACK_OPAQUE_BYTES ((size_t)4 << 20)

/* struct unpack_job - @marked: the archive must have its end marker, since nothing else says whether
 * it is whole */
struct unpack_job {
	uint32_t size; /* of this struct */
	uint32_t mode, devices, opaque, marked;
	struct unpack_limits limits;
};

/**
 * struct unpack_answer - what became of it
 * @failed:       a struct err follows
 * @opaque_bytes: names of folders to be made opaque follow, each ended by a NUL; "" is the root
 */
struct unpack_answer {
	uint32_t size; /* of this struct */
	uint32_t failed, opaque_bytes;
	struct unpack_result result;
};

#endif
