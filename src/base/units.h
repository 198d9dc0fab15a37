/* units.h - durations and sizes as people write them: "1m30s", "512m" */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdint.h>

struct err;

int duration_parse(const char *text, int64_t *ret_ns, struct err *e);
int size_parse(const char *text, int64_t *ret_bytes, struct err *e);

#endif
