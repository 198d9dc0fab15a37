/* layers_remove.c - unpacked layers that no image has, and what killed processes have left of others
 *
 * They go into a folder of ours while we hold the lock of the database; the removal itself takes long.
 * Whoever is killed in it leaves that folder, which nobody has locked any more.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/text.h"
#include "image/layers.h"
#include "os/lock.h"
#include "os/tree.h"

/* layers_remove_left() - what killed processes have left of layers; the database is not needed */
int layers_remove_left(struct store *s, struct err *e)
{
	int copy = openat(s->layers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return fail_sys(e, "list the folder 'layers'");
	for (struct dirent *d; (d = readdir(dir));) {
		own_fd int fd = FD_NONE;

		if (!text_starts(d->d_name, "tmp-"))
			continue;
		fd = lock_try_left(s->layers, d->d_name);
		if (fd >= 0 && tree_remove(s->layers, d->d_name, e) < 0)
			return -1;
	}
	return 0;
}

static int put_layer_away(struct store *s, int folder, const char *layer, struct err *e)
{
	char root[DIGEST_TEXT + 8];

	snprintf(root, sizeof(root), STORE_LAYER_ROOT "%s", layer);
	if (renameat(s->layers, root, folder, root) < 0 && errno != ENOENT)
		return fail_sys(e, "remove the folder '%s'", root);
	if (renameat(s->layers, layer, folder, layer) < 0 && errno != ENOENT)
		return fail_sys(e, "remove the layer '%s'", layer);
	return db_run(&s->db, DB_LAYER_DROP, e, "s", layer);
}

static int put_away(struct store *s, int folder, struct collected *c, struct err *e)
{
	own_transaction t = { 0 };

	if (db_begin(&s->db, &t, e) < 0 || store_unused_layers(s, c, e) < 0)
		return -1;
	for (size_t i = 0; i < c->layers.n; i++)
		if (put_layer_away(s, folder, c->layers.at[i], e) < 0)
			return -1;
	return db_commit(&t, e);
}

/**
 * layers_remove_unused() - remove the unpacked layers that no image has, and what is left of others
 * @bytes, @n: what they were is added
 */
int layers_remove_unused(struct layers *ls, uint64_t *bytes, size_t *n, struct err *e)
{
	struct store *s = ls->store;
	struct collected c = { 0 };
	struct err ignored = { 0 };
	own_fd int folder = FD_NONE;
	char name[LOCK_NAME];
	int r;

	folder = lock_make_new(s->layers, "tmp-gone-", name, e);
	if (folder < 0)
		return -1;
	r = put_away(s, folder, &c, e);
	*n += c.layers.n;
	*bytes += c.bytes;
	collected_done(&c);
	if (tree_remove(s->layers, name, r < 0 ? &ignored : e) < 0)
		r = -1;
	return r < 0 ? -1 : layers_remove_left(s, e);
}
