/* change.h - a line of a Dockerfile that changes what an image's containers run (import, commit) */
#ifndef IMAGE_CHANGE_H
#define IMAGE_CHANGE_H

#include "spec/image.h"

int image_change(struct image_run *run, const char *line, struct arena *a, struct err *e);
int image_changes(struct image_run *run, const char *const *lines, size_t n, struct arena *a,
		  struct err *e);

#endif
