/* image_filter.h - --filter of the commands that list and prune images */
#ifndef CLI_IMAGE_FILTER_H
#define CLI_IMAGE_FILTER_H

#include "base/filter.h"
#include "store/listing.h"

enum {
	IMAGE_BEFORE,
	IMAGE_DANGLING,
	IMAGE_LABEL,
	IMAGE_REFERENCE,
	IMAGE_SINCE,
	IMAGE_UNTIL,
};

extern const struct filter_key image_filters[], image_prune_filters[];

int image_filters_resolve(struct store *s, const struct listed_images *all, struct filters *f,
			  struct err *e);
int image_fits(struct store *s, const struct listed_image *i, const struct filters *f,
	       struct err *e);
bool image_name_fits(const struct filters *f, const char *repository, const char *whole);

#endif
