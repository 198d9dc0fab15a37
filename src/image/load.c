/* load.c - an archive of images, whichever form it has */
#include "image/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "image/platform.h"
#include "layer/unpack.h"
#include "os/file.h"
#include "os/path.h"
#include "store/ingest.h"
#include "store/scratch.h"

#define PIECE ((size_t)256 << 10)

/* load_open() - a regular file of the archive, for reading; -1 with ERR_ABSENT when there is none */
int load_open(struct load *l, const char *name, uint64_t *ret_size, struct err *e)
{
	own_fd int fd = path_try_open(l->folder, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;

	if (fd < 0) {
		fail_errno(e, -fd, "open '%.200s' in the archive", name);
		return fail_hint(e, "the archive is incomplete, or not one of `save`");
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return fail(e, ERR_INPUT, "open '%.200s' in the archive: not a file", name);
	*ret_size = (uint64_t)st.st_size;
	return give_fd(&fd);
}

/* load_read() - a small file of the archive, whole; its length */
int load_read(struct load *l, const char *name, size_t max, char **ret_text, struct err *e)
{
	uint64_t size;
	own_fd int fd = load_open(l, name, &size, e);

	return fd < 0 ? -1 : file_read_fd(fd, name, max, ret_text, e);
}

static int copy(struct ingest *in, int fd, const char *name, struct err *e)
{
	own_mem char *piece = malloc(PIECE);

	if (!piece)
		return fail_errno(e, ENOMEM, "read '%.200s'", name);
	for (;;) {
		ssize_t n = read(fd, piece, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "read '%.200s'", name);
		if (n == 0)
			return 0;
		if (ingest_add(in, piece, (size_t)n, e) < 0)
			return -1;
	}
}

/**
 * load_blob() - take a file of the archive into the store
 * @known: the digest that it must have, and @size its size; NULL: whatever it is
 */
int load_blob(struct load *l, const char *name, const struct digest *known, uint64_t size,
	      const char *media_type, struct digest *ret_digest, uint64_t *ret_size, struct err *e)
{
	own_ingest in = INGEST_NONE;
	uint64_t is = 0;
	own_fd int fd = load_open(l, name, &is, e);
	int r = INGEST_MINE;

	if (fd < 0)
		return -1;
	if (known && is != size)
		return fail(e, ERR_INPUT,
			    "read '%.200s' of the archive: it has %llu bytes, not %llu", name,
			    (unsigned long long)is, (unsigned long long)size);
	r = known ? ingest_begin_wait(&in, l->store, known, size, e)
	    : ingest_begin_unnamed(&in, l->store, e) < 0 ? -1
							 : INGEST_MINE;
	if (r < 0)
		return -1;
	if (r == INGEST_HAVE) {
		*ret_digest = *known;
		*ret_size = is;
		return 0;
	}
	if (ingest_restart(&in, e) < 0 || copy(&in, fd, name, e) < 0)
		return -1;
	*ret_size = in.at;
	if (ingest_commit(&in, media_type, e) < 0)
		return fail_in(e, "load '%.200s'", name);
	*ret_digest = in.digest;
	return 0;
}

static int note(struct load *l, const struct stored_image *i, char *const *names, size_t n,
		struct err *e)
{
	struct loaded *all = arena_array(l->a, l->images.n + 1, sizeof(*all)), *new;

	if (!all)
		return fail_errno(e, ENOMEM, "load an image");
	if (l->images.n)
		memcpy(all, l->images.at, l->images.n * sizeof(*all));
	l->images.at = all;
	new = &all[l->images.n++];
	new->digest = i->digest;
	new->id = i->id;
	new->names.at = arena_array(l->a, n + 1, sizeof(char *));
	for (; new->names.at &&new->names.n < n; new->names.n++)
		new->names.at[new->names.n] = names[new->names.n];
	return new->names.at ? 0 : fail_errno(e, ENOMEM, "load an image");
}

/* load_wants() - 1: an image with this config, which is in the store, is to be loaded; 0: it is left out */
int load_wants(struct load *l, const struct digest *config, struct err *e)
{
	own_mem char *text = NULL;
	struct image_config c;
	struct platform is;
	size_t len;

	if (!l->want)
		return 1;
	if (store_blob_read(l->store, config, IMAGE_DOCUMENT_MAX, &text, &len, e) < 0 ||
	    image_config_parse(text, len, "the image's config", l->a, &c, e) < 0)
		return -1;
	is = platform_of(c.os, c.architecture, c.variant);
	return platform_check(l->want, "an image in the archive", &is, &l->lacks) == 0;
}

/* load_finish() - all blobs of an image are in the store: unpack its layers and make it known */
int load_finish(struct load *l, const struct digest *manifest, char *const *names, size_t n,
		struct err *e)
{
	own_mem struct image_names *known = calloc(n + 1, sizeof(*known));
	struct stored_image image;

	if (!known)
		return fail_errno(e, ENOMEM, "load an image");
	if (store_image_load(l->store, manifest, l->a, &image, e) < 0 ||
	    layers_unpack(l->layers, &image, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		known[i].tag = names[i];
	if (store_image_record(l->store, &image, known, n, e) < 0)
		return -1;
	return note(l, &image, names, n, e);
}

static bool has(struct load *l, const char *name)
{
	own_fd int fd = path_try_open(l->folder, name, O_PATH, 0);

	return fd >= 0;
}

static int load_folder(struct load *l, struct err *e)
{
	/* docker writes both since version 25; the index is the whole truth */
	if (has(l, "index.json"))
		return load_oci(l, e);
	if (has(l, "manifest.json"))
		return load_docker(l, e);
	fail(e, ERR_INPUT, "load: there are no images in the archive");
	if (has(l, "repositories"))
		return fail_hint(
			e, "it is of docker before 1.10; `skopeo copy` of that time converts it");
	return fail_hint(
		e, "it has neither index.json nor manifest.json; a root filesystem's archive is "
		   "for `tare import`");
}

static int extract(struct load *l, int input, struct err *e)
{
	own_unpack u = UNPACK_NONE;
	struct unpack_result result;
	struct unpack_order order = { .input = input, .target = l->folder, .mode = UNPACK_MEMBERS };

	return unpack_start(&u, &order, e) < 0 || unpack_finish(&u, &result, e) < 0
		       ? fail_in(e, "load: read the archive")
		       : 0;
}

/**
 * image_load() - load all images of an archive
 * @l:     its @store, @layers and @a are set
 * @input: a file or a pipe, compressed or not
 */
int image_load(struct load *l, int input, struct err *e)
{
	own_scratch x = SCRATCH_NONE;
	char text[100];

	if (scratch_open(&x, l->store, "load-", e) < 0)
		return -1;
	l->folder = x.fd;
	if (extract(l, input, e) < 0 || load_folder(l, e) < 0 || scratch_remove(&x, e) < 0)
		return -1;
	if (l->images.n == 0 && *l->lacks.text) {
		*e = l->lacks;
		return fail_in(e, "load: no image in the archive is for %s",
			       platform_text(l->want, text));
	}
	return 0;
}
