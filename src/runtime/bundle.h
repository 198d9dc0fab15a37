/* bundle.h - reads a bundle: config.json and where its root lies */
#ifndef RUNTIME_BUNDLE_H
#define RUNTIME_BUNDLE_H

#include "base/arena.h"
#include "base/err.h"
#include "spec/oci.h"

/**
 * struct bundle - a bundle that was read
 * @path:   absolute
 * @rootfs: absolute path of the root, links resolved
 * @text:   config.json as it is, @len bytes, for the copy in the container's folder
 * @config: what it says
 */
struct bundle {
	struct arena mem;
	char *path, *rootfs, *text;
	size_t len;
	struct oci_config config;
};

/* strict: a member that nobody knows is an error, not a warning */
struct bundle_options {
	const char *config_path; /* NULL: config.json in the bundle */
	bool strict;
};

int bundle_read(struct bundle *b, const char *path, const struct bundle_options *o, struct err *e);
void bundle_done(struct bundle *b);

#define own_bundle __attribute__((cleanup(bundle_done)))

#endif
