/* clock.h - the clock that only goes on */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_ns(void);
void clock_nap_ns(int64_t ns);

#endif
