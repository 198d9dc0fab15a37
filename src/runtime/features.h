/* features.h - the document that `features` prints */
#ifndef RUNTIME_FEATURES_H
#define RUNTIME_FEATURES_H

#include <stdbool.h>

struct err;
struct str;

/**
 * struct features - what this build has, where that is not fixed
 * @version:    ours
 * @checkpoint: checkpoint and restore work
 * @systemd:    the systemd cgroup driver works
 * @systemd_user: also without root, by the user's own manager
 * @rdt:        linux.intelRdt is obeyed
 * @net_devices: linux.netDevices is obeyed
 * @unsafe:     annotations that change what the runtime does, NULL-terminated; one that ends
 *              with "." is a prefix
 */
struct features {
	const char *version;
	bool checkpoint, systemd, systemd_user, rdt, net_devices;
	const char *const *unsafe;
};

int features_add(const struct features *f, struct str *out, struct err *e);

#endif
