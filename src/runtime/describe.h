/* describe.h - what create would do with a bundle, without doing it */
#ifndef RUNTIME_DESCRIBE_H
#define RUNTIME_DESCRIBE_H

#include "base/arena.h"
#include "base/err.h"
#include "spec/description.h"

struct create_options;

int describe_bundle(const struct create_options *o,
		    int (*show)(void *ctx, const struct description *d, struct err *e), void *ctx,
		    struct err *e);

#endif
