/* cgroup_settle.c - what a fresh cgroup needs before a process can live in it
 *
 * v2: a controller works in a cgroup only when every cgroup above has it in its
 * subtree_control. v1: a cpuset without cpus or memory nodes takes no process.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_file.h"
#include "os/cgroup_priv.h"

/* Controllers that work per process only, not per thread (cgroups(7), thread mode). */
#define DOMAIN_ONLY (CGROUP_MEMORY | CGROUP_IO | CGROUP_HUGETLB | CGROUP_RDMA | CGROUP_MISC)

/* "DIR/FILE" */
static const char *file_in(const char *dir, const char *file, char *ret_path)
{
	size_t len = strlen(dir);

	memcpy(ret_path, dir, len);
	ret_path[len] = '/';
	strcpy(ret_path + len + 1, file);
	return ret_path;
}

static unsigned v2_controllers_at(const char *dir, const char *file)
{
	char path[CGROUP_PATH_MAX], list[256];

	if (cgroup_try_read(AT_FDCWD, file_in(dir, file, path), list, sizeof(list)) < 0)
		return 0;
	return cgroup_controllers_parse(list);
}

static void enable_list(unsigned bits, char *ret_list, size_t size)
{
	size_t len = 0;

	ret_list[0] = '\0';
	for (const struct word *w = cgroup_controller_words; w->name; w++) {
		if (!(bits & (unsigned)w->value) || len >= size)
			continue;
		len += (size_t)snprintf(ret_list + len, size - len, "%s+%s", len ? " " : "",
					w->name);
		bits &= ~(unsigned)w->value;
	}
}

/* All at once, and when the kernel refuses that, each on its own; the last error is kept. */
static int enable_at(const char *dir, unsigned bits)
{
	char path[CGROUP_PATH_MAX], list[256];
	int r, last = 0;

	file_in(dir, "cgroup.subtree_control", path);
	enable_list(bits, list, sizeof(list));
	r = cgroup_try_write(AT_FDCWD, path, list);
	if (r == 0)
		return 0;
	for (unsigned bit = 1; bit && bit <= bits; bit <<= 1) {
		if (!(bits & bit))
			continue;
		enable_list(bit, list, sizeof(list));
		r = cgroup_try_write(AT_FDCWD, path, list);
		last = r < 0 ? r : last;
	}
	return last;
}

/* "domain invalid": below a threaded cgroup; can become threaded itself if nobody needs more. */
static int settle_type(const char *dir, unsigned need, struct err *e)
{
	char path[CGROUP_PATH_MAX], type[32];
	int r;

	file_in(dir, "cgroup.type", path);
	if (cgroup_try_read(AT_FDCWD, path, type, sizeof(type)) < 0 ||
	    strcmp(type, "domain invalid") != 0)
		return 0;
	if (need & DOMAIN_ONLY) {
		fail(e, ERR_UNSUPPORTED,
		     "cgroup '%s' is below a threaded cgroup and can't have the "
		     "controllers that the limits need",
		     dir);
		return fail_hint(e, "choose a cgroupsPath that is not below a threaded cgroup");
	}
	r = cgroup_try_write(AT_FDCWD, path, "threaded");
	return r < 0 ? fail_errno(e, -r, "make cgroup '%s' threaded", dir) : 0;
}

static int fail_enable(const struct cgroup_place *p, unsigned lack, int sysno, struct err *e)
{
	char list[256];

	enable_list(lack, list, sizeof(list));
	if (!sysno)
		fail(e, ERR_UNSUPPORTED, "enable controllers '%s' for cgroup '%s'", list, p->dir);
	else
		fail_errno(e, sysno, "enable controllers '%s' for cgroup '%s'", list, p->dir);
	if (sysno == EBUSY)
		return fail_hint(e, "a cgroup above it has processes of its own: move them into a "
				    "child cgroup first");
	if (sysno == EACCES || sysno == EPERM)
		return fail_hint(e, "these controllers are not delegated to this user");
	return fail_hint(e, "a cgroup above it does not offer these controllers");
}

/**
 * cgroup_enable() - make controllers of the v2 hierarchy work in one cgroup, top down
 * @p:    a place in the v2 hierarchy whose directory exists
 * @need: those that must work
 * @want: those and others that may
 *
 * Nearly always everything is enabled already, and reading one file is all there is to do.
 */
int cgroup_enable(const struct cgroup_place *p, unsigned need, unsigned want, struct err *e)
{
	unsigned n = cgroup_place_levels(p), have;
	char dir[CGROUP_PATH_MAX];
	int last = 0;

	need &= ~CGROUP_V2_CORE;
	want &= ~CGROUP_V2_CORE;
	if (!want || !(want & ~v2_controllers_at(p->dir, "cgroup.controllers")))
		return 0;
	for (unsigned level = 0; level < n; level++) {
		unsigned lack;
		int r;

		cgroup_place_prefix(p, level, dir);
		lack = want & ~v2_controllers_at(dir, "cgroup.subtree_control");
		r = lack ? enable_at(dir, lack) : 0;
		last = r < 0 ? r : last;
		cgroup_place_prefix(p, level + 1, dir);
		if (settle_type(dir, need, e) < 0)
			return -1;
	}
	have = v2_controllers_at(p->dir, "cgroup.controllers");
	return need & ~have ? fail_enable(p, need & ~have, -last, e) : 0;
}

/* --- v1 cpuset ------------------------------------------------------------------------- */

/* A mount with "noprefix" (Android) has "cpus" where others have "cpuset.cpus". */
static const char *const cpuset_files[2][2] = { { "cpuset.cpus", "cpus" },
						{ "cpuset.mems", "mems" } };

static int cpuset_read(const char *dir, int which, char *ret_value, size_t size)
{
	char path[CGROUP_PATH_MAX];
	int r;

	r = cgroup_try_read(AT_FDCWD, file_in(dir, cpuset_files[which][0], path), ret_value, size);
	if (r == -ENOENT)
		r = cgroup_try_read(AT_FDCWD, file_in(dir, cpuset_files[which][1], path), ret_value,
				    size);
	return r;
}

static int cpuset_write(const char *dir, int which, const char *value)
{
	char path[CGROUP_PATH_MAX];
	int r = cgroup_try_write(AT_FDCWD, file_in(dir, cpuset_files[which][0], path), value);

	if (r == -ENOENT)
		r = cgroup_try_write(AT_FDCWD, file_in(dir, cpuset_files[which][1], path), value);
	return r;
}

/* A parent that we made ourselves hands its values down from now on: the next container
 * below it finds nothing to copy. */
static void cpuset_hand_down(const char *dir)
{
	char path[CGROUP_PATH_MAX];

	(void)cgroup_try_write(AT_FDCWD, file_in(dir, "cgroup.clone_children", path), "1");
}

/* Copies what the nearest level above has that has anything. Return: 0 or -errno */
static int cpuset_fill(const struct cgroup_place *p, int which)
{
	unsigned n = cgroup_place_levels(p), level = n;
	char dir[CGROUP_PATH_MAX], value[4096];
	int r;

	for (;; level--) {
		cgroup_place_prefix(p, level, dir);
		r = cpuset_read(dir, which, value, sizeof(value));
		if (r || level == 0)
			break;
	}
	while (r > 0 && level < n) {
		int w;

		cgroup_place_prefix(p, ++level, dir);
		w = cpuset_write(dir, which, value);
		r = w < 0 ? w : r;
	}
	return r < 0 ? r : 0;
}

/**
 * cgroup_cpuset_inherit() - give each empty level of a v1 cpuset what the level above it has
 * @p: a place whose directory exists
 */
int cgroup_cpuset_inherit(const struct cgroup_place *p, struct err *e)
{
	unsigned n = cgroup_place_levels(p);
	char dir[CGROUP_PATH_MAX];

	for (int which = 0; which < 2; which++) {
		int r = cpuset_fill(p, which);

		if (r < 0)
			return fail_errno(e, -r,
					  "copy the parent's cpus and memory nodes to cgroup '%s'",
					  p->dir);
	}
	for (unsigned level = n - p->made + 1; level < n; level++) {
		cgroup_place_prefix(p, level, dir);
		cpuset_hand_down(dir);
	}
	return 0;
}
