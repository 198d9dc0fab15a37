/* document.h - documents that we make ourselves, into the store */
#ifndef IMAGE_DOCUMENT_H
#define IMAGE_DOCUMENT_H

#include "base/arena.h"
#include "spec/image.h"
#include "store/store.h"

int document_keep(struct store *s, const struct bind_table *t, const void *doc, const char *type,
		  struct arena *a, struct image_descriptor *ret_descriptor,
		  struct digest *ret_digest, struct err *e);

#endif
