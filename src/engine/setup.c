/* setup.c - see setup.h */
#include "engine/setup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/config.h"
#include "engine/etc.h"
#include "os/file.h"
#include "os/spawn.h"

#define RUNTIME "tare-runtime"

/**
 * setup_find_runtime() - the OCI runtime's program
 * @other: a path, or a name to look for in PATH; NULL, empty: ours, which lies beside us
 */
int setup_find_runtime(const char *other, char *ret_path, size_t size, struct err *e)
{
	if (!other || !*other)
		return spawn_find_beside(RUNTIME, ret_path, size, e);
	snprintf(ret_path, size, "%s", other);
	return strchr(other, '/') ? 0 : spawn_find(other, ret_path, size, e);
}

/**
 * setup_prepare() - all that can be known to fail before anything is made
 * @u: zeroed; the caller ends it with setup_done() in any case
 * @w: what it has of its image is not added again
 */
int setup_prepare(struct setup *u, struct store *s, const struct digest *image,
		  const struct wish *w, struct err *e)
{
	u->s = s;
	if (setup_find_runtime(w->host.runtime, u->runtime, sizeof(u->runtime), e) < 0 ||
	    wish_check(w, e) < 0 || wish_size(&w->host, &u->size, e) < 0 ||
	    store_image_load(s, image, &u->a, &u->image, e) < 0)
		return -1;
	u->wish = *w;
	if (wish_merge(&u->wish.config, u->image.config.config, &u->a, e) < 0 ||
	    mounts_read(&u->wish.host, &u->a, &u->mounts, e) < 0)
		return -1;
	return mounts_make_sources(&u->mounts, e);
}

/* setup_write() - what the runtime reads; @root: descriptor of the container's root, mounted */
int setup_write(struct setup *u, const struct container *c, int root, struct err *e)
{
	char hostname[CONFIG_HOSTNAME];
	const struct config_place at = {
		.id = c->id,
		.hostname = config_hostname(&u->wish, c->id, hostname),
		.folder = c->path,
		.root = root,
	};
	struct oci_config config;
	own_str struct str text = { 0 };

	if (config_make(&u->wish, &u->mounts, &at, &u->a, &config, e) < 0 ||
	    etc_write(&u->wish, at.hostname, c->run, e) < 0)
		return -1;
	bind_write(&oci_config_table, &config, &text);
	if (text.torn)
		return fail_errno(e, ENOMEM, "write the container's config");
	return file_replace(c->run, "config.json", text.at, text.len, e);
}

/* setup_write_id() - where --cidfile says. Docker refuses one that is there: somebody may rely on it */
int setup_write_id(const struct setup *u, const struct container *c, struct err *e)
{
	const char *file = u->wish.host.id_file, *id = c->id;
	own_fd int fd = FD_NONE;

	if (!file)
		return 0;
	fd = openat(AT_FDCWD, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST) {
		fail_sys(e, "write the container's id to '%s'", file);
		return fail_hint(e, "another container's may be in it; remove it first");
	}
	if (fd < 0 || write(fd, id, strlen(id)) != (ssize_t)strlen(id))
		return fail_sys(e, "write the container's id to '%s'", file);
	return 0;
}

void setup_done(struct setup *u)
{
	arena_done(&u->a);
}
