/* clock.h - time that only goes on: the world's, and our own */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_ns(void);
int64_t clock_used_ns(void);
void clock_nap_ns(int64_t ns);

#endif
