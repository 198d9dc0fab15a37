/* caps.h - capabilities of the calling process: capget(2), capset(2) and their prctl(2) calls
 *
 * Sets are 64-bit masks with bit CAP_x set for capability x, as in spec/oci.h. Both programs
 * use this; it needs neither libcap nor /proc, which a container may have covered.
 */
#ifndef OS_CAPS_H
#define OS_CAPS_H

#include <stdint.h>

struct err;

/**
 * struct caps - the five sets
 * @last: number of the last capability that this kernel knows; set by caps_read() only
 */
struct caps {
	uint64_t effective, permitted, inheritable, bounding, ambient;
	unsigned last;
};

#define CAPS_KNOWN(last) ((last) >= 63 ? UINT64_MAX : (UINT64_C(2) << (last)) - 1)

int caps_read(struct caps *ret_caps, struct err *e);
int caps_try_get(struct caps *ret_caps);
int caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable, struct err *e);
int caps_bound(const struct caps *now, uint64_t keep, struct err *e);
int caps_set_ambient(uint64_t ambient, struct err *e);

#endif
