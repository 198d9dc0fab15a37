/* update.h - other limits for a container that exists */
#ifndef RUNTIME_UPDATE_H
#define RUNTIME_UPDATE_H

#include "base/err.h"
#include "spec/oci.h"

struct rdt_change;

int container_update(int root, const char *id, const struct oci_resources *change,
		     const struct rdt_change *rdt, const char *doc, struct err *e);

#endif
