/* layer_early.c - see layer_early.h */
#include "image/layer_early.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "os/lock.h"
#include "os/tree.h"

static int make_folder(struct layer_early *l, struct err *e)
{
	l->folder = lock_make_new(l->layers->store->layers, "tmp-early-", l->name, e);
	if (l->folder < 0)
		return -1;
	if (mkdirat(l->folder, "root", 0755) < 0)
		return fail_sys(e, "make the folder of a layer");
	l->target = openat(l->folder, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return l->target < 0 ? fail_sys(e, "open the folder of a layer") : 0;
}

/**
 * layer_early_start() - begin
 * @l: LAYER_EARLY_NONE; layer_early_done() removes what was not finished
 */
int layer_early_start(struct layer_early *l, struct layers *ls, struct err *e)
{
	struct unpack_order order = {
		.mode = UNPACK_OVERLAY,
		.opaque = ls->store->user_xattrs ? UNPACK_OPAQUE_USER : UNPACK_OPAQUE_TRUSTED,
	};
	own_fd int theirs = FD_NONE;
	int pair[2];

	l->layers = ls;
	/* one that stands on others is layers_unpack()'s */
	if (ls->driver->chained)
		return 0;
	if (make_folder(l, e) < 0)
		return -1;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail_sys(e, "make a pipe");
	theirs = pair[0];
	l->pipe = pair[1];
	(void)fcntl(l->pipe, F_SETPIPE_SZ, 1 << 20);
	order.input = theirs;
	order.target = l->target;
	return unpack_start(&l->unpack, &order, e);
}

/**
 * layer_early_add() - the next bytes of the layer, compressed or not; SIGPIPE is blocked or ignored
 *
 * A worker that takes no more says why at the end.
 */
int layer_early_add(struct layer_early *l, const void *at, size_t len, struct err *e)
{
	const char *from = at;

	while (len > 0 && l->pipe >= 0) {
		ssize_t n = write(l->pipe, from, len);

		if (n < 0 && errno == EPIPE)
			fd_close(&l->pipe);
		else if (n < 0 && errno != EINTR)
			return fail_sys(e, "unpack the layer");
		if (n > 0) {
			from += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Into the folder that is locked for this layer, as if it had been unpacked there. */
static int hand_over(struct layer_early *l, struct layer_job *j, struct err *e)
{
	if (tree_remove(j->folder, "root", e) < 0)
		return -1;
	if (renameat(l->folder, "root", j->folder, "root") < 0)
		return fail_sys(e, "give the layer '%s' its name", j->name);
	j->state = LAYER_DONE;
	return layers_commit(l->layers, j, 1, e);
}

/**
 * layer_early_finish() - all bytes were given: it is the layer @layer
 *
 * If somebody else is at the same one, that is left to him, and to layers_unpack().
 */
int layer_early_finish(struct layer_early *l, const struct stored_layer *layer, struct err *e)
{
	struct layer_job j;
	struct unpack_result result;
	int r;

	if (l->folder < 0)
		return 0;
	fd_close(&l->pipe);
	if (unpack_finish(&l->unpack, &result, e) < 0)
		return fail_in(e, "unpack the layer");
	if (!digest_same(&result.diff_id, &layer->diff_id))
		return fail(e, ERR_BUG, "unpack the layer: it is not what was packed");
	if (layer_note(l->layers, l->target, &result, e) < 0)
		return -1;
	r = layer_begin(&j, l->layers, layer, e);
	if (r == LAYER_MINE) {
		j.result = result;
		r = hand_over(l, &j, e);
	}
	layer_jobs_done(&j, 1);
	return r < 0 ? -1 : 0;
}

/* layer_early_done() - end what is not finished, and remove what it has made */
void layer_early_done(struct layer_early *l)
{
	struct err ignored = { 0 };

	fd_close(&l->pipe);
	unpack_cancel(&l->unpack);
	fd_close(&l->target);
	if (*l->name)
		(void)tree_remove(l->layers->store->layers, l->name, &ignored);
	fd_close(&l->folder);
	*l->name = '\0';
}
