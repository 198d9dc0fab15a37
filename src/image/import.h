/* import.h - an image of one layer, made of a root filesystem's archive */
#ifndef IMAGE_IMPORT_H
#define IMAGE_IMPORT_H

#include "image/layers.h"
#include "image/platform.h"
#include "store/images.h"

/**
 * struct import - what the image is to be
 * @run:     what its containers run
 * @comment: in its history
 * @created: ns since 1970
 * @tag:     its whole name; NULL: none
 * @id:      receives its id
 */
struct import {
	struct store *store;
	struct layers *layers;
	const struct platform *platform;
	struct image_run *run;
	const char *comment, *tag;
	int64_t created;
	struct arena *a;
	struct digest id;
};

int image_import(struct import *m, int input, struct err *e);

#endif
