/* load_docker.c - docker-archive: manifest.json names configs and layers (docker save, podman save) */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "image/load.h"
#include "spec/reference.h"

struct entry {
	char *config;
	char **repo_tags, **layers;
};

// clang-format off
static const struct bind_row rows[] = {
	ROW_STRING("Config",    REQUIRED, struct entry, config),
	ROW_STRINGS("RepoTags", OPTIONAL, struct entry, repo_tags),
	ROW_STRINGS("Layers",   OPTIONAL, struct entry, layers),
};
static const struct bind_table entry_table = BIND_TABLE(rows, struct entry, false);
// clang-format on

/* How the layer is compressed: docker writes them as they are, others compress them. */
static int compression_of(struct load *l, const char *name, enum media_compression *ret,
			  struct err *e)
{
	unsigned char magic[4] = { 0 };
	uint64_t size;
	own_fd int fd = load_open(l, name, &size, e);

	if (fd < 0)
		return -1;
	if (pread(fd, magic, sizeof(magic), 0) < 0)
		return fail_sys(e, "read '%.200s'", name);
	*ret = COMPRESSION_NONE;
	if (memcmp(magic, "\x1f\x8b", 2) == 0)
		*ret = COMPRESSION_GZIP;
	else if (memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0)
		*ret = COMPRESSION_ZSTD;
	return 0;
}

static int describe(struct load *l, const struct digest *d, uint64_t size, const char *type,
		    struct image_descriptor *ret, struct err *e)
{
	char text[DIGEST_TEXT];

	*ret = (struct image_descriptor){ .media_type = text_shown(type),
					  .digest = arena_dup(l->a, digest_text(d, text)),
					  .size = size };
	return ret->digest ? 0 : fail_errno(e, ENOMEM, "describe a layer");
}

static int load_layer(struct load *l, const char *name, struct image_descriptor *ret, struct err *e)
{
	enum media_compression compression;
	struct digest d;
	uint64_t size;
	const char *type;

	if (compression_of(l, name, &compression, e) < 0)
		return -1;
	type = media_type_of(MEDIA_LAYER, compression, false);
	if (load_blob(l, name, NULL, 0, type, &d, &size, e) < 0)
		return -1;
	return describe(l, &d, size, type, ret, e);
}

/* The archive has no manifest as registries know it: it is made here, of the kind that all who read
 * image layouts know. */
static int make_manifest(struct load *l, const struct entry *m, struct image_descriptor *config,
			 struct digest *ret_digest, struct err *e)
{
	const char *type = media_type_of(MEDIA_MANIFEST, COMPRESSION_NONE, false);
	struct image_manifest manifest = { .schema_version = 2,
					   .media_type = text_shown(type),
					   .config = config };
	own_mem char *text = NULL;
	size_t n = text_count(m->layers);

	if (n > IMAGE_LAYERS_MAX)
		return fail(e, ERR_LIMIT, "load: %zu layers are more than the %d allowed", n,
			    IMAGE_LAYERS_MAX);
	manifest.layers.at = arena_array(l->a, n + 1, sizeof(*manifest.layers.at));
	if (!manifest.layers.at)
		return fail_errno(e, ENOMEM, "load an image");
	for (; manifest.layers.n < n; manifest.layers.n++)
		if (load_layer(l, m->layers[manifest.layers.n],
			       &manifest.layers.at[manifest.layers.n], e) < 0)
			return -1;
	text = bind_print(&image_manifest_table, &manifest, false, e);
	return text ? store_blob_keep(l->store, text, strlen(text), type, ret_digest, e) : -1;
}

static int load_config(struct load *l, const char *name, struct image_descriptor *ret,
		       struct digest *ret_digest, struct err *e)
{
	const char *type = media_type_of(MEDIA_CONFIG, COMPRESSION_NONE, false);
	uint64_t size;

	if (load_blob(l, name, NULL, 0, type, ret_digest, &size, e) < 0)
		return -1;
	return describe(l, ret_digest, size, type, ret, e);
}

static int read_names(struct load *l, const struct entry *m, size_t n, char **names, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct reference r;
		char whole[REFERENCE_TEXT];

		if (reference_parse(m->repo_tags[i], &r, e) < 0)
			return fail_in(e, "load: manifest.json");
		names[i] = arena_dup(l->a, reference_full(&r, whole));
		if (!names[i])
			return fail_errno(e, ENOMEM, "load an image");
	}
	return 0;
}

static int load_entry(struct load *l, const struct entry *m, struct err *e)
{
	size_t n = text_count(m->repo_tags);
	char **names = arena_array(l->a, n + 1, sizeof(char *));
	struct image_descriptor config;
	struct digest manifest, d;
	int wanted;

	if (!names)
		return fail_errno(e, ENOMEM, "load an image");
	if (read_names(l, m, n, names, e) < 0 || load_config(l, m->config, &config, &d, e) < 0)
		return -1;
	wanted = load_wants(l, &d, e);
	if (wanted <= 0)
		return wanted;
	return make_manifest(l, m, &config, &manifest, e) < 0
		       ? -1
		       : load_finish(l, &manifest, names, n, e);
}

/* load_docker() - the images of a docker-archive that is extracted */
int load_docker(struct load *l, struct err *e)
{
	own_mem char *text = NULL;
	int len = load_read(l, "manifest.json", IMAGE_DOCUMENT_MAX, &text, e);
	struct list_any list = { 0 };

	if (len < 0 || bind_parse_list(&entry_table, text, (size_t)len, "manifest.json", NULL, l->a,
				       &list, e) < 0)
		return -1;
	if (list.n == 0)
		return fail(e, ERR_INPUT, "load: manifest.json names no images");
	for (size_t i = 0; i < list.n; i++)
		if (load_entry(l, &((struct entry *)list.at)[i], e) < 0)
			return -1;
	return 0;
}
