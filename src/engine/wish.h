/* wish.h - what a container is asked to be, in the Engine API's own terms
 *
 * The command line fills it (cli/run_wish.c), as the Engine API will; engine/check.c refuses what can't
 * be, engine/config.c makes the OCI config of it. All memory is an arena's of whoever fills it.
 */
#ifndef ENGINE_WISH_H
#define ENGINE_WISH_H

#include <string.h>

#include "spec/container.h"

/* struct wish - one container; @config with what its image says, once wish_merge() was called */
struct wish {
	struct image_run config;
	struct host_config host;
};

/* wish_is_host() - is it the host's own, of network, ipc, pid, uts and cgroupns? */
static inline bool wish_is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

/* check.c */
int wish_check(const struct wish *w, struct err *e);
int wish_size(const struct host_config *h, int64_t *ret_size, struct err *e);

/* merge.c */
int wish_merge(struct image_run *config, const struct image_run *image, struct arena *a,
	       struct err *e);

#endif
