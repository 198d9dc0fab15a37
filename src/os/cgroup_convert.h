/* cgroup_convert.h - v1's weights in v2's terms, and back: pure functions */
#ifndef OS_CGROUP_CONVERT_H
#define OS_CGROUP_CONVERT_H

#include <stdint.h>

uint64_t cgroup_weight_of_shares(uint64_t shares);
uint64_t cgroup_shares_of_weight(uint64_t weight);
uint64_t cgroup_io_weight(uint64_t blkio_weight);
uint64_t cgroup_blkio_weight(uint64_t io_weight);

#endif
