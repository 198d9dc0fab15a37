/* image.h - the documents of an image (image-spec 1.1; Docker's schema 2, which is the same shape)
 *
 * They come from registries and archives. Read by image_document(), which is the one place that
 * decides what a document is; the members that we need are typed, the rest stays in the blob's bytes.
 */
#ifndef SPEC_IMAGE_H
#define SPEC_IMAGE_H

#include "base/bind.h"
#include "base/err.h"

/* bytes of a manifest, an index or a config at most, as other engines have it */
#define IMAGE_DOCUMENT_MAX ((size_t)4 << 20)
/* layers of an image at most */
#define IMAGE_LAYERS_MAX   2048

struct image_platform {
	char *architecture, *os, *os_version, *variant;
	char **os_features;
};

struct image_descriptor {
	char *media_type, *digest, *artifact_type;
	uint64_t size; /* bytes */
	char **urls;
	struct pairs annotations;
	struct image_platform *platform;
};

struct image_manifest {
	uint32_t schema_version;
	char *media_type, *artifact_type;
	struct image_descriptor *config, *subject;
	LIST(struct image_descriptor) layers;
	struct pairs annotations;
};

struct image_index {
	uint32_t schema_version;
	char *media_type, *artifact_type;
	struct image_descriptor *subject;
	LIST(struct image_descriptor) manifests;
	struct pairs annotations;
};

/* A member of one of Go's sets: a name, and an object without members. */
struct image_name {
	char *key;
};

struct image_healthcheck {
	char **test;
	int64_t interval, timeout, start_period, start_interval; /* ns */
	int64_t retries;
};

/* What a container of the image runs by default. */
struct image_run {
	char *user, *working_dir, *stop_signal, *hostname, *domainname, *image;
	char **env, **entrypoint, **cmd, **shell, **on_build;
	LIST(struct image_name) exposed_ports, volumes;
	struct pairs labels;
	struct image_healthcheck *healthcheck;
	struct opt_i64 stop_timeout; /* s */
	bool args_escaped, tty, open_stdin;
};

struct image_history {
	char *created, *created_by, *author, *comment;
	bool empty_layer;
};

struct image_rootfs {
	char *type;
	char **diff_ids;
};

struct image_config {
	char *created, *author, *architecture, *variant, *os, *os_version, *docker_version,
		*comment;
	char **os_features;
	struct image_run *config;
	struct image_rootfs *rootfs;
	LIST(struct image_history) history;
};

extern const struct bind_table image_platform_table, image_descriptor_table, image_manifest_table,
	image_index_table, image_config_table, image_run_table;

/* What a blob is, by its media type. */
enum media_kind {
	MEDIA_UNKNOWN,
	MEDIA_MANIFEST,
	MEDIA_INDEX,
	MEDIA_CONFIG,
	MEDIA_LAYER,
	MEDIA_FOREIGN_LAYER, /* not to be distributed: lies somewhere else */
	MEDIA_SCHEMA1,
};
enum media_compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

/* struct media - one media type; @docker: of Docker's family, not OCI's */
struct media {
	const char *type;
	enum media_kind kind;
	enum media_compression compression;
	bool docker;
};

extern const struct media media_types[]; /* ends with a NULL type */
const struct media *media_find(const char *type);
const char *media_type_of(enum media_kind kind, enum media_compression compression, bool docker);

/**
 * struct image_document - a manifest or an index, as @kind says
 * @media: its row; never NULL
 */
struct image_document {
	const struct media *media;
	union {
		struct image_manifest manifest;
		struct image_index index;
	};
};

int image_document(const char *text, size_t len, const char *media_type, const char *doc,
		   struct arena *a, struct image_document *ret_doc, struct err *e);
int image_config_parse(const char *text, size_t len, const char *doc, struct arena *a,
		       struct image_config *ret_config, struct err *e);
bool image_is_artifact(const struct image_manifest *m);

#endif
