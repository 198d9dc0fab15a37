/* lsm.h - AppArmor and SELinux: are they here? */
#ifndef OS_LSM_H
#define OS_LSM_H

#include <stdbool.h>

struct err;

enum lsm { LSM_APPARMOR, LSM_SELINUX };

bool lsm_enabled(enum lsm which);
bool lsm_wants_apparmor(const char *profile);
int lsm_check_mount_label(const char *label, const char *where, struct err *e);
int lsm_check(const char *apparmor_profile, const char *selinux_label, const char *where,
	      struct err *e);

#endif
