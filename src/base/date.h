/* date.h - points of the world's time: RFC 3339, as documents have it, and in people's words */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATE_TEXT 40

struct err;

int64_t date_now_ns(void);
int date_epoch(int64_t *ret_ns, struct err *e);
bool date_parse(const char *text, int64_t *ret_ns);
bool date_parse_point(const char *text, int64_t now_ns, int64_t *ret_ns);
const char *date_local(int64_t ns, char buf[DATE_TEXT]);
const char *date_local_words(int64_t ns, char buf[DATE_TEXT]);
const char *date_text(int64_t ns, char buf[DATE_TEXT]);
const char *date_ago(int64_t ns, int64_t now_ns, char *buf, size_t size);

#endif
