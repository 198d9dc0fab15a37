/* passwd.h - home directories from the text of /etc/passwd, without libc's NSS */
#ifndef BASE_PASSWD_H
#define BASE_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool passwd_home(const char *text, uint32_t uid, char *ret_home, size_t size);

#endif
