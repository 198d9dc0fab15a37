/* import.c - the archive as it came is the layer
 *
 * It is unpacked to learn what it is (its diff id), and that it can be: the blob is read twice, the
 * second time from memory mostly.
 */
#include "image/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/date.h"
#include "image/document.h"
#include "store/ingest.h"
#include "store/scratch.h"

#define PIECE ((size_t)256 << 10)

/* Layers have no media type for other kinds: who pulled the image could not read it. */
static int refuse_others(const unsigned char magic[4], struct err *e)
{
	static const struct {
		const char *name, *magic;
	} others[] = { { "xz", "\xfd"
			       "7zX" },
		       { "bzip2", "BZh" } };

	for (size_t i = 0; i < COUNT(others); i++)
		if (memcmp(magic, others[i].magic, strlen(others[i].magic)) == 0) {
			fail(e, ERR_UNSUPPORTED,
			     "import: layers of images are not compressed by %s", others[i].name);
			return fail_hint(e, "as in `%s -dc FILE | tare import - NAME`",
					 others[i].name);
		}
	return 0;
}

static int take_in(struct ingest *in, int input, unsigned char magic[4], struct err *e)
{
	own_mem char *piece = malloc(PIECE);

	if (!piece)
		return fail_errno(e, ENOMEM, "import");
	for (;;) {
		ssize_t n = read(input, piece, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "import: read the archive");
		if (n == 0)
			break;
		if (ingest_add(in, piece, (size_t)n, e) < 0)
			return -1;
	}
	if (pread(in->fd, magic, 4, 0) < 0)
		return fail_sys(e, "import: read the archive");
	if (!in->at)
		return fail(e, ERR_INPUT, "import: the archive is empty");
	return refuse_others(magic, e);
}

static enum media_compression compression_of(const unsigned char magic[4])
{
	if (memcmp(magic, "\x1f\x8b", 2) == 0)
		return COMPRESSION_GZIP;
	return memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0 ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

static int describe(struct import *m, const struct ingest *in, enum media_compression compression,
		    const struct digest *diff_id, struct digest *ret_manifest, struct err *e)
{
	char blob[DIGEST_TEXT], diff[DIGEST_TEXT], when[DATE_TEXT];
	char *diff_ids[] = { text_shown(digest_text(diff_id, diff)), NULL };
	struct image_rootfs rootfs = { .type = text_shown("layers"), .diff_ids = diff_ids };
	struct image_history history = { .comment = text_shown(m->comment) };
	struct image_config config = { .architecture = text_shown(m->platform->architecture),
				       .os = text_shown(m->platform->os),
				       .comment = text_shown(m->comment),
				       .config = m->run,
				       .rootfs = &rootfs };
	struct image_descriptor layer = { .size = in->at }, config_of;
	struct image_manifest manifest = { .schema_version = 2, .config = &config_of };
	struct image_descriptor ignored;
	if (*m->platform->variant)
		config.variant = text_shown(m->platform->variant);
	config.created = history.created = text_shown(date_text(m->created, when));
	config.history.at = &history;
	config.history.n = 1;
	layer.media_type = text_shown(media_type_of(MEDIA_LAYER, compression, false));
	layer.digest = text_shown(digest_text(&in->digest, blob));
	manifest.media_type = text_shown(media_type_of(MEDIA_MANIFEST, COMPRESSION_NONE, false));
	manifest.layers.at = &layer;
	manifest.layers.n = 1;
	if (document_keep(m->store, &image_config_table, &config,
			  media_type_of(MEDIA_CONFIG, COMPRESSION_NONE, false), m->a, &config_of,
			  &m->id, e) < 0)
		return -1;
	return document_keep(m->store, &image_manifest_table, &manifest, manifest.media_type, m->a,
			     &ignored, ret_manifest, e);
}

/* The archive unpacked, under a name of its own until its diff id is known. */
static int learn(struct import *m, const struct ingest *in, struct digest *ret_diff_id,
		 struct err *e)
{
	own_scratch x = SCRATCH_NONE;
	own_fd int blob = FD_NONE;
	struct unpack_order order = {
		.mode = UNPACK_OVERLAY,
		.opaque = m->store->user_xattrs ? UNPACK_OPAQUE_USER : UNPACK_OPAQUE_TRUSTED,
	};
	own_unpack u = UNPACK_NONE;
	struct unpack_result result;

	if (scratch_open(&x, m->store, "import-", e) < 0)
		return -1;
	blob = store_blob_open(m->store, &in->digest, NULL, e);
	order.input = blob;
	order.target = x.fd;
	if (blob < 0 || unpack_start(&u, &order, e) < 0 || unpack_finish(&u, &result, e) < 0)
		return -1;
	*ret_diff_id = result.diff_id;
	return 0;
}

/**
 * image_import() - make an image of an archive
 * @input: a file or pipe, compressed or not
 */
int image_import(struct import *m, int input, struct err *e)
{
	own_ingest in = INGEST_NONE;
	unsigned char magic[4] = { 0 };
	struct image_names names = { .tag = m->tag };
	struct digest diff_id, manifest;
	struct stored_image image;

	if (ingest_begin_unnamed(&in, m->store, e) < 0 || take_in(&in, input, magic, e) < 0 ||
	    ingest_commit(&in, NULL, e) < 0 || learn(m, &in, &diff_id, e) < 0 ||
	    describe(m, &in, compression_of(magic), &diff_id, &manifest, e) < 0 ||
	    store_image_load(m->store, &manifest, m->a, &image, e) < 0 ||
	    layers_unpack(m->layers, &image, e) < 0)
		return -1;
	return store_image_record(m->store, &image, &names, m->tag ? 1 : 0, e);
}
