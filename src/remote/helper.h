/* helper.h - tare-fetch is started, by tare-engine or already by tare */
#ifndef REMOTE_HELPER_H
#define REMOTE_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define HELPER "tare-fetch"

/* struct helper - tare-fetch, our child, and our end of the socket between us */
struct helper {
	int sock;
	pid_t pid;
};

int helper_start(struct helper *ret_helper, struct err *e);
void helper_start_early(void);
bool helper_inherit(struct helper *ret_helper);

#endif
