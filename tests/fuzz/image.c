/* image.c - an image's documents, as registries and archives may have them: the first byte says which
 *
 * What is taken for a manifest or an index has what the rest relies on, and prints as a document that
 * is taken for the same.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"
#include "base/own.h"
#include "image/platform.h"
#include "spec/image.h"

static void choose(const struct image_index *index)
{
	const struct platform want = { "linux", "arm64", "v8" };
	struct err e = { 0 };
	const struct image_descriptor *d = platform_choose(&want, index, &e);

	MUST(d || *e.text);
	MUST(!d || d->digest);
}

static void look_at_manifest(const struct image_manifest *m)
{
	MUST(m->schema_version == 2 && m->config && m->layers.n <= IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < m->layers.n; i++)
		MUST(m->layers.at[i].digest);
	(void)image_is_artifact(m);
}

static void print_again(const struct image_document *d)
{
	const struct bind_table *table =
		d->media->kind == MEDIA_INDEX ? &image_index_table : &image_manifest_table;
	own_arena struct arena a = { 0 };
	struct image_document again;
	struct err e = { 0 };
	own_mem char *text = bind_print(table, &d->manifest, false, &e);

	MUST(text);
	MUST(image_document(text, strlen(text), d->media->type, "again", &a, &again, &e) == 0);
	MUST(again.media == d->media);
}

static void try_document(const char *text, size_t len, const char *media_type, struct arena *a)
{
	struct image_document d;
	struct err e = { 0 };

	if (image_document(text, len, media_type, "document", a, &d, &e) < 0) {
		MUST(*e.text);
		return;
	}
	MUST(d.media && (d.media->kind == MEDIA_INDEX || d.media->kind == MEDIA_MANIFEST));
	if (d.media->kind == MEDIA_INDEX)
		choose(&d.index);
	else
		look_at_manifest(&d.manifest);
	print_again(&d);
}

static void try_config(const char *text, size_t len, struct arena *a)
{
	struct image_config c;
	struct err e = { 0 };

	if (image_config_parse(text, len, "config", a, &c, &e) < 0)
		MUST(*e.text);
	else
		MUST(c.rootfs && strcmp(c.rootfs->type, "layers") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = { 0 };
	own_mem char *text = NULL;

	if (size < 1)
		return 0;
	text = malloc(size);
	MUST(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0]) {
	case 'm':
		try_document(text, size - 1, media_type_of(MEDIA_MANIFEST, COMPRESSION_NONE, true),
			     &a);
		break;
	case 'i':
		try_document(text, size - 1, media_type_of(MEDIA_INDEX, COMPRESSION_NONE, false),
			     &a);
		break;
	case 'c':
		try_config(text, size - 1, &a);
		break;
	default:
		try_document(text, size - 1, NULL, &a);
		break;
	}
	return 0;
}
