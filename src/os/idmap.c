/* idmap.c - writing id maps, and user namespaces that hold one for an id-mapped mount */
#include "os/idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "os/file.h"

/* idmap_text() - ranges in the form that uid_map and gid_map take; 0, or -1 without memory */
int idmap_text(const struct idmap_range *map, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%u %u %u\n", map[i].inside, map[i].outside, map[i].size);
	return out->torn ? -1 : 0;
}

/* idmap_write() - write /proc/@pid/@file (uid_map, gid_map or setgroups) */
int idmap_write(pid_t pid, const char *file, const char *text, struct err *e)
{
	char path[48];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = file_try_write(AT_FDCWD, path, text);
	if (r == 0)
		return 0;
	fail_errno(e, -r, "write the %s of process %d", file, (int)pid);
	if (r == -EPERM)
		fail_hint(e, "are the host ids within what the caller may map?");
	if (r == -EINVAL)
		fail_hint(e, "ranges may not overlap, be empty, or wrap around");
	return -1;
}

/* A child that does nothing but hold a user namespace open until it is killed. */
static pid_t hold_userns(struct err *e)
{
	pid_t parent = getpid(),
	      pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		/* it may have died before that; it is in our pid namespace */
		while (getppid() == parent)
			(void)pause();
		_exit(0);
	}
	return pid < 0 ? fail_sys(e, "make a user namespace for an id-mapped mount") : pid;
}

static int write_maps(pid_t pid, const struct idmap_range *uids, size_t n_uids,
		      const struct idmap_range *gids, size_t n_gids, struct err *e)
{
	own_str struct str u = { 0 }, g = { 0 };

	if (idmap_text(uids, n_uids, &u) < 0 || idmap_text(gids, n_gids, &g) < 0)
		return fail_errno(e, ENOMEM, "map ids");
	if (idmap_write(pid, "uid_map", u.at, e) < 0)
		return -1;
	return idmap_write(pid, "gid_map", g.at, e);
}

/**
 * idmap_open_userns() - a user namespace with the given maps, for mount_idmap()
 *
 * Return: a descriptor that keeps it alive, or -1.
 */
int idmap_open_userns(const struct idmap_range *uids, size_t n_uids, const struct idmap_range *gids,
		      size_t n_gids, struct err *e)
{
	pid_t pid = hold_userns(e);
	char path[32];
	int fd = -1;

	if (pid < 0)
		return -1;
	if (write_maps(pid, uids, n_uids, gids, n_gids, e) == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		fd = fd_open(path, O_RDONLY);
		if (fd < 0)
			fail_sys(e, "open '%s'", path);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return fd;
}

/**
 * idmap_parse() - read "FROM-TO-SIZE#FROM-TO-SIZE…", crun's notation
 * @max: room at @ret_map
 */
int idmap_parse(const char *spec, struct idmap_range *ret_map, size_t max, size_t *ret_n,
		struct err *e)
{
	size_t n = 0;

	while (*spec) {
		struct idmap_range *r = &ret_map[n];
		int used = 0;

		if (n == max)
			return fail(e, ERR_LIMIT, "more than %zu id ranges", max);
		if (sscanf(spec, "%u-%u-%u%n", &r->inside, &r->outside, &r->size, &used) != 3 ||
		    (spec[used] && spec[used] != '#'))
			return fail(e, ERR_INPUT, "'%s' is not of the form FROM-TO-SIZE", spec);
		n++;
		spec += used + (spec[used] == '#');
	}
	*ret_n = n;
	return 0;
}
