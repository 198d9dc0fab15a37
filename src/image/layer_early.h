/* layer_early.h - a layer that is unpacked while it is made: what it is called is known at its end
 *
 * It lies in layers/tmp-early-NUMBER, locked, until it is whole; then it becomes what any other layer is
 * (layers.h), unless somebody else has brought the same one in the meantime.
 */
#ifndef IMAGE_LAYER_EARLY_H
#define IMAGE_LAYER_EARLY_H

#include "image/layers.h"
#include "os/lock.h"

/* struct layer_early - @pipe: to the worker; FD_NONE when it takes no more */
struct layer_early {
	struct layers *layers;
	int folder, target, pipe;
	struct unpack unpack;
	char name[LOCK_NAME];
};

#define LAYER_EARLY_NONE \
	{ \
		.folder = FD_NONE, .target = FD_NONE, .pipe = FD_NONE, .unpack = UNPACK_NONE \
	}
#define own_layer_early __attribute__((cleanup(layer_early_done))) struct layer_early

int layer_early_start(struct layer_early *l, struct layers *ls, struct err *e);
int layer_early_add(struct layer_early *l, const void *at, size_t len, struct err *e);
int layer_early_finish(struct layer_early *l, const struct stored_layer *layer, struct err *e);
void layer_early_done(struct layer_early *l);

#endif
