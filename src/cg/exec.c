/* exec.c - processes get into groups: this one before it becomes a program, others by number
 *
 * cg_enter_quickly() is what a start of a program pays: a controller is looked for at its usual
 * place first, and "0" written to its file moves the caller without a number to be looked up.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/cg.h"
#include "os/cgroup_file.h"
#include "os/net_class.h"
#include "os/path.h"

#define STANDARD "/sys/fs/cgroup"

static int fail_enter(const char *path, const char *who, int sysno, struct err *e)
{
	fail_errno(e, sysno, "move %s into group '%s'", who, path);
	if (sysno == ENOSPC)
		return fail_hint(e, "the group has no processors or memory nodes yet: set "
				    "cpuset.cpus and cpuset.mems first");
	if (sysno == EBUSY)
		return fail_hint(e, "v2's rule of no internal processes: the group hands on "
				    "controllers, so processes belong into a group below it");
	if (sysno == EACCES || sysno == EPERM)
		return fail_hint(e,
				 "its cgroup.procs (on v2 also that of the group above both) must "
				 "be this user's to write: create -t USER:GROUP");
	if (sysno == EOPNOTSUPP)
		return fail_hint(e, "the group is threaded, or below one that is");
	if (sysno == ENOENT)
		return fail_hint(e, "there is no such group: `tare cg create` makes it");
	return -1;
}

static long magic_of(int fd)
{
	struct statfs fs;

	return fd >= 0 && fstatfs(fd, &fs) == 0 ? (long)fs.f_type : 0;
}

/* On a mixed host a group may have a share of the network, by which v1's hierarchies know nothing: whoever
 * comes into one of them comes into the v2 group of the same name, too. Others' v2 groups are left
 * alone, and so are all by who may not look at programs (bpf(2): root). */
static int follow(const char *path, const char *pid, struct err *e)
{
	char group[CGROUP_PATH_MAX + sizeof(STANDARD "/unified")];
	own_fd int dir = FD_NONE;
	uint32_t class;
	int r;

	/* one call where there is none, as mostly; cgroups have no links to be led away by */
	snprintf(group, sizeof(group), STANDARD "/unified/%s", path);
	dir = fd_open(group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (magic_of(dir) != CGROUP2_SUPER_MAGIC || net_class_try_find(dir, &class) <= 0)
		return 0;
	r = cgroup_try_write(dir, "cgroup.procs", pid);
	return r < 0 ? fail_enter(path, "this process", -r, e) : 0;
}

/* v1's "tasks" moves one thread, which the caller of exec is; v2 has no such file. */
static int enter_below(int mountfd, bool v2, const char *path, struct err *e)
{
	char file[CGROUP_PATH_MAX + 16];
	int r;

	snprintf(file, sizeof(file), "%s/%s", path, v2 ? "cgroup.procs" : "tasks");
	own_fd int fd = path_try_open(mountfd, file, O_WRONLY, PATH_NOLINKS);

	r = fd < 0 ? fd : cgroup_try_write_fd(fd, "0");
	return r < 0 ? fail_enter(path, "this process", -r, e) : 0;
}

/**
 * cg_enter() - move the calling process, of one thread, into groups
 *
 * Fails at the first group that refuses; the caller is in those before it then, and should end.
 */
int cg_enter(const struct cg_group *groups, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < groups[i].n; j++) {
			const struct cgroup_hierarchy *h = groups[i].in[j].at;
			own_fd int mount = cg_mount_open(h, e);

			if (mount < 0 ||
			    enter_below(mount, h->version == CGROUP_V2, groups[i].path, e) < 0)
				return -1;
			if (h->version == CGROUP_V1 && follow(groups[i].path, "0", e) < 0)
				return -1;
		}
	return 0;
}

/* 1: it is at its usual place, and we are in the group; 0: it has to be looked for; -1: failed */
static int enter_v1(const char *controller, const char *path, struct err *e)
{
	char place[sizeof(STANDARD) + 264];
	own_fd int fd = FD_NONE;

	if (!cgroup_controllers_parse(controller) || strchr(controller, '/'))
		return 0;
	snprintf(place, sizeof(place), STANDARD "/%s", controller);
	fd = fd_open(place, O_PATH | O_DIRECTORY);
	if (magic_of(fd) != CGROUP_SUPER_MAGIC)
		return 0;
	return enter_below(fd, false, path, e) < 0 ? -1 : 1;
}

static int enter_all_v1(const struct cg_group *g, struct err *e)
{
	char list[sizeof(g->controllers)], *save = NULL;

	memcpy(list, g->controllers, sizeof(list));
	for (char *c = strtok_r(list, ",", &save); c; c = strtok_r(NULL, ",", &save)) {
		int r = enter_v1(c, g->path, e);

		if (r <= 0)
			return r;
	}
	return follow(g->path, "0", e) < 0 ? -1 : 1;
}

/**
 * cg_enter_quickly() - move the calling process, of one thread, into groups
 * @texts: "CONTROLLERS:PATH" each
 *
 * A hierarchy at an unusual place, and v2, are found as everywhere else.
 */
int cg_enter_quickly(const char *const *texts, size_t n, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	struct cg_group g;

	for (size_t i = 0; i < n; i++) {
		int r = cg_group_split(texts[i], &g, e) < 0 ? -1 : enter_all_v1(&g, e);

		if (r < 0)
			return -1;
		if (r > 0)
			continue;
		if (!w.n && cg_world_open(&w, e) < 0)
			return -1;
		if (cg_group_parse(&w, texts[i], &g, e) < 0 || cg_enter(&g, 1, e) < 0)
			return -1;
	}
	return 0;
}

/* cg_attach() - move a process, with all of its threads, into a group's hierarchies */
int cg_attach(const struct cg_group *g, pid_t pid, struct err *e)
{
	char text[16], who[32];

	snprintf(text, sizeof(text), "%d", (int)pid);
	snprintf(who, sizeof(who), "process %d", (int)pid);
	for (size_t i = 0; i < g->n; i++) {
		own_fd int fd = cg_open(g->in[i].at, g->path, e);
		int r;

		if (fd < 0)
			return -1;
		r = cgroup_try_write(fd, "cgroup.procs", text);
		if (r < 0)
			return fail_enter(g->path, who, -r, e);
		if (g->in[i].at->version == CGROUP_V1 && follow(g->path, text, e) < 0)
			return -1;
	}
	return 0;
}
