/* systemd_ask.h - systemd is told something, by a program that speaks D-Bus
 *
 * Ours are static, and cannot: tare-systemd (src/systemd) is linked with libsystemd.
 */
#ifndef OS_SYSTEMD_ASK_H
#define OS_SYSTEMD_ASK_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/**
 * struct systemd_question - one call
 * @user:  of the user's own manager
 * @verb:  "start", "set" or "stop"
 * @input: properties, as systemd_property_write() has them
 */
struct systemd_question {
	bool user;
	const char *verb, *unit, *input;
};

int systemd_find_helper(char *ret_path, size_t size, struct err *e);
int systemd_ask(const struct systemd_question *q, struct err *e);

#endif
