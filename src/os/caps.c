/* caps.c - capability sets by raw system calls */
#include "os/caps.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT           47
#define PR_CAP_AMBIENT_IS_SET    1
#define PR_CAP_AMBIENT_RAISE     2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

/* The kernel's capability numbers end at the first one that PR_CAPBSET_READ refuses. */
static int read_bounding(struct caps *c, struct err *e)
{
	unsigned cap;

	c->bounding = 0;
	for (cap = 0; cap < 64; cap++) {
		int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (r < 0 && errno == EINVAL && cap > 0)
			break;
		if (r < 0)
			return fail_sys(e, "read capability %u of the bounding set", cap);
		c->bounding |= (uint64_t)(r == 1) << cap;
	}
	c->last = cap - 1;
	return 0;
}

/* Kernels before 4.3 have no ambient set (EINVAL), which is the same as an empty one. */
static int read_ambient(struct caps *c, struct err *e)
{
	c->ambient = 0;
	for (unsigned cap = 0; cap <= c->last; cap++) {
		int r;

		if (!(c->inheritable & c->permitted & UINT64_C(1) << cap))
			continue;
		r = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);
		if (r < 0 && errno != EINVAL)
			return fail_sys(e, "read capability %u of the ambient set", cap);
		c->ambient |= (uint64_t)(r == 1) << cap;
	}
	return 0;
}

/* caps_try_get() - capget(2) alone: effective, permitted, inheritable. Return: 0 or -errno */
int caps_try_get(struct caps *ret_caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	/* What a call that only pretends to succeed leaves behind must not look like a success. */
	struct __user_cap_data_struct d[2] = { { ~0U, ~0U, ~0U }, { ~0U, ~0U, ~0U } };

	if (syscall(SYS_capget, &head, d) < 0)
		return -errno;
	ret_caps->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	ret_caps->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	ret_caps->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

/**
 * caps_read() - all five sets of the calling process
 *
 * Return: 0, or -1 when a set cannot be read.
 */
int caps_read(struct caps *ret_caps, struct err *e)
{
	int r = caps_try_get(ret_caps);

	if (r < 0)
		return fail_errno(e, -r, "read the capability sets");
	if (read_bounding(ret_caps, e) < 0)
		return -1;
	return read_ambient(ret_caps, e);
}

/**
 * caps_set() - capset(2): three sets at once
 *
 * The kernel wants @permitted within the present one, and @inheritable within what was
 * inheritable or is both permitted and in the bounding set.
 */
int caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	if (syscall(SYS_capset, &head, d) < 0)
		return fail_sys(e, "set the capability sets");
	return 0;
}

/**
 * caps_bound() - drop from the bounding set what is not in @keep
 * @now: what the process has (caps_read())
 *
 * Capabilities that are not in it already need no drop, hence no CAP_SETPCAP.
 */
int caps_bound(const struct caps *now, uint64_t keep, struct err *e)
{
	for (unsigned cap = 0; cap <= now->last; cap++) {
		if (!(now->bounding & ~keep & UINT64_C(1) << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return fail_sys(e, "drop capability %u from the bounding set", cap);
	}
	return 0;
}

/**
 * caps_set_ambient() - make the ambient set exactly @ambient
 *
 * Each must be both permitted and inheritable, or the kernel says EPERM.
 */
int caps_set_ambient(uint64_t ambient, struct err *e)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    (errno != EINVAL || ambient))
		return fail_sys(e, "clear the ambient capabilities");
	for (unsigned cap = 0; cap < 64; cap++) {
		if (!(ambient >> cap & 1))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return fail_sys(e, "raise ambient capability %u", cap);
	}
	return 0;
}
