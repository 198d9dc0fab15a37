/* output.c - see output.h */
#include "os/output.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Without a name, so that nothing stays if we are killed; where the file system has no such files, with
 * one that is ours. */
static int open_new(struct output *o, const char *path, struct err *e)
{
	o->fd = openat(o->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (o->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return fail_sys(e, "write '%s'", path);
	snprintf(o->temporary, sizeof(o->temporary), ".%.40s.%d", o->name, (int)getpid());
	o->fd = openat(o->folder, o->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		       0600);
	return o->fd < 0 ? fail_sys(e, "write '%s'", path) : 0;
}

#define LINKS_MAX 40 /* as the kernel */

/* What a path leads to; the last link may lead to what is not there yet. NULL without memory, or where
 * links lead round. */
static char *real_of(const char *path)
{
	own_mem char *at = strdup(path);

	for (int n = 0; at && n < LINKS_MAX; n++) {
		char *real = realpath(at, NULL), target[PATH_MAX], *next = NULL;
		ssize_t len = real ? -1 : readlink(at, target, sizeof(target) - 1);
		const char *slash = strrchr(at, '/');

		if (len < 0)
			return real ? real : give(at);
		target[len] = '\0';
		if (asprintf(&next, "%.*s%s", *target == '/' || !slash ? 0 : (int)(slash - at + 1),
			     at, target) < 0)
			return NULL;
		free(at);
		at = next;
	}
	errno = at ? ELOOP : ENOMEM;
	return NULL;
}

/**
 * output_open() - begin
 * @o:    OUTPUT_NONE; output_done() ends it
 * @path: a link is followed: it is its file that will be another one
 */
int output_open(struct output *o, const char *path, struct err *e)
{
	own_mem char *real = NULL;
	struct stat st;
	char *slash;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		o->fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return o->fd < 0 ? fail_sys(e, "write '%s'", path) : 0;
	}
	real = real_of(path);
	if (!real)
		return fail_sys(e, "write '%s'", path);
	slash = strrchr(real, '/');
	o->name = strdup(slash ? slash + 1 : real);
	if (!o->name)
		return fail_errno(e, ENOMEM, "write '%s'", path);
	if (!*o->name)
		return fail_errno(e, EISDIR, "write '%s'", path);
	if (slash)
		slash[1] = '\0';
	o->folder = fd_open(slash ? real : ".", O_RDONLY | O_DIRECTORY);
	if (o->folder < 0)
		return fail_sys(e, "write '%s'", path);
	return open_new(o, path, e);
}

static int give_name(struct output *o)
{
	char self[32];

	if (*o->temporary)
		return 0;
	snprintf(o->temporary, sizeof(o->temporary), ".%.40s.%d", o->name, (int)getpid());
	if (linkat(o->fd, "", o->folder, o->temporary, AT_EMPTY_PATH) == 0)
		return 0;
	/* without CAP_DAC_READ_SEARCH by this way only */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
	if (linkat(AT_FDCWD, self, o->folder, o->temporary, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	*o->temporary = '\0';
	return -1;
}

/* output_keep() - it is whole: give it its name */
int output_keep(struct output *o, struct err *e)
{
	if (!o->name)
		return 0;
	if (give_name(o) < 0 || renameat(o->folder, o->temporary, o->folder, o->name) < 0)
		return fail_sys(e, "write '%s'", o->name);
	*o->temporary = '\0';
	return 0;
}

/* output_done() - what was not kept goes */
void output_done(struct output *o)
{
	if (*o->temporary)
		(void)unlinkat(o->folder, o->temporary, 0);
	fd_close(&o->fd);
	fd_close(&o->folder);
	free(o->name);
	*o = (struct output)OUTPUT_NONE;
}
