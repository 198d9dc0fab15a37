/* inspect_all.h - what the commands `inspect` share: an array of what was found, docker's layout */
#ifndef CLI_INSPECT_ALL_H
#define CLI_INSPECT_ALL_H

#include "base/arena.h"
#include "base/render.h"
#include "tare/cli.h"

struct store;

/**
 * struct inspect_wish - what is asked of each
 * @how: set by inspect_all()
 * @format: --format; NULL: JSON
 * @platform: of images: --platform; NULL: ours
 */
struct inspect_wish {
	struct render how;
	const char *format, *platform;
};

/* Print all that is known of @word into @out. */
typedef int inspect_one(struct store *s, const char *word, const struct inspect_wish *w,
			struct arena *a, struct str *out, struct err *e);

int inspect_all(const struct cli *cli, struct inspect_wish *w, char **words, size_t n,
		inspect_one *one, int *ret_status, struct err *e);

/* inspect.c, container_inspect.c */
inspect_one inspect_image, inspect_container;

#endif
