/* inspect_all.h - what the commands `inspect` share: an array of what was found, docker's layout */
#ifndef CLI_INSPECT_ALL_H
#define CLI_INSPECT_ALL_H

#include "base/arena.h"
#include "base/render.h"
#include "tare/cli.h"

struct store;

/* Print all that is known of @word into @out, as @how says. */
typedef int inspect_one(struct store *s, const char *word, const struct render *how,
			struct arena *a, struct str *out, struct err *e);

int inspect_all(const struct cli *cli, const char *format, char **words, size_t n, inspect_one *one,
		int *ret_status, struct err *e);

#endif
