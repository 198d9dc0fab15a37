/* limit.c - a snapshot's size, by the project quota of its file system
 *
 * ext4 holds nobody to it who has CAP_SYS_RESOURCE; overlayfs writes without that, and containers have
 * it only if they are given it.
 */
#include "os/quota.h"
#include "snapshot/snapshot.h"

/* snapshot_limit_begin() - a snapshot's folder is still empty: make what comes into it be counted */
int snapshot_limit_begin(int folder, struct err *e)
{
	uint32_t project = 0;

	if (quota_try_project(folder, &project) == 0 && project) {
		fail(e, ERR_UNSUPPORTED, "limit the size: the store is part of the project %u",
		     project);
		return fail_hint(e, "a folder is part of one only: `chattr -p 0 -P` takes the "
				    "store's away");
	}
	if (quota_find_free(folder, &project, e) < 0)
		return -1;
	return quota_set_project(folder, project, e);
}

/* snapshot_limit() - bound what comes from now on to @bytes; what is there is the image's */
int snapshot_limit(int folder, uint64_t bytes, struct err *e)
{
	struct quota_usage has;
	uint32_t project;
	int r = quota_try_project(folder, &project);

	if (r < 0)
		return fail_errno(e, -r, "limit the size");
	if (quota_usage(folder, project, &has, e) < 0)
		return -1;
	return quota_limit(folder, project, has.bytes + bytes, e);
}

/* snapshot_limited_usage() - what a snapshot with a project has, which nobody needs to count */
int snapshot_limited_usage(int folder, struct snapshot_usage *ret, struct err *e)
{
	struct quota_usage has;
	uint32_t project;
	int r = quota_try_project(folder, &project);

	if (r < 0)
		return fail_errno(e, -r, "count the size");
	if (quota_usage(folder, project, &has, e) < 0)
		return -1;
	*ret = (struct snapshot_usage){ .bytes = has.bytes, .inodes = has.inodes };
	return 0;
}
