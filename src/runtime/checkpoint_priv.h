/* checkpoint_priv.h - what checkpoint.c and restore.c share */
#ifndef RUNTIME_CHECKPOINT_PRIV_H
#define RUNTIME_CHECKPOINT_PRIV_H

#include "base/text.h"
#include "os/criu.h"
#include "runtime/checkpoint.h"

struct arena;
struct oci_config;
struct oci_linux;

#define DESCRIPTORS "descriptors.json"

/**
 * struct criu_folders - where criu works; open for as long as it does
 * @log: name of the log file in @work
 */
struct criu_folders {
	int images, work;
	const char *log;
};

int criu_folders_open(struct criu_folders *f, const struct checkpoint_options *o, bool make,
		      struct err *e);
void criu_folders_close(struct criu_folders *f);
int criu_common_options(struct str *opts, const struct criu_folders *f,
			const struct checkpoint_options *o, const struct oci_config *config,
			struct err *e);
int criu_program(const struct checkpoint_options *o, char *ret_path, size_t size, struct err *e);
int criu_fail_with_log(const struct criu_folders *f, struct err *e);
void criu_add_devices(struct str *opts, const struct oci_linux *l, bool has_userns);
const char *criu_real_target(int root, const char *target, char buf[4096]);
const char *criu_namespace_key(int64_t type);

#endif
