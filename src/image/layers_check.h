/* layers_check.h - whether unpacked layers are what their blobs make */
#ifndef IMAGE_LAYERS_CHECK_H
#define IMAGE_LAYERS_CHECK_H

#include "image/layers.h"
#include "store/check.h"

int layers_check(struct check *c, struct store *s, struct err *e);

#endif
