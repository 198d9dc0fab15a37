/* userspec.h - a user by number: "UID" or "UID:GID"
 *
 * What looks like a number is one, is checked in full, and is never looked up as a name:
 * CVE-2026-30892 ("1" became root), CVE-2024-40635 (a huge number wrapped to root).
 */
#ifndef BASE_USERSPEC_H
#define BASE_USERSPEC_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* The largest id; the one above is the kernel's "no change". */
#define USERSPEC_ID_MAX (UINT32_MAX - 1)

/**
 * struct userspec - a parsed user
 * @has_gid: a group was given; without one, @gid is 0
 */
struct userspec {
	uint32_t uid, gid;
	bool has_gid;
};

int userspec_parse(const char *text, struct userspec *ret_user, struct err *e);
int userspec_id(const char *text, uint32_t *ret_id, struct err *e);

#endif
