/* platform.h - for which machine an image is, and which of an index's is for ours */
#ifndef IMAGE_PLATFORM_H
#define IMAGE_PLATFORM_H

#include "spec/image.h"

/* struct platform - "linux/arm64/v8"; no variant: the architecture's usual one */
struct platform {
	char os[32], architecture[32], variant[32];
};

int platform_of_host(struct platform *ret, struct err *e);
int platform_parse(const char *text, struct platform *ret, struct err *e);
int platform_check(const struct platform *want, const char *what, const struct platform *is,
		   struct err *e);
struct platform platform_of(const char *os, const char *architecture, const char *variant);
const char *platform_text(const struct platform *p, char buf[100]);
const struct image_descriptor *platform_choose(const struct platform *want,
					       const struct image_index *index, struct err *e);
bool platform_runs(const struct platform *want, const char *os, const char *architecture,
		   const char *variant);

#endif
