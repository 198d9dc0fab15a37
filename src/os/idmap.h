/* idmap.h - user namespaces that exist only to say how ids are shifted */
#ifndef OS_IDMAP_H
#define OS_IDMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

/* One range; the layout is that of the OCI config's mappings. */
struct idmap_range {
	uint32_t inside, outside, size;
};

int idmap_text(const struct idmap_range *map, size_t n, struct str *out);
int idmap_write(pid_t pid, const char *file, const char *text, struct err *e);
int idmap_open_userns(const struct idmap_range *uids, size_t n_uids, const struct idmap_range *gids,
		      size_t n_gids, struct err *e);
int idmap_parse(const char *spec, struct idmap_range *ret_map, size_t max, size_t *ret_n,
		struct err *e);

#endif
