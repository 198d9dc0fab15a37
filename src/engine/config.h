/* config.h - from a wish to the config.json that an OCI runtime reads */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "base/arena.h"
#include "engine/mounts.h"
#include "engine/wish.h"
#include "spec/oci.h"

/**
 * struct config_place - where the container lies
 * @id:     its id, which names its cgroup
 * @hostname: of config_hostname()
 * @root:   descriptor of its root filesystem, mounted: users are looked up in there
 * @folder: absolute path of the folder that has rootfs/, hostname, hosts and resolv.conf
 */
struct config_place {
	const char *id, *hostname, *folder;
	int root;
};

#define CONFIG_HOSTNAME 65 /* bytes of a host name, with its end */

const char *config_hostname(const struct wish *w, const char *id, char buf[CONFIG_HOSTNAME]);
int config_make(const struct wish *w, const struct mounts_asked *mounts,
		const struct config_place *at, struct arena *a, struct oci_config *ret_config,
		struct err *e);

/* config_process.c */
int config_user(const char *spec, char *const *more_groups, int root, struct arena *a,
		struct oci_user *ret_user, struct err *e);
char **config_words(const struct image_run *c, struct arena *a, struct err *e);
int config_process(const struct wish *w, const struct config_place *at, struct arena *a,
		   struct oci_process *ret_process, struct err *e);

/* config_mounts.c */
int config_mounts(const struct wish *w, const struct mounts_asked *mounts,
		  const struct config_place *at, struct arena *a, struct oci_config *c,
		  struct err *e);

/* config_devices.c */
int config_devices(const struct host_config *h, struct arena *a, struct oci_linux *l,
		   struct err *e);
int config_block_io(const struct host_config *h, struct arena *a, struct oci_block_io *b,
		    struct err *e);

#endif
