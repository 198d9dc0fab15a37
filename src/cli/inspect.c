/* inspect.c - tare image inspect: all that is known of an image, in docker's shape */
#include <string.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/render.h"
#include "cli/image.h"
#include "cli/inspect_all.h"
#include "cli/session.h"
#include "store/listing.h"

// clang-format off
static const struct opt opts[] = {
	OPT_STRING_("format", 'f', struct inspect_wish, format, "FORMAT", "'json' or a Go template"),
	PLATFORM_OPT(struct inspect_wish, platform, "show the image"),
};

/* struct inspected - docker's members, those that say something */
struct inspect_rootfs { char *type; char **layers; };
struct inspect_driver { char *name; };
struct inspect_descriptor { char *media_type, *digest; uint64_t size; };
struct inspected {
	char *id, *comment, *created, *docker_version, *author, *architecture, *variant, *os, *os_version,
		*artifact;
	char **repo_tags, **repo_digests;
	uint64_t size, virtual_size, content_size;
	struct image_run *config;
	struct inspect_driver *driver;
	struct inspect_rootfs *rootfs;
	struct inspect_descriptor *descriptor;
	struct pairs annotations;
};

static const struct bind_row rootfs_rows[] = {
	ROW_STRING("Type",    OPTIONAL, struct inspect_rootfs, type),
	ROW_STRINGS("Layers", OPTIONAL, struct inspect_rootfs, layers),
};
static const struct bind_table rootfs_table = BIND_TABLE(rootfs_rows, struct inspect_rootfs, false);
static const struct bind_row driver_rows[] = {
	ROW_STRING("Name", OPTIONAL, struct inspect_driver, name),
};
static const struct bind_table driver_table = BIND_TABLE(driver_rows, struct inspect_driver, false);
static const struct bind_row descriptor_rows[] = {
	ROW_STRING("mediaType", OPTIONAL, struct inspect_descriptor, media_type),
	ROW_STRING("digest",    OPTIONAL, struct inspect_descriptor, digest),
	ROW_U64("size",         OPTIONAL, struct inspect_descriptor, size),
};
static const struct bind_table descriptor_table = BIND_TABLE(descriptor_rows, struct inspect_descriptor, false);

static const struct bind_row rows[] = {
	ROW_STRING("Id",            REQUIRED, struct inspected, id),
	ROW_STRINGS("RepoTags",     REQUIRED, struct inspected, repo_tags),
	ROW_STRINGS("RepoDigests",  REQUIRED, struct inspected, repo_digests),
	ROW_STRING("Comment",       REQUIRED, struct inspected, comment),
	ROW_STRING("Created",       REQUIRED, struct inspected, created),
	ROW_STRING("DockerVersion", REQUIRED, struct inspected, docker_version),
	ROW_STRING("Author",        REQUIRED, struct inspected, author),
	ROW_OBJECT("Config",        OPTIONAL, struct inspected, config, image_run_table),
	ROW_STRING("Architecture",  REQUIRED, struct inspected, architecture),
	ROW_STRING("Variant",       OPTIONAL, struct inspected, variant),
	ROW_STRING("Os",            REQUIRED, struct inspected, os),
	ROW_STRING("OsVersion",     OPTIONAL, struct inspected, os_version),
	ROW_STRING("ArtifactType",  OPTIONAL, struct inspected, artifact),
	ROW_U64("Size",             REQUIRED, struct inspected, size),
	ROW_U64("VirtualSize",      REQUIRED, struct inspected, virtual_size),
	ROW_U64("ContentSize",      REQUIRED, struct inspected, content_size),
	ROW_OBJECT("GraphDriver",   OPTIONAL, struct inspected, driver, driver_table),
	ROW_OBJECT("RootFS",        OPTIONAL, struct inspected, rootfs, rootfs_table),
	ROW_OBJECT("Descriptor",    OPTIONAL, struct inspected, descriptor, descriptor_table),
	ROW_PAIRS("Annotations",    OPTIONAL, struct inspected, annotations),
};
static const struct bind_table inspected_table = BIND_TABLE(rows, struct inspected, false);
// clang-format on

static char *text_of(const char *text)
{
	return text_shown((text ? text : ""));
}

/* A NULL-terminated list of names as people write them. */
static char **familiar(struct arena *a, char *const *names, size_t n)
{
	char **list = arena_array(a, n + 1, sizeof(char *));
	char text[REFERENCE_TEXT];
	struct reference r;
	struct err ignored = { 0 };
	size_t kept = 0;

	for (size_t i = 0; list && i < n; i++)
		if (reference_parse(names[i], &r, &ignored) == 0)
			list[kept++] = arena_dup(a, reference_familiar(&r, text));
	return list;
}

static int add_names(struct store *s, struct arena *a, struct inspected *i, const char *digest,
		     struct err *e)
{
	struct listed_images all;

	if (store_images(s, a, &all, e) < 0)
		return -1;
	for (size_t k = 0; k < all.n; k++) {
		const struct listed_image *l = &all.at[k];

		if (strcmp(l->digest, digest) != 0)
			continue;
		i->repo_tags = familiar(a, l->tags.at, l->tags.n);
		i->repo_digests = familiar(a, l->digests.at, l->digests.n);
		i->size = i->virtual_size = l->size;
		i->content_size = l->content;
	}
	return i->repo_tags && i->repo_digests ? 0 : fail_errno(e, ENOMEM, "inspect the image");
}

static int find(struct store *s, const char *word, const struct inspect_wish *w, struct arena *a,
		struct stored_image *ret, struct err *e)
{
	struct image_found found;
	struct platform is;

	if (session_image(s, word, &found, e) < 0 ||
	    store_image_load(s, &found.digest, a, ret, e) < 0)
		return -1;
	is = platform_of(ret->config.os, ret->config.architecture, ret->config.variant);
	return session_check_platform(w->platform, word, &is, e);
}

/* inspect_image() - in docker's shape */
int inspect_image(struct store *s, const char *word, const struct inspect_wish *w, struct arena *a,
		  struct str *out, struct err *e)
{
	char digest[DIGEST_TEXT], id[DIGEST_TEXT];
	struct inspect_driver driver = { s->driver };
	struct inspect_rootfs rootfs = { .type = text_of("layers") };
	struct stored_image image;
	struct inspect_descriptor descriptor;
	struct inspected i = { .driver = &driver, .descriptor = &descriptor };

	if (find(s, word, w, a, &image, e) < 0)
		return -1;
	digest_text(&image.digest, digest);
	descriptor = (struct inspect_descriptor){ text_of(image.media->type), digest, image.size };
	i.id = text_shown(digest_text(&image.id, id));
	i.comment = text_of(image.config.comment);
	i.created = text_of(image.config.created);
	i.docker_version = text_of(image.config.docker_version);
	i.author = text_of(image.config.author);
	i.architecture = text_of(image.config.architecture);
	i.variant = image.config.variant;
	i.os = text_of(image.config.os);
	i.os_version = image.config.os_version;
	i.artifact = text_shown(image.artifact);
	i.config = image.config.config;
	i.annotations = image.manifest.annotations;
	if (image.config.rootfs) {
		rootfs.layers = image.config.rootfs->diff_ids;
		i.rootfs = &rootfs;
	}
	if (add_names(s, a, &i, digest, e) < 0)
		return -1;
	return render_document(&w->how, &inspected_table, &i, out, e);
}

static int run_inspect(const struct cli *cli, void *options, char **args, size_t n_args,
		       int *ret_status, struct err *e)
{
	return inspect_all(cli, options, args, n_args, inspect_image, ret_status, e);
}

const struct command image_inspect_command = {
	.name = "inspect",
	.args = "IMAGE...",
	.summary = "show all that is known of images, as JSON",
	.section = "IMAGES",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct inspect_wish),
	.min = 1,
	.max = SIZE_MAX,
	.run = run_inspect,
};
