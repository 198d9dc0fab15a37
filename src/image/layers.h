/* layers.h - the layers of an image, unpacked: each once, whoever wants it
 *
 * A layer is unpacked into layers/tmp-NAME/root under a lock on tmp-NAME, which ends with its holder;
 * others who want it wait. When all of an image's are there they are flushed, renamed and recorded
 * together; who has to wait for others does so with those that are done before.
 */
#ifndef IMAGE_LAYERS_H
#define IMAGE_LAYERS_H

#include "layer/unpack.h"
#include "snapshot/snapshot.h"
#include "store/images.h"

/**
 * struct layers - how layers are unpacked here
 * @driver:  what they are unpacked for; if it is chained, each stands on the one below, so that they
 *           come one after another, and a layer's name is its chain's
 * @workers: how many at a time, if not
 */
struct layers {
	struct store *store;
	const struct snapshot_driver *driver;
	size_t workers;
};

/**
 * struct layer_job - one layer on its way
 * @name:   of the layer's folder, when it is whole
 * @folder: tmp-NAME, locked; @target is root in it
 */
struct layer_job {
	struct layers *layers;
	const struct stored_layer *layer;
	char name[DIGEST_TEXT];
	int folder, target;
	struct unpack unpack;
	struct unpack_result result;
	enum { LAYER_MINE, LAYER_HAVE, LAYER_BUSY, LAYER_RUNNING, LAYER_DONE } state;
};

int layer_begin(struct layer_job *j, struct layers *ls, const struct stored_layer *layer,
		struct err *e);
int layer_start(struct layer_job *j, int input, int below, struct err *e);
int layer_note(const struct layers *ls, int target, const struct unpack_result *result,
	       struct err *e);
int layer_finish(struct layer_job *j, struct err *e);
int layer_again(struct layer_job *j, struct layers *ls, const struct stored_layer *layer, int below,
		struct err *e);
int layers_commit(struct layers *ls, struct layer_job *jobs, size_t n, struct err *e);
int layers_settle(struct layers *ls, struct layer_job *jobs, size_t n, struct err *e);
void layer_jobs_done(struct layer_job *jobs, size_t n);

const char *layer_name(const struct layers *ls, const struct stored_layer *layer,
		       char buf[DIGEST_TEXT]);
int layers_unpack_chain(struct layers *ls, const struct stored_image *image, struct err *e);

int layers_init(struct layers *ls, struct store *s, struct err *e);
int layers_have(struct layers *ls, const struct stored_layer *layer, struct err *e);
int layers_unpack(struct layers *ls, const struct stored_image *image, struct err *e);
int layers_remove_left(struct store *s, struct err *e);
int layers_remove_unused(struct layers *ls, uint64_t *bytes, size_t *n, struct err *e);

#endif
