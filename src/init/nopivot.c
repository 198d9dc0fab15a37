/* nopivot.c - --no-pivot: switches to the root by chroot, and takes the host's procfs away
 *
 * The container's root lies on top of "/", so ".." leads nowhere else from it, and a process that
 * joins the namespace starts there. But the host's mounts stay below. A complete procfs or sysfs
 * among them would let a user namespace inside mount its own without the masks: the kernel allows
 * that to who can see one already (mount_too_revealing in fs/namespace.c). So they are unmounted,
 * or, where a user namespace may not, covered.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/own.h"
#include "init/init.h"
#include "os/file.h"
#include "os/mountinfo.h"

#define ROUNDS 16 /* mounts may lie on each other */

/* Is it one of the container's, whose root has the id @root? */
static bool is_inside(const struct mount_table *t, uint64_t root, const struct mount_line *m)
{
	for (size_t steps = 0; m && steps <= t->n; steps++) {
		if (m->id == root)
			return true;
		m = m->parent == m->id ? NULL : mount_table_find(t, m->parent);
	}
	return false;
}

static bool is_covered(const struct mount_table *t, const struct mount_line *m)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->at[i].parent == m->id && t->at[i].point_len == m->point_len &&
		    memcmp(t->at[i].point, m->point, m->point_len) == 0)
			return true;
	return false;
}

static bool is_revealing(const struct mount_table *t, uint64_t root, const struct mount_line *m)
{
	return m->root_len == 1 && (mount_line_is(m, "proc") || mount_line_is(m, "sysfs")) &&
	       !is_inside(t, root, m) && !is_covered(t, m);
}

static int take_away(const struct mount_line *m, struct err *e)
{
	char path[PATH_MAX];

	if (m->point_len >= sizeof(path))
		return fail(e, ERR_LIMIT, "take away a mount of the host's: its path is too long");
	memcpy(path, m->point, m->point_len);
	path[m->point_len] = '\0';
	mountinfo_unescape(path);
	/* the host must not follow us */
	if (mount(NULL, path, NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return errno == ENOENT ? 0 : fail_sys(e, "part '%s' from the host's mounts", path);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return fail_sys(e, "unmount the host's '%s'", path);
	if (mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "nr_inodes=1") < 0)
		return fail_sys(e, "cover the host's '%s'", path);
	return 0;
}

static int read_root_id(int proc, int rootfd, uint64_t *ret_id, struct err *e)
{
	char name[24], text[256];
	const char *line;
	int n;

	snprintf(name, sizeof(name), "fdinfo/%d", rootfd);
	n = file_try_read(proc, name, text, sizeof(text));
	line = n < 0 ? NULL : strstr(text, "mnt_id:\t");
	if (!line)
		return fail(e, ERR_SYSTEM, "read '/proc/thread-self/%s'", name);
	line += strlen("mnt_id:\t");
	text[(size_t)(line - text) + strspn(line, "0123456789")] = '\0';
	return text_u64(line, UINT64_MAX, ret_id) < 0
		       ? fail(e, ERR_SYSTEM, "read '/proc/thread-self/%s'", name)
		       : 0;
}

/* One reading of the list, the last mount first. *@ret_found: how many there were to take away. */
static int sweep(int proc, int rootfd, size_t *ret_found, struct err *e)
{
	own_mounts struct mount_table t = { 0 };
	own_mem char *text = NULL;
	size_t found = 0;
	uint64_t root;

	if (read_root_id(proc, rootfd, &root, e) < 0 ||
	    file_read(proc, "mountinfo", MOUNTINFO_MAX, &text, e) < 0)
		return -1;
	if (mount_table_parse(&t, text) < 0)
		return fail_errno(e, ENOMEM, "look for the host's mounts");
	for (size_t i = t.n; i-- > 0;)
		if (is_revealing(&t, root, &t.at[i])) {
			found++;
			if (take_away(&t.at[i], e) < 0)
				return -1;
		}
	*ret_found = found;
	return 0;
}

static int hide_host(struct init *in, struct err *e)
{
	own_fd int proc = init_open_proc("thread-self", e);
	size_t found = 1;

	if (proc < 0)
		return -1;
	for (int i = 0; found && i < ROUNDS; i++)
		if (sweep(proc, in->rootfd, &found, e) < 0)
			return -1;
	return found ? fail(e, ERR_DENIED, "hide the host's /proc and /sys: they come back") : 0;
}

/**
 * init_chroot() - make the working directory, which is the container's root, "/"
 *
 * Where the root was made on top of "/", it stays there; where it is on its own path, for hooks'
 * sake or before Linux 5.12, it is moved there.
 */
int init_chroot(struct init *in, struct err *e)
{
	const struct plan_rootfs *r = in->plan.rootfs;

	if (hide_host(in, e) < 0)
		return -1;
	if ((r->fd < 0 || in->root_in_place) && mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return fail_sys(e, "move the root to '/'");
	return chroot(".") < 0 ? fail_sys(e, "chroot to the root") : 0;
}
