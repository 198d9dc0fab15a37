/* image_read.c - what a document of an image is, decided once
 *
 * Two readers must not see two images in one document (CVE-2021-41190): a document with both layers
 * and manifests, with a name twice, or with a name in another case, which Go's reader would take, is
 * refused, whatever its media type claims.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"
#include "spec/image.h"

#define OCI(name)    "application/vnd.oci.image." name
#define DOCKER(name) "application/vnd.docker." name

// clang-format off
const struct media media_types[] = {
	{ OCI("manifest.v1+json"),            MEDIA_MANIFEST, COMPRESSION_NONE, false },
	{ OCI("index.v1+json"),               MEDIA_INDEX,    COMPRESSION_NONE, false },
	{ OCI("config.v1+json"),              MEDIA_CONFIG,   COMPRESSION_NONE, false },
	{ OCI("layer.v1.tar"),                MEDIA_LAYER,    COMPRESSION_NONE, false },
	{ OCI("layer.v1.tar+gzip"),           MEDIA_LAYER,    COMPRESSION_GZIP, false },
	{ OCI("layer.v1.tar+zstd"),           MEDIA_LAYER,    COMPRESSION_ZSTD, false },
	{ OCI("layer.nondistributable.v1.tar"),      MEDIA_FOREIGN_LAYER, COMPRESSION_NONE, false },
	{ OCI("layer.nondistributable.v1.tar+gzip"), MEDIA_FOREIGN_LAYER, COMPRESSION_GZIP, false },
	{ OCI("layer.nondistributable.v1.tar+zstd"), MEDIA_FOREIGN_LAYER, COMPRESSION_ZSTD, false },
	{ DOCKER("distribution.manifest.v2+json"),      MEDIA_MANIFEST, COMPRESSION_NONE, true },
	{ DOCKER("distribution.manifest.list.v2+json"), MEDIA_INDEX,    COMPRESSION_NONE, true },
	{ DOCKER("container.image.v1+json"),            MEDIA_CONFIG,   COMPRESSION_NONE, true },
	{ DOCKER("image.rootfs.diff.tar"),              MEDIA_LAYER,    COMPRESSION_NONE, true },
	{ DOCKER("image.rootfs.diff.tar.gzip"),         MEDIA_LAYER,    COMPRESSION_GZIP, true },
	{ DOCKER("image.rootfs.diff.tar.zstd"),         MEDIA_LAYER,    COMPRESSION_ZSTD, true },
	{ DOCKER("image.rootfs.foreign.diff.tar"),      MEDIA_FOREIGN_LAYER, COMPRESSION_NONE, true },
	{ DOCKER("image.rootfs.foreign.diff.tar.gzip"), MEDIA_FOREIGN_LAYER, COMPRESSION_GZIP, true },
	{ DOCKER("distribution.manifest.v1+json"),      MEDIA_SCHEMA1,  COMPRESSION_NONE, true },
	{ DOCKER("distribution.manifest.v1+prettyjws"), MEDIA_SCHEMA1,  COMPRESSION_NONE, true },
	{ NULL, MEDIA_UNKNOWN, COMPRESSION_NONE, false },
};
// clang-format on

/* media_find() - the row of a media type, parameters after ';' left out; NULL: not known */
const struct media *media_find(const char *type)
{
	size_t len = type ? strcspn(type, "; \t") : 0;

	for (const struct media *m = media_types; len && m->type; m++)
		if (strlen(m->type) == len && strncasecmp(m->type, type, len) == 0)
			return m;
	return NULL;
}

/* media_type_of() - the type of what we write ourselves; NULL: there is none */
const char *media_type_of(enum media_kind kind, enum media_compression compression, bool docker)
{
	for (const struct media *m = media_types; m->type; m++)
		if (m->kind == kind && m->compression == compression && m->docker == docker)
			return m->type;
	return NULL;
}

static int twice(const struct json *object, const char *doc, struct err *e)
{
	for (const struct json *m = object->child; m; m = m->next)
		for (const struct json *o = object->child; o != m; o = o->next)
			if (strcasecmp(o->key, m->key) == 0) {
				fail(e, ERR_INPUT, "read %s: '%s' stands there twice", doc, m->key);
				return fail_hint(e,
						 "programs would differ on which of them counts; "
						 "the image has to be made again");
			}
	return 0;
}

/* The members that decide what an image is made of stand once, at every depth of a manifest. */
static int check_names(const struct json *v, const char *doc, int depth, struct err *e)
{
	/* what is below is data, whose names mean nothing to a reader, and may be many */
	if (v->key && (strcasecmp(v->key, "annotations") == 0 || strcasecmp(v->key, "labels") == 0))
		return 0;
	if (v->type == JSON_OBJECT && v->len > 64)
		return fail(e, ERR_LIMIT, "read %s: an object of %zu members", doc, v->len);
	if (v->type == JSON_OBJECT && twice(v, doc, e) < 0)
		return -1;
	for (const struct json *c = v->child; c && depth < 4; c = c->next)
		if ((c->type == JSON_OBJECT || c->type == JSON_ARRAY) &&
		    check_names(c, doc, depth + 1, e) < 0)
			return -1;
	return 0;
}

/* As bind.h and Go find it, who do not mind the case: it stands once, check_names() has seen to that. */
static const struct json *member(const struct json *object, const char *key)
{
	const struct json *m = object->child;

	while (m && strcasecmp(m->key, key) != 0)
		m = m->next;
	return m;
}

static const char *string_member(const struct json *object, const char *key)
{
	const struct json *v = member(object, key);

	return v && v->type == JSON_STRING ? v->text : NULL;
}

/* What it is by its members alone; types that are claimed must agree with it. */
static enum media_kind kind_by_shape(const struct json *v)
{
	if (member(v, "manifests"))
		return MEDIA_INDEX;
	if (member(v, "fsLayers") || member(v, "signatures"))
		return MEDIA_SCHEMA1;
	return member(v, "config") || member(v, "layers") ? MEDIA_MANIFEST : MEDIA_UNKNOWN;
}

static int refuse_schema1(const char *doc, struct err *e)
{
	fail(e, ERR_UNSUPPORTED,
	     "read %s: it is of Docker's schema 1, which is out of use since 2017", doc);
	return fail_hint(e,
			 "push the image again with a program of today: `skopeo copy --format oci` "
			 "converts it");
}

/* The row of the document's type: what its sender said, what it says itself, what it looks like. */
static int decide(const struct json *v, const char *claimed, const char *doc,
		  const struct media **ret_media, struct err *e)
{
	const char *own = string_member(v, "mediaType");
	enum media_kind shape = kind_by_shape(v);
	const struct media *said = media_find(claimed), *m = own ? media_find(own) : NULL;

	if (shape == MEDIA_SCHEMA1 || (m && m->kind == MEDIA_SCHEMA1))
		return refuse_schema1(doc, e);
	if (shape == MEDIA_INDEX && (member(v, "layers") || member(v, "config")))
		return fail(e, ERR_INPUT,
			    "read %s: it has both manifests and layers: what it is depends on who "
			    "reads it",
			    doc);
	if (own && !m)
		return fail(
			e, ERR_INPUT,
			"read %s: media type '%.100s' is neither an image's manifest nor an index",
			doc, own);
	if (m && said && (said->kind == MEDIA_MANIFEST || said->kind == MEDIA_INDEX) && said != m)
		return fail(e, ERR_INPUT, "read %s: it calls itself '%s', but was sent as '%s'",
			    doc, m->type, said->type);
	if (!m && said && (said->kind == MEDIA_MANIFEST || said->kind == MEDIA_INDEX))
		m = said;
	if (!m)
		m = media_find(media_type_of(shape, COMPRESSION_NONE, false));
	if (!m || m->kind != shape)
		return fail(e, ERR_INPUT, "read %s: it is neither an image's manifest nor an index",
			    doc);
	*ret_media = m;
	return 0;
}

static const struct json *parse_document(const char *text, size_t len, const char *doc,
					 struct arena *a, struct err *e)
{
	const struct json *v;

	if (len > IMAGE_DOCUMENT_MAX) {
		fail(e, ERR_LIMIT, "read %s: %zu bytes are more than the %zu allowed", doc, len,
		     IMAGE_DOCUMENT_MAX);
		return NULL;
	}
	v = json_parse(text, len, doc, NULL, a, e);
	if (v && v->type != JSON_OBJECT) {
		fail(e, ERR_INPUT, "read %s: not an object", doc);
		return NULL;
	}
	return v && check_names(v, doc, 0, e) == 0 ? v : NULL;
}

static int check_manifest(const struct image_manifest *m, const char *doc, struct err *e)
{
	if (m->schema_version != 2)
		return fail(e, ERR_UNSUPPORTED, "read %s: schema version %u, not 2", doc,
			    m->schema_version);
	if (m->layers.n > IMAGE_LAYERS_MAX)
		return fail(e, ERR_LIMIT, "read %s: %zu layers are more than the %d allowed", doc,
			    m->layers.n, IMAGE_LAYERS_MAX);
	return 0;
}

/**
 * image_document() - read a manifest or an index
 * @media_type: what its sender says it is; NULL: nothing
 * @doc: what it is called in errors
 * @a: owns what is returned
 */
int image_document(const char *text, size_t len, const char *media_type, const char *doc,
		   struct arena *a, struct image_document *ret_doc, struct err *e)
{
	const struct json *v = parse_document(text, len, doc, a, e);
	struct image_document d = { 0 };

	if (!v || decide(v, media_type, doc, &d.media, e) < 0)
		return -1;
	if (d.media->kind == MEDIA_INDEX) {
		if (bind_read(&image_index_table, v, doc, NULL, a, &d.index, e) < 0)
			return -1;
		if (d.index.schema_version != 2)
			return fail(e, ERR_UNSUPPORTED, "read %s: schema version %u, not 2", doc,
				    d.index.schema_version);
	} else if (bind_read(&image_manifest_table, v, doc, NULL, a, &d.manifest, e) < 0 ||
		   check_manifest(&d.manifest, doc, e) < 0) {
		return -1;
	}
	*ret_doc = d;
	return 0;
}

/* image_config_parse() - read the config of a container image */
int image_config_parse(const char *text, size_t len, const char *doc, struct arena *a,
		       struct image_config *ret_config, struct err *e)
{
	const struct json *v = parse_document(text, len, doc, a, e);
	struct image_config c = { 0 };

	if (!v || bind_read(&image_config_table, v, doc, NULL, a, &c, e) < 0)
		return -1;
	if (!c.rootfs || strcmp(c.rootfs->type, "layers") != 0)
		return fail(e, ERR_INPUT, "read %s: no rootfs of type 'layers' in it", doc);
	*ret_config = c;
	return 0;
}

/* image_is_artifact() - whether it is something other than a container image (image-spec
 * manifest.md, "Guidelines for Artifact Usage") */
bool image_is_artifact(const struct image_manifest *m)
{
	const struct media *config = media_find(m->config->media_type);

	return m->artifact_type ||
	       (m->config->media_type && (!config || config->kind != MEDIA_CONFIG));
}
