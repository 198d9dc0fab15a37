/* compressed.c - see compressed.h */
#include "image/compressed.h"

#include <stdlib.h>

#include "base/arena.h"
#include "codec/deflater.h"
#include "image/document.h"
#include "store/ingest.h"

#define PIECE ((size_t)256 << 10)

static bool is_plain(const struct stored_layer *l)
{
	return l->media->kind == MEDIA_LAYER && l->media->compression == COMPRESSION_NONE;
}

static enum media_compression compression_of(enum deflate_format how)
{
	return how == DEFLATE_ZSTD ? COMPRESSION_ZSTD : COMPRESSION_GZIP;
}

/* Is that the same image, with all that was not compressed compressed by @how? */
static bool is_twin(const struct stored_image *image, const struct stored_image *other,
		    enum deflate_format how)
{
	if (!digest_same(&image->id, &other->id) || image->layers.n != other->layers.n)
		return false;
	for (size_t i = 0; i < image->layers.n; i++)
		if (is_plain(&image->layers.at[i])
			    ? other->layers.at[i].media->compression != compression_of(how)
			    : !digest_same(&image->layers.at[i].blob, &other->layers.at[i].blob))
			return false;
	return true;
}

static int is_whole(struct store *s, const struct stored_image *image, struct err *e)
{
	int r = 1;

	for (size_t i = 0; r > 0 && i < image->layers.n; i++)
		r = store_blob_find(s, &image->layers.at[i].blob, e);
	return r;
}

/* 1: it was made before, 0: not */
static int find(struct store *s, const struct stored_image *image, enum deflate_format how,
		struct arena *a, struct stored_image *ret, struct err *e)
{
	own_rows rows = { 0 };
	char text[DIGEST_TEXT];
	int r;

	if (db_query(&s->db, DB_PART_MANIFESTS, &rows, e, "ss", digest_text(&image->digest, text),
		     image->media->type) < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		struct err broken = { 0 };
		struct digest d;

		if (!digest_try_parse(db_text(&rows, 0), &d) ||
		    store_image_load(s, &d, a, ret, &broken) < 0 || !is_twin(image, ret, how))
			continue;
		r = is_whole(s, ret, e);
		if (r != 0)
			return r;
	}
	return r;
}

static int take_in(struct ingest *in, int fd, struct err *e)
{
	own_mem char *piece = malloc(PIECE);
	ssize_t n;

	if (!piece)
		return fail_errno(e, ENOMEM, "compress a layer");
	while ((n = read(fd, piece, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "compress a layer");
		if (ingest_add(in, piece, (size_t)n, e) < 0)
			return -1;
	}
	return 0;
}

static int compress(struct store *s, const struct stored_layer *l, enum deflate_format how,
		    struct arena *a, struct image_descriptor *layer, struct err *e)
{
	own_fd int blob = store_blob_open(s, &l->blob, NULL, e);
	own_deflater d = DEFLATER_NONE;
	own_ingest in = INGEST_NONE;
	char text[DIGEST_TEXT];
	const char *type = media_type_of(MEDIA_LAYER, compression_of(how), l->media->docker);

	if (!type) {
		fail(e, ERR_UNSUPPORTED, "an image of Docker's kind has no layers of zstd");
		return fail_hint(e, "use --compression gzip");
	}
	if (blob < 0 || ingest_begin_unnamed(&in, s, e) < 0 ||
	    deflater_start(&d, how, blob, FD_NONE, e) < 0 || take_in(&in, d.output, e) < 0 ||
	    deflater_end(&d, e) < 0 || ingest_check(&in, e) < 0)
		return fail_in(e, "compress the layer %.19s", digest_text(&l->blob, text));
	layer->media_type = text_shown(type);
	layer->size = in.at;
	layer->digest = arena_dup(a, digest_text(&in.digest, text));
	return layer->digest ? ingest_commit(&in, type, e) : fail_errno(e, ENOMEM, "push an image");
}

static int make(struct store *s, const struct stored_image *image, enum deflate_format how,
		struct arena *a, struct stored_image *ret, struct err *e)
{
	struct image_manifest m = image->manifest;
	struct image_descriptor ignored;
	struct digest digest;

	m.layers.at = arena_array(a, m.layers.n + 1, sizeof(*m.layers.at));
	if (!m.layers.at)
		return fail_errno(e, ENOMEM, "push an image");
	for (size_t i = 0; i < m.layers.n; i++) {
		m.layers.at[i] = image->manifest.layers.at[i];
		if (is_plain(&image->layers.at[i]) &&
		    compress(s, &image->layers.at[i], how, a, &m.layers.at[i], e) < 0)
			return -1;
	}
	if (document_keep(s, &image_manifest_table, &m, image->media->type, a, &ignored, &digest,
			  e) < 0 ||
	    store_image_load(s, &digest, a, ret, e) < 0)
		return -1;
	return store_image_attach(s, &image->digest, ret, e);
}

/**
 * image_compressed() - the image with all of its layers compressed
 * @how:       gzip or zstd; DEFLATE_PLAIN: as it is
 * @a:         owns what is returned
 * @ret_image: @image itself if nothing is to be compressed
 */
int image_compressed(struct store *s, const struct stored_image *image, enum deflate_format how,
		     struct arena *a, struct stored_image *ret_image, struct err *e)
{
	size_t plain = 0;
	int r;

	for (size_t i = 0; i < image->layers.n; i++)
		plain += is_plain(&image->layers.at[i]);
	if (plain == 0 || how == DEFLATE_PLAIN) {
		*ret_image = *image;
		return 0;
	}
	r = find(s, image, how, a, ret_image, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	return make(s, image, how, a, ret_image, e);
}
