/* layers.c - unpacks what is missing, as many at a time as there are processors */
#include "image/layers.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/lock.h"
#include "os/tree.h"

/* layers_init() - how it is done on this host */
int layers_init(struct layers *ls, struct store *s, struct err *e)
{
	cpu_set_t cpus;
	int n = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;

	*ls = (struct layers){ .store = s, .workers = n > 1 ? (size_t)n : 1 };
	return snapshot_driver_of(s, NULL, &ls->driver, e);
}

/* layer_name() - of the folder that a layer is unpacked into */
const char *layer_name(const struct layers *ls, const struct stored_layer *layer,
		       char buf[DIGEST_TEXT])
{
	return digest_hex(ls->driver->chained ? &layer->chain_id : &layer->diff_id, buf);
}

static int is_there(struct layers *ls, const char *name, struct err *e)
{
	own_rows rows = { 0 };
	struct stat st;
	int r;

	if (db_query(&ls->store->db, DB_LAYER_FIND, &rows, e, "s", name) < 0)
		return -1;
	r = db_next(&rows, e);
	if (r <= 0)
		return r;
	return fstatat(ls->store->layers, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* layers_have() - whether a layer is unpacked here */
int layers_have(struct layers *ls, const struct stored_layer *layer, struct err *e)
{
	char name[DIGEST_TEXT];

	return is_there(ls, layer_name(ls, layer, name), e);
}

static void temporary(const struct layer_job *j, char buf[DIGEST_TEXT + 8])
{
	snprintf(buf, DIGEST_TEXT + 8, "tmp-%s", j->name);
}

static int lock(struct layer_job *j, struct err *e)
{
	char name[DIGEST_TEXT + 8];
	int layers = j->layers->store->layers;

	temporary(j, name);
	for (;;) {
		if (mkdirat(layers, name, 0700) < 0 && errno != EEXIST)
			return fail_sys(e, "make the folder '%s'", name);
		fd_take(&j->folder,
			openat(layers, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
		if (j->folder < 0 && errno == ENOENT)
			continue;
		if (j->folder < 0)
			return fail_sys(e, "open the folder '%s'", name);
		if (flock(j->folder, LOCK_EX | LOCK_NB) < 0) {
			fd_close(&j->folder);
			return LAYER_BUSY;
		}
		if (lock_is_named(j->folder, layers, name))
			return LAYER_MINE;
	}
}

/**
 * layer_begin() - will it be unpacked by us? What is there already is leased to us
 *
 * Return: LAYER_MINE, LAYER_HAVE or LAYER_BUSY (ask again), which is also in @j->state; -1.
 */
int layer_begin(struct layer_job *j, struct layers *ls, const struct stored_layer *layer,
		struct err *e)
{
	int r;

	*j = (struct layer_job){ .layers = ls,
				 .layer = layer,
				 .folder = FD_NONE,
				 .target = FD_NONE,
				 .unpack = UNPACK_NONE };
	(void)layer_name(ls, layer, j->name);
	if (store_lease(ls->store, j->name, e) < 0)
		return -1;
	r = is_there(ls, j->name, e);
	if (r == 0) {
		r = lock(j, e);
		if (r != LAYER_MINE)
			return r < 0 ? -1 : (int)(j->state = LAYER_BUSY);
		/* whoever held the lock until now may have done it */
		r = is_there(ls, j->name, e);
	}
	if (r < 0)
		return -1;
	if (r > 0)
		layer_jobs_done(j, 1);
	return (int)(j->state = r > 0 ? LAYER_HAVE : LAYER_MINE);
}

/**
 * layer_start() - begin to unpack @input, which the worker has then; the caller may close it
 * @below: chained drivers: the tree that it goes onto, or FD_NONE
 */
int layer_start(struct layer_job *j, int input, int below, struct err *e)
{
	const struct layers *ls = j->layers;
	struct unpack_order order = {
		.input = input,
		.mode = ls->driver->chained ? UNPACK_APPLY : UNPACK_OVERLAY,
		.opaque = ls->store->user_xattrs ? UNPACK_OPAQUE_USER : UNPACK_OPAQUE_TRUSTED,
		.diff_id = &j->layer->diff_id,
	};

	/* what a holder left that was killed */
	if (tree_remove(j->folder, "root", e) < 0)
		return -1;
	if (ls->driver->layer(j->folder, "root", below, e) < 0)
		return -1;
	j->target = openat(j->folder, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (j->target < 0)
		return fail_sys(e, "open the folder of a layer");
	order.target = j->target;
	if (unpack_start(&j->unpack, &order, e) < 0)
		return -1;
	j->state = LAYER_RUNNING;
	return 0;
}

/* layer_note() - what is known of the layer in @target by its archive alone */
int layer_note(const struct layers *ls, int target, const struct unpack_result *result,
	       struct err *e)
{
	return result->roots || !ls->driver->rootless ? 0
						      : ls->driver->rootless(ls->store, target, e);
}

/* layer_finish() - wait for the worker; a layer that is not what its config says is an error */
int layer_finish(struct layer_job *j, struct err *e)
{
	char text[DIGEST_TEXT];

	if (unpack_finish(&j->unpack, &j->result, e) < 0)
		return fail_in(e, "unpack the layer %.19s", digest_text(&j->layer->blob, text));
	if (layer_note(j->layers, j->target, &j->result, e) < 0)
		return -1;
	j->state = LAYER_DONE;
	return 0;
}

/**
 * layer_again() - unpack a layer once more, beside the one that is there
 * @below: chained drivers: the tree that it goes onto, or FD_NONE
 *
 * It is "root" in @j->folder, and @j->target. layer_jobs_done() removes it, also after a failure; who
 * keeps it renames it before.
 */
int layer_again(struct layer_job *j, struct layers *ls, const struct stored_layer *layer, int below,
		struct err *e)
{
	own_fd int blob = FD_NONE;
	char name[DIGEST_TEXT];
	int r;

	*j = (struct layer_job){ .layers = ls,
				 .layer = layer,
				 .folder = FD_NONE,
				 .target = FD_NONE,
				 .unpack = UNPACK_NONE };
	snprintf(j->name, sizeof(j->name), "again-%.128s", layer_name(ls, layer, name));
	r = lock(j, e);
	if (r == LAYER_BUSY)
		return fail(e, ERR_CONFLICT, "unpack it again: another process does so");
	blob = r < 0 ? FD_NONE : store_blob_open(ls->store, &layer->blob, NULL, e);
	if (blob < 0 || layer_start(j, blob, below, e) < 0)
		return -1;
	return layer_finish(j, e);
}

/* A layer that has come twice in one image is done by the first of its jobs. */
static int place(struct layer_job *j, struct err *e)
{
	struct store *s = j->layers->store;
	char name[DIGEST_TEXT + 8], diff[DIGEST_TEXT], chain[DIGEST_TEXT] = "";

	if (j->layers->driver->chained)
		(void)digest_text(&j->layer->chain_id, chain);
	temporary(j, name);
	/* a folder without a record, which a power cut can leave */
	if (renameat2(j->folder, "root", s->layers, j->name, RENAME_NOREPLACE) < 0 &&
	    (errno != EEXIST || tree_remove(s->layers, j->name, e) < 0 ||
	     renameat(j->folder, "root", s->layers, j->name) < 0))
		return fail_sys(e, "give the layer '%s' its name", j->name);
	(void)unlinkat(s->layers, name, AT_REMOVEDIR);
	return db_run(&s->db, DB_LAYER_ADD, e, "sssii", j->name,
		      digest_text(&j->layer->diff_id, diff), chain, (int64_t)j->result.size,
		      (int64_t)j->result.entries);
}

/* layers_commit() - those that are done get their names and records, after a flush to the disk */
int layers_commit(struct layers *ls, struct layer_job *jobs, size_t n, struct err *e)
{
	own_transaction t = { 0 };
	size_t done = 0;

	for (size_t i = 0; i < n; i++)
		done += jobs[i].state == LAYER_DONE;
	if (done == 0)
		return 0;
	if (syncfs(ls->store->layers) < 0)
		return fail_sys(e, "flush the layers to the disk");
	if (db_begin(&ls->store->db, &t, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (jobs[i].state == LAYER_DONE && place(&jobs[i], e) < 0)
			return -1;
	if (fsync(ls->store->layers) < 0)
		return fail_sys(e, "flush the folder of layers to the disk");
	return db_commit(&t, e);
}

/* layer_jobs_done() - end the workers of jobs that are not wanted any more, and what they made */
void layer_jobs_done(struct layer_job *jobs, size_t n)
{
	struct err ignored = { 0 };
	char name[DIGEST_TEXT + 8];

	for (size_t i = 0; i < n; i++) {
		struct layer_job *j = &jobs[i];

		if (j->folder < 0)
			continue;
		unpack_cancel(&j->unpack);
		temporary(j, name);
		(void)tree_remove(j->folder, "root", &ignored);
		/* only while it is ours: after a commit somebody may have begun anew */
		if (lock_is_named(j->folder, j->layers->store->layers, name))
			(void)unlinkat(j->layers->store->layers, name, AT_REMOVEDIR);
		fd_close(&j->target);
		fd_close(&j->folder);
	}
}

/**
 * layers_settle() - for who waits for layers that others unpack: what is done gets its name now
 *
 * They may be waiting for ours; so nobody who waits holds any that is done.
 */
int layers_settle(struct layers *ls, struct layer_job *jobs, size_t n, struct err *e)
{
	if (layers_commit(ls, jobs, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (jobs[i].state == LAYER_DONE) {
			layer_jobs_done(&jobs[i], 1);
			jobs[i].state = LAYER_HAVE;
		}
	return 0;
}

/* struct queue - layers_unpack()'s */
struct queue {
	struct layers *ls;
	const struct stored_image *image;
	struct layer_job *jobs;
	size_t n, next, running;
};

static int start_one(struct queue *q, struct layer_job *j, struct err *e)
{
	own_fd int fd = store_blob_open(q->ls->store, &j->layer->blob, NULL, e);

	if (fd < 0 || layer_start(j, fd, FD_NONE, e) < 0)
		return -1;
	q->running++;
	return 0;
}

static bool came_before(const struct queue *q, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (digest_same(&q->image->layers.at[k].diff_id, &q->image->layers.at[i].diff_id))
			return true;
	return false;
}

static int fill(struct queue *q, struct err *e)
{
	for (size_t i = 0; i < q->n && q->running < q->ls->workers; i++) {
		struct layer_job *j = &q->jobs[i];

		if (j->layers && j->state != LAYER_BUSY)
			continue;
		if (came_before(q, i)) {
			*j = (struct layer_job){ .layers = q->ls,
						 .folder = FD_NONE,
						 .state = LAYER_HAVE };
			continue;
		}
		if (layer_begin(j, q->ls, &q->image->layers.at[i], e) < 0)
			return -1;
		if (j->state == LAYER_MINE && start_one(q, j, e) < 0)
			return -1;
	}
	return 0;
}

static bool is_over(const struct queue *q)
{
	for (size_t i = 0; i < q->n; i++)
		if (!q->jobs[i].layers || q->jobs[i].state == LAYER_BUSY ||
		    q->jobs[i].state == LAYER_RUNNING)
			return false;
	return true;
}

/* Whichever worker is done first; others' locks are asked again after a moment. */
static int wait_for_one(struct queue *q, struct err *e)
{
	own_mem struct pollfd *fds = calloc(q->n + 1, sizeof(*fds));
	int r;

	if (!fds)
		return fail_errno(e, ENOMEM, "unpack layers");
	for (size_t i = 0; i < q->n; i++)
		fds[i] = (struct pollfd){ .fd = q->jobs[i].layers &&
								q->jobs[i].state == LAYER_RUNNING
							? unpack_poll_fd(&q->jobs[i].unpack)
							: -1,
					  .events = POLLIN };
	r = poll(fds, (nfds_t)q->n, 20);
	if (r < 0 && errno != EINTR)
		return fail_sys(e, "wait for layers");
	for (size_t i = 0; r > 0 && i < q->n; i++)
		if (fds[i].revents) {
			q->running--;
			if (layer_finish(&q->jobs[i], e) < 0)
				return -1;
		}
	return 0;
}

/**
 * layers_unpack() - unpack what is missing of an image whose blobs are all in the store
 */
int layers_unpack(struct layers *ls, const struct stored_image *image, struct err *e)
{
	struct queue q = { .ls = ls, .image = image, .n = image->layers.n };
	int r = 0;

	if (ls->driver->chained)
		return layers_unpack_chain(ls, image, e);
	q.jobs = calloc(q.n + 1, sizeof(*q.jobs));
	if (!q.jobs)
		return fail_errno(e, ENOMEM, "unpack layers");
	while (r == 0 && !is_over(&q)) {
		r = fill(&q, e);
		if (r == 0 && q.running) {
			r = wait_for_one(&q, e);
		} else if (r == 0 && !is_over(&q)) {
			r = layers_settle(ls, q.jobs, q.n, e);
			clock_nap_ns(5000000);
		}
	}
	if (r == 0)
		r = layers_commit(ls, q.jobs, q.n, e);
	for (size_t i = 0; i < q.n; i++)
		if (q.jobs[i].layers)
			layer_jobs_done(&q.jobs[i], 1);
	free(q.jobs);
	return r;
}
