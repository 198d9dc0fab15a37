/* keyring.c - keyctl(2) */
#include "os/keyring.h"

#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

/**
 * keyring_join() - leave the inherited session keyring for the one called @name
 * @ret_id: receives its serial number
 *
 * It is made when the caller can search none of that name.
 */
int keyring_join(const char *name, int32_t *ret_id, struct err *e)
{
	long id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);

	if (id < 0 && errno == EDQUOT) {
		fail_errno(e, EDQUOT, "join session keyring '%s'", name);
		return fail_hint(e, "raise kernel.keys.maxkeys, or keep the caller's with "
				    "--no-new-keyring");
	}
	if (id < 0)
		return fail_sys(e, "join session keyring '%s'", name);
	/* 0 says that it was our session keyring already. */
	*ret_id = id ? (int32_t)id : KEY_SPEC_SESSION_KEYRING;
	return 0;
}

/* KEYCTL_DESCRIBE says "type;uid;gid;permissions;name", permissions in hexadecimal. */
static int read_permissions(int32_t id, uint32_t *ret, struct err *e)
{
	char text[512] = "", *at = text;
	long n = syscall(SYS_keyctl, KEYCTL_DESCRIBE, id, text, sizeof(text) - 1, 0);

	if (n < 0)
		return fail_sys(e, "describe keyring %d", id);
	for (int field = 0; at && field < 3; field++) {
		at = strchr(at, ';');
		at += at != NULL;
	}
	if (!at)
		return fail(e, ERR_BUG, "describe keyring %d: the kernel says '%.64s'", id, text);
	*ret = (uint32_t)strtoul(at, NULL, 16);
	return 0;
}

/* keyring_allow() - add @more (KEYRING_*) to the permissions of keyring @id */
int keyring_allow(int32_t id, uint32_t more, struct err *e)
{
	uint32_t now;

	if (read_permissions(id, &now, e) < 0)
		return -1;
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, id, now | more, 0, 0) < 0)
		return fail_sys(e, "set the permissions of keyring %d", id);
	return 0;
}

/**
 * keyring_out_of_reach() - is keyctl(2) closed to us, and so to all that we start?
 *
 * True on kernels without keys, and below an outer container's seccomp policy that denies
 * the call: asking for one's own keyring needs no privilege, so nothing else says EPERM.
 */
bool keyring_out_of_reach(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0) < 0 &&
	       (errno == ENOSYS || errno == EPERM);
}
