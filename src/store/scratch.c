/* scratch.c - see scratch.h */
#include "store/scratch.h"

#include <dirent.h>
#include <fcntl.h>

#include "os/lock.h"
#include "os/tree.h"

/* scratch_clear() - remove the folders that killed processes have left */
int scratch_clear(struct store *s, struct err *e)
{
	int copy = openat(s->ingest, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return fail_sys(e, "list the folder 'ingest'");
	for (struct dirent *d; (d = readdir(dir));) {
		own_fd int fd = FD_NONE;

		if (d->d_name[0] == '.' || d->d_type == DT_REG)
			continue;
		fd = lock_try_left(s->ingest, d->d_name);
		if (fd >= 0 && tree_remove(s->ingest, d->d_name, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * scratch_open() - make one
 * @x:    SCRATCH_NONE
 * @what: what its name begins with, as in "load-"
 */
int scratch_open(struct scratch *x, struct store *s, const char *what, struct err *e)
{
	if (scratch_clear(s, e) < 0)
		return -1;
	x->fd = lock_make_new(s->ingest, what, x->name, e);
	x->store = s;
	return x->fd < 0 ? -1 : 0;
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
