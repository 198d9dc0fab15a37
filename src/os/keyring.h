/* keyring.h - a session keyring of one's own, so that the caller's keys stay the caller's */
#ifndef OS_KEYRING_H
#define OS_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

struct err;

#define KEYRING_SEARCH_OTHER UINT32_C(0x00000008) /* KEY_OTH_SEARCH */
#define KEYRING_SEARCH_USER  UINT32_C(0x00080000) /* KEY_USR_SEARCH */

int keyring_join(const char *name, int32_t *ret_id, struct err *e);
int keyring_allow(int32_t id, uint32_t more, struct err *e);
bool keyring_out_of_reach(void);

#endif
