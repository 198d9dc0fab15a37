/* passwd.h - homes and ids from the text of /etc/passwd and /etc/group, without libc's NSS */
#ifndef BASE_PASSWD_H
#define BASE_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool passwd_home(const char *text, uint32_t uid, char *ret_home, size_t size);
bool passwd_id(const char *text, const char *name, uint32_t *ret_id);
bool passwd_user_of(const char *text, uint32_t uid, char *ret_name, size_t size, uint32_t *ret_gid);
bool passwd_group_name(const char *text, uint32_t gid, char *ret_name, size_t size);
const char *passwd_members(const char *text, const char *name, size_t *ret_len);
bool passwd_next_group(const char **text, const char *user, uint32_t *ret_gid);

#endif
