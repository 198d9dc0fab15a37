/* plain_user.h - whether we are one */
#ifndef OS_PLAIN_USER_H
#define OS_PLAIN_USER_H

#include <stdbool.h>

bool plain_user(void);

#endif
