/* base.c - tare/base, made of the root filesystem that is in this program: busybox and a small /etc
 *
 * The same bytes, and so the same id, on every machine with this tare. Whoever opens a store that
 * hasn't got it puts it there.
 */
#include "cli/base.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "image/change.h"
#include "image/import.h"
#include "os/spawn.h"
#include "store/images.h"

extern const char tare_rootfs_start[], tare_rootfs_end[];

static const char *const changes[] = {
	"CMD [\"sh\"]",
	"ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

static int make(struct store *s, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct layers layers;
	struct platform platform;
	struct image_run run = { 0 };
	struct import m = { .store = s,
			    .layers = &layers,
			    .platform = &platform,
			    .run = &run,
			    .a = &a,
			    .comment = "tare's own",
			    .tag = BASE_IMAGE };
	own_fd int archive = memfd_of("rootfs", tare_rootfs_start,
				      (size_t)(tare_rootfs_end - tare_rootfs_start), e);

	if (archive < 0 || platform_of_host(&platform, e) < 0 || layers_init(&layers, s, e) < 0)
		return -1;
	if (image_changes(&run, changes, COUNT(changes), &a, e) < 0)
		return -1;
	return image_import(&m, archive, e);
}

/* base_provide() - put it into the store, unless it is there */
int base_provide(struct store *s, struct err *e)
{
	struct digest there;
	int r = store_image_by_tag(s, BASE_IMAGE, &there, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	return make(s, e) < 0 ? fail_in(e, "make the image tare/base") : store_lease_end(s, e);
}
