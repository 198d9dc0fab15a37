/* scratch.c - see scratch.h */
#include "store/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>

#include "os/file.h"
#include "os/tree.h"

/* Whose holder has ended, and which is still the folder of that name. */
static bool is_left(const struct store *s, const char *name, int *ret_fd)
{
	own_fd int fd = openat(s->ingest, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || !file_is_named(fd, s->ingest, name))
		return false;
	*ret_fd = give_fd(&fd);
	return true;
}

/* scratch_clear() - remove the folders that killed processes have left */
int scratch_clear(struct store *s, struct err *e)
{
	int copy = openat(s->ingest, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return fail_sys(e, "list the folder 'ingest'");
	for (struct dirent *d; (d = readdir(dir));) {
		own_fd int held = FD_NONE;

		if (d->d_name[0] != '.' && d->d_type != DT_REG && is_left(s, d->d_name, &held) &&
		    tree_remove(s->ingest, d->d_name, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * scratch_open() - make one
 * @x:    SCRATCH_NONE
 * @what: the first word of its name: what it is for
 */
int scratch_open(struct scratch *x, struct store *s, const char *what, struct err *e)
{
	uint64_t number;

	if (scratch_clear(s, e) < 0)
		return -1;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail_sys(e, "get a random number");
	snprintf(x->name, sizeof(x->name), "%s-%016llx", what, (unsigned long long)number);
	x->fd = file_make_locked(s->ingest, x->name, e);
	if (x->fd < 0)
		return -1;
	x->store = s;
	return 0;
}

/* scratch_remove() - with all that is in it */
int scratch_remove(struct scratch *x, struct err *e)
{
	int r = x->fd < 0 ? 0 : tree_remove(x->store->ingest, x->name, e);

	fd_close(&x->fd);
	return r;
}

void scratch_done(struct scratch *x)
{
	struct err ignored = { 0 };

	(void)scratch_remove(x, &ignored);
}
