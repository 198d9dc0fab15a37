/* commit.c - pack, describe, record: in this order, so that a tag comes last; unpacked in the meantime
 *
 * All documents are OCI's, also above an image of Docker's kind, whose layers keep their bytes and
 * get OCI's names for what they are: one manifest does not mix both, and Docker has none for zstd.
 */
#include "image/commit.h"

#include <string.h>

#include "base/arena.h"
#include "base/date.h"
#include "image/change.h"
#include "image/document.h"
#include "image/layer_early.h"
#include "store/ingest.h"

/* struct committing - @run: as changed; @layer: what was packed, as it is in the store */
struct committing {
	struct commit *c;
	struct image_run run;
	struct image_descriptor layer;
};

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "commit");
}

/* The image below may be removed meanwhile: what we are going to need of it is leased first. */
static int hold_parent(struct commit *c, struct err *e)
{
	char text[DIGEST_TEXT];

	if (!c->parent)
		return 0;
	if (c->parent->artifact)
		return fail(e, ERR_UNSUPPORTED,
			    "commit: an artifact of the type '%.100s' is no image",
			    c->parent->artifact);
	for (size_t i = 0; i < c->parent->layers.n; i++) {
		const struct digest *d = &c->parent->layers.at[i].blob;
		int r = store_lease(c->store, digest_text(d, text), e) < 0
				? -1
				: store_blob_find(c->store, d, e);

		if (r < 0)
			return -1;
		if (r == 0) {
			fail(e, ERR_ABSENT,
			     "commit: the layer %.19s of the image below is not here", text);
			return fail_hint(e, "`tare system check` says what else is missing");
		}
	}
	return 0;
}

/* struct sinks - the bytes of the layer go into the store, and to who unpacks them meanwhile */
struct sinks {
	struct ingest in;
	struct layer_early *early;
};

static int take_in(void *of, const void *at, size_t len, struct err *e)
{
	struct sinks *s = of;

	return ingest_add(&s->in, at, len, e) < 0 ? -1 : layer_early_add(s->early, at, len, e);
}

static enum media_compression compression_of(enum deflate_format f)
{
	return f == DEFLATE_GZIP   ? COMPRESSION_GZIP
	       : f == DEFLATE_ZSTD ? COMPRESSION_ZSTD
				   : COMPRESSION_NONE;
}

static int pack_into(struct committing *g, struct sinks *to, struct err *e)
{
	struct commit *c = g->c;
	struct pack_order o = {
		.compression = c->compression,
		.write = take_in,
		.of = to,
		.sink_hashes = true,
		.not_after = c->not_after,
	};
	const char *type = media_type_of(MEDIA_LAYER, compression_of(c->compression), false);
	struct ingest *in = &to->in;
	char text[DIGEST_TEXT];

	if (pack_layer(c->source, &o, &c->packed, e) < 0 || ingest_check(in, e) < 0)
		return -1;
	c->packed.blob = in->digest;
	if (c->compression == DEFLATE_PLAIN)
		c->packed.diff_id = in->digest;
	g->layer = (struct image_descriptor){
		.media_type = text_shown(type),
		.size = in->at,
		.digest = arena_dup(c->a, digest_text(&in->digest, text)),
	};
	return g->layer.digest ? ingest_commit(in, type, e) : no_memory(e);
}

static int pack(struct committing *g, struct layer_early *early, struct err *e)
{
	struct sinks to = { .in = INGEST_NONE, .early = early };
	int r = ingest_begin_unnamed(&to.in, g->c->store, e);

	if (r == 0)
		r = pack_into(g, &to, e);
	ingest_done(&to.in);
	return r;
}

static int add_diff_id(struct committing *g, struct image_rootfs *rootfs, struct err *e)
{
	const struct stored_image *parent = g->c->parent;
	char **below = parent ? parent->config.rootfs->diff_ids : NULL;
	size_t n = text_count(below);
	char text[DIGEST_TEXT];

	rootfs->type = text_shown("layers");
	rootfs->diff_ids = arena_array(g->c->a, n + 2, sizeof(char *));
	if (!rootfs->diff_ids)
		return no_memory(e);
	if (below)
		memcpy(rootfs->diff_ids, below, n * sizeof(char *));
	rootfs->diff_ids[n] = arena_dup(g->c->a, digest_text(&g->c->packed.diff_id, text));
	return rootfs->diff_ids[n] ? 0 : no_memory(e);
}

static int add_history(struct committing *g, struct image_config *config, struct err *e)
{
	const struct commit *c = g->c;
	size_t n = config->history.n;
	struct image_history *all = arena_array(c->a, n + 1, sizeof(*all));

	if (!all)
		return no_memory(e);
	if (config->history.at)
		memcpy(all, config->history.at, n * sizeof(*all));
	all[n] = (struct image_history){ .created = config->created,
					 .created_by = text_shown(c->created_by),
					 .author = text_shown(c->author),
					 .comment = text_shown(c->comment) };
	config->history.at = all;
	config->history.n = n + 1;
	return 0;
}

/* Of what is shared with the image below nothing is written to (image/change.c). */
static int change_run(struct committing *g, struct err *e)
{
	const struct commit *c = g->c;

	if (c->run)
		g->run = *c->run;
	else if (c->parent && c->parent->config.config)
		g->run = *c->parent->config.config;
	return image_changes(&g->run, c->changes, c->n_changes, c->a, e);
}

static int make_config(struct committing *g, struct image_descriptor *ret, struct err *e)
{
	struct commit *c = g->c;
	struct image_rootfs rootfs = { 0 };
	struct image_config config = { 0 };
	char when[DATE_TEXT];

	if (c->parent) {
		config = c->parent->config;
	} else {
		config.architecture = text_shown(c->platform->architecture);
		config.os = text_shown(c->platform->os);
		config.variant = *c->platform->variant ? text_shown(c->platform->variant) : NULL;
	}
	config.created = text_shown(date_text(c->created, when));
	config.comment = text_shown(c->comment);
	config.docker_version = NULL;
	if (c->author)
		config.author = text_shown(c->author);
	config.rootfs = &rootfs;
	config.config = &g->run;
	if (add_diff_id(g, &rootfs, e) < 0 || add_history(g, &config, e) < 0)
		return -1;
	return document_keep(c->store, &image_config_table, &config,
			     media_type_of(MEDIA_CONFIG, COMPRESSION_NONE, false), c->a, ret,
			     &c->id, e);
}

static int copy_layers(const struct committing *g, struct image_manifest *m, struct err *e)
{
	const struct stored_image *parent = g->c->parent;
	size_t n = parent ? parent->layers.n : 0;

	if (n + 1 > IMAGE_LAYERS_MAX)
		return fail(e, ERR_LIMIT, "commit: an image has %d layers at most",
			    IMAGE_LAYERS_MAX);
	m->layers.at = arena_array(g->c->a, n + 1, sizeof(*m->layers.at));
	if (!m->layers.at)
		return no_memory(e);
	for (size_t i = 0; i < n; i++) {
		const struct media *media = parent->layers.at[i].media;

		m->layers.at[i] = parent->manifest.layers.at[i];
		m->layers.at[i].media_type =
			text_shown(media_type_of(media->kind, media->compression, false));
	}
	m->layers.at[n] = g->layer;
	m->layers.n = n + 1;
	return 0;
}

static int make_manifest(struct committing *g, struct err *e)
{
	struct image_descriptor config, ignored;
	struct image_manifest m = { .schema_version = 2, .config = &config };

	m.media_type = text_shown(media_type_of(MEDIA_MANIFEST, COMPRESSION_NONE, false));
	if (make_config(g, &config, e) < 0 || copy_layers(g, &m, e) < 0)
		return -1;
	return document_keep(g->c->store, &image_manifest_table, &m, m.media_type, g->c->a,
			     &ignored, &g->c->manifest, e);
}

/**
 * image_commit() - pack what has changed, and make an image of it
 *
 * A wrong line of @changes is told before anything is packed.
 */
int image_commit(struct commit *c, struct err *e)
{
	struct committing g = { .c = c };
	struct image_names names = { .tag = c->tag };
	own_layer_early early = LAYER_EARLY_NONE;
	struct stored_image image;

	if (change_run(&g, e) < 0 || hold_parent(c, e) < 0 ||
	    layer_early_start(&early, c->layers, e) < 0 || pack(&g, &early, e) < 0 ||
	    make_manifest(&g, e) < 0 ||
	    store_image_load(c->store, &c->manifest, c->a, &image, e) < 0 ||
	    layer_early_finish(&early, &image.layers.at[image.layers.n - 1], e) < 0 ||
	    layers_unpack(c->layers, &image, e) < 0)
		return -1;
	return store_image_record(c->store, &image, &names, c->tag ? 1 : 0, e);
}
