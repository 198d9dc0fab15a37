/* creds.c - setgroups(2), setresgid(2), setresuid(2) and their read-back */
#include "os/creds.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"

/* creds_set_groups() - make the supplementary groups exactly @gids */
int creds_set_groups(const uint32_t *gids, size_t n, struct err *e)
{
	int why;

	if (syscall(SYS_setgroups, n, gids) == 0)
		return 0;
	why = errno;
	fail_errno(e, why, "set %zu supplementary groups", n);
	if (why == EPERM)
		return fail_hint(e, "it takes CAP_SETGID, and a user namespace whose gid mappings "
				    "were not written by an unprivileged user");
	if (why == EINVAL)
		return fail_hint(e, "each group must be mapped in the user namespace");
	return -1;
}

/* creds_set_gid() - make @gid the real, effective and saved group */
int creds_set_gid(uint32_t gid, struct err *e)
{
	int why;

	if (syscall(SYS_setresgid, gid, gid, gid) == 0)
		return 0;
	why = errno;
	fail_errno(e, why, "set gid %u", gid);
	return why == EINVAL ? fail_hint(e, "it is not mapped in the user namespace") : -1;
}

/* creds_set_uid() - make @uid the real, effective and saved user */
int creds_set_uid(uint32_t uid, struct err *e)
{
	int why;

	if (syscall(SYS_setresuid, uid, uid, uid) == 0)
		return 0;
	why = errno;
	fail_errno(e, why, "set uid %u", uid);
	return why == EINVAL ? fail_hint(e, "it is not mapped in the user namespace") : -1;
}

/* creds_are() - are all three user ids @uid and all three group ids @gid? */
bool creds_are(uint32_t uid, uint32_t gid)
{
	uint32_t u[3], g[3];

	if (syscall(SYS_getresuid, &u[0], &u[1], &u[2]) < 0 ||
	    syscall(SYS_getresgid, &g[0], &g[1], &g[2]) < 0)
		return false;
	return u[0] == uid && u[1] == uid && u[2] == uid && g[0] == gid && g[1] == gid &&
	       g[2] == gid;
}

static size_t count(const uint32_t *list, size_t n, uint32_t value)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += list[i] == value;
	return found;
}

/* creds_has_groups() - are the supplementary groups @gids, in whatever order? */
int creds_has_groups(const uint32_t *gids, size_t n, bool *ret_same, struct err *e)
{
	long have = syscall(SYS_getgroups, 0, NULL);
	own_mem uint32_t *now = NULL;

	if (have < 0)
		return fail_sys(e, "read the supplementary groups");
	*ret_same = (size_t)have == n;
	if (!n || !*ret_same)
		return 0;
	now = calloc(n, sizeof(*now));
	if (!now || syscall(SYS_getgroups, n, now) != have)
		return fail_sys(e, "read the supplementary groups");
	for (size_t i = 0; i < n && *ret_same; i++)
		*ret_same = count(now, n, gids[i]) == count(gids, n, gids[i]);
	return 0;
}
