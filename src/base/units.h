/* units.h - durations, sizes and rates as people write them: "1m30s", "512m", "10mbit" */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

struct err;

int duration_parse(const char *text, int64_t *ret_ns, struct err *e);
int size_parse(const char *text, int64_t *ret_bytes, struct err *e);
int rate_parse(const char *text, uint64_t *ret_bytes, struct err *e);
char *rate_format(uint64_t bytes, char ret_text[24]);
char *size_format(uint64_t bytes, bool binary, char ret_text[24]);
char *size_format_short(uint64_t bytes, char ret_text[24]);

#endif
