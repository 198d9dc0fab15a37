/* quota.c - project quotas, by descriptors */
#include "os/quota.h"

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/random.h"

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

/* Numbers that people give by hand are small. */
#define FIRST UINT32_C(0x40000000)
#define LAST  UINT32_C(0x7fffffff)
#define TRIES 64

/* Return: 0, or -errno; ENOSYS before Linux 5.14 */
static int try_call(int fd, int what, uint32_t project, void *data)
{
	return syscall(SYS_quotactl_fd, fd, QCMD((unsigned)what, PRJQUOTA), project, data) < 0
		       ? -errno
		       : 0;
}

/* quota_is_on() - does the file system of @fd count projects, and hold them to their bounds? ext4 counts
 * whenever it has the feature, and bounds only where it is mounted so. */
bool quota_is_on(int fd)
{
	struct fs_quota_statv st = { .qs_version = FS_QSTATV_VERSION1 };
	int r = try_call(fd, Q_XGETQSTATV, 0, &st);

	return r == 0 && (st.qs_flags & FS_QUOTA_PDQ_ENFD);
}

/* quota_is_ours() - is the project one that quota_find_free() gives? */
bool quota_is_ours(uint32_t project)
{
	return project >= FIRST && project < LAST;
}

static int fail_off(int why, const char *doing, struct err *e)
{
	if (why != -ESRCH && why != -ENOSYS && why != -ENOTSUP && why != -ENOTTY && why != -EINVAL)
		return fail_errno(e, -why, "%s", doing);
	fail(e, ERR_UNSUPPORTED, "%s: the file system has no project quota", doing);
	return fail_hint(e, "ext4 and xfs have it when they are mounted with prjquota");
}

/* quota_find_free() - a number that the file system of @fd has nothing of */
int quota_find_free(int fd, uint32_t *ret_project, struct err *e)
{
	if (!quota_is_on(fd))
		return fail_off(-ENOTSUP, "limit the size", e);
	for (int i = 0; i < TRIES; i++) {
		struct if_dqblk is = { 0 };
		uint32_t number;
		int r;

		if (random_fill(&number, sizeof(number), e) < 0)
			return -1;
		number = FIRST + number % (LAST - FIRST);
		r = try_call(fd, Q_GETQUOTA, number, &is);
		if (r < 0 && r != -ENOENT)
			return fail_off(r, "limit the size", e);
		if (r == -ENOENT || (!is.dqb_curspace && !is.dqb_curinodes && !is.dqb_bhardlimit)) {
			*ret_project = number;
			return 0;
		}
	}
	return fail(e, ERR_LIMIT, "limit the size: no project is free in the file system");
}

/* quota_try_project() - the number of what @fd is; 0: it has none. 0, or -errno */
int quota_try_project(int fd, uint32_t *ret_project)
{
	struct fsxattr x;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
		return -errno;
	*ret_project = x.fsx_projid;
	return 0;
}

/* quota_set_project() - give an empty folder its number, which all has that comes into it */
int quota_set_project(int folder, uint32_t project, struct err *e)
{
	struct fsxattr x;

	if (ioctl(folder, FS_IOC_FSGETXATTR, &x) < 0)
		return fail_off(-errno, "limit the size", e);
	x.fsx_projid = project;
	x.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	if (ioctl(folder, FS_IOC_FSSETXATTR, &x) < 0)
		return fail_off(-errno, "limit the size", e);
	return 0;
}

/* quota_limit() - bound a project's bytes; 0 takes the bound off, and forgets the project if it is empty */
int quota_limit(int fd, uint32_t project, uint64_t bytes, struct err *e)
{
	struct if_dqblk to = {
		.dqb_bhardlimit = (bytes + 1023) / 1024,
		.dqb_valid = QIF_BLIMITS,
	};
	int r = try_call(fd, Q_SETQUOTA, project, &to);

	return r < 0 ? fail_off(r, "limit the size", e) : 0;
}

/* quota_usage() - what a project has */
int quota_usage(int fd, uint32_t project, struct quota_usage *ret_usage, struct err *e)
{
	struct if_dqblk is = { 0 };
	int r = try_call(fd, Q_GETQUOTA, project, &is);

	if (r < 0 && r != -ENOENT)
		return fail_off(r, "count the size", e);
	*ret_usage =
		(struct quota_usage){ is.dqb_curspace, is.dqb_curinodes, is.dqb_bhardlimit * 1024 };
	return 0;
}
