/* refusal.h - what an answer that is no success means, in one line that helps */
#ifndef REMOTE_REFUSAL_H
#define REMOTE_REFUSAL_H

#include <stdbool.h>

#include "base/err.h"

struct exchange;

/**
 * struct refusal - of what was asked
 * @name:  registry and repository, e.g. docker.io/library/debian
 * @what:  a noun: "tag 'x'", "blob 'sha256:…'", …
 * @host:  as `tare login` wants it
 * @user:  we said who we are; NULL: we are nobody
 */
struct refusal {
	const char *name, *what, *host, *user;
	bool named;
};

int refusal(const struct refusal *about, const struct exchange *x, bool *ret_passes,
	    unsigned *ret_wait_ms, struct err *e);

#endif
