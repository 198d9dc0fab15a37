/* probe.h - what this kernel can do, and a switch that makes it look older
 *
 * TARE_TEST_LACK=openat2,clone3 in the environment makes the named features fail with
 * ENOSYS, so that each fallback can be tested on a kernel that has them all.
 */
#ifndef OS_PROBE_H
#define OS_PROBE_H

#include "base/text.h"

extern const struct word probe_feature_words[];

void probe_lack(unsigned features);
void probe_lack_by_env(void);

#endif
