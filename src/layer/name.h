/* name.h - an archive's names: where they lead below the root, and which of them are whiteouts
 *
 * Names are cleaned as text, before any file is looked at, just as Docker does: a leading slash
 * means the root, "a/../b" is "b". What climbs above the root is refused, and so is what no file
 * system takes. Bytes that are not printable are kept: images have them, and who prints a name has
 * to make it visible.
 */
#ifndef LAYER_NAME_H
#define LAYER_NAME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* struct name - a clean name: no slash at either end, no "." or "..", "" for the root
 * @len:  of @path
 * @base: where the last component begins
 */
struct name {
	char path[PATH_MAX];
	size_t len, base;
};

int name_clean(const char *raw, size_t depth, struct name *ret_name, struct err *e);
bool name_climbs(const char *dir, size_t dir_len, const char *target);

/**
 * enum whiteout - what the last component of a name means (image-spec layer.md, "Whiteouts")
 * @WHITEOUT_NONE:   an ordinary name
 * @WHITEOUT_ONE:    ".wh.x": x of the layers below is gone
 * @WHITEOUT_OPAQUE: ".wh..wh..opq": all of the folder's files of the layers below are gone
 * @WHITEOUT_AUFS:   other names of ".wh..wh.", which aufs kept for itself; they mean nothing
 */
enum whiteout { WHITEOUT_NONE, WHITEOUT_ONE, WHITEOUT_OPAQUE, WHITEOUT_AUFS };

int whiteout_of(struct name *n, enum whiteout *ret_what, struct err *e);

#endif
