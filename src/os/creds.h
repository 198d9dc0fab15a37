/* creds.h - user, group and supplementary groups of the calling process
 *
 * Raw system calls: libc's wrappers change every thread with signals, and the programs that
 * use this have one thread.
 */
#ifndef OS_CREDS_H
#define OS_CREDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

int creds_set_groups(const uint32_t *gids, size_t n, struct err *e);
int creds_set_gid(uint32_t gid, struct err *e);
int creds_set_uid(uint32_t uid, struct err *e);
bool creds_are(uint32_t uid, uint32_t gid);
int creds_has_groups(const uint32_t *gids, size_t n, bool *ret_same, struct err *e);

#endif
