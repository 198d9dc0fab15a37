/* save.c - tare save: images into an archive */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/image.h"
#include "cli/layer_parts.h"
#include "cli/session.h"
#include "codec/deflater.h"
#include "image/save.h"
#include "os/output.h"
#include "store/listing.h"

struct save {
	const char *output, *format, *compression, *platform;
	bool quiet;
};

// clang-format off
static const struct opt opts[] = {
	OPT_STRING_("output", 'o', struct save, output, "FILE",   "write to FILE instead of the standard output"),
	OPT_STRING_("format",  0,  struct save, format, "FORMAT", "'docker-archive' (the default), which all engines read, or 'oci-archive'"),
	OPT_STRING_("compression", 0,  struct save, compression, "HOW", "of the archive: 'none', 'gzip' or 'zstd'; the default is what FILE ends in: .gz, .tgz, .zst"),
	PLATFORM_OPT(struct save, platform, "write images only"),
	OPT_FLAG_("quiet",    'q', struct save, quiet,            "say nothing; as without it"),
};

static const struct word formats[] = {
	{ "docker-archive", SAVE_DOCKER }, { "docker", SAVE_DOCKER },
	{ "oci-archive",    SAVE_OCI },    { "oci",    SAVE_OCI },
	{ NULL, 0 },
};
// clang-format on

/* struct wanted - the images of the command line, each once, with the names that were given */
struct wanted {
	struct arena a;
	struct save_image *images;
	size_t n;
	struct listed_images all;
};

static struct save_image *find(struct wanted *w, const struct digest *d)
{
	for (size_t i = 0; i < w->n; i++)
		if (digest_same(&w->images[i].digest, d))
			return &w->images[i];
	w->images[w->n].digest = *d;
	return &w->images[w->n++];
}

static int add_name(struct wanted *w, struct save_image *image, const char *name, struct err *e)
{
	char **more = arena_array(&w->a, image->n + 1, sizeof(char *));

	if (!more)
		return fail_errno(e, ENOMEM, "save images");
	if (image->n)
		memcpy(more, image->names, image->n * sizeof(char *));
	more[image->n] = arena_dup(&w->a, name);
	image->names = more;
	image->n++;
	return 0;
}

/* A repository's name without a tag stands for all of its tags, as docker's. */
static int add_repository(struct wanted *w, const struct reference *r, size_t *found, struct err *e)
{
	char name[REFERENCE_TEXT];
	size_t len = strlen(reference_name(r, name));
	struct digest d;

	for (size_t i = 0; i < w->all.n; i++)
		for (size_t k = 0; k < w->all.at[i].tags.n; k++) {
			const char *tag = w->all.at[i].tags.at[k];

			if (strncmp(tag, name, len) != 0 || tag[len] != ':' ||
			    strchr(tag + len, '/'))
				continue;
			if (digest_parse(w->all.at[i].digest, &d, e) < 0 ||
			    add_name(w, find(w, &d), tag, e) < 0)
				return -1;
			++*found;
		}
	return 0;
}

static bool has_tag(const char *word)
{
	const char *slash = strrchr(word, '/');

	return strchr(slash ? slash : word, ':') != NULL;
}

static int add_word(struct wanted *w, struct store *s, const char *word, struct err *e)
{
	char text[REFERENCE_TEXT];
	struct image_found found;
	struct save_image *image;
	size_t n = 0;

	if (session_image(s, word, &found, e) < 0) {
		struct err other = { 0 };

		if (e->cls == ERR_ABSENT && reference_parse(word, &found.reference, &other) == 0 &&
		    !has_tag(word) && add_repository(w, &found.reference, &n, e) == 0 && n > 0)
			return 0;
		return -1;
	}
	if (found.by_name && found.reference.digest.algorithm == DIGEST_NONE && !has_tag(word))
		return add_repository(w, &found.reference, &n, e);
	image = find(w, &found.digest);
	if (!found.by_name || found.reference.digest.algorithm != DIGEST_NONE)
		return 0;
	return add_name(w, image, reference_full(&found.reference, text), e);
}

/* All are for the platform that is asked for, or none is written. */
static int check_platform(const struct wanted *w, const char *platform, struct err *e)
{
	char text[DIGEST_TEXT], name[REFERENCE_TEXT];
	struct reference r;

	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < w->all.n; k++) {
			const struct listed_image *l = &w->all.at[k];
			const struct save_image *image = &w->images[i];
			struct platform is = platform_of(l->os, l->architecture, l->variant);
			const char *word = l->id;

			if (strcmp(l->digest, digest_text(&image->digest, text)) != 0)
				continue;
			if (image->n && reference_parse(image->names[0], &r, e) < 0)
				return -1;
			if (image->n)
				word = reference_familiar(&r, name);
			if (session_check_platform(platform, word, &is, e) < 0)
				return -1;
		}
	return 0;
}

static const char *by_suffix(const char *output)
{
	static const struct {
		const char *suffix, *compression;
	} rows[] = {
		{ ".gz", "gzip" }, { ".tgz", "gzip" }, { ".zst", "zstd" }, { ".tzst", "zstd" }
	};

	for (size_t i = 0; output && i < COUNT(rows); i++)
		if (text_ends(output, rows[i].suffix))
			return rows[i].compression;
	return "none";
}

/* Through tare-deflate, which writes the file itself. */
static int write_images(struct wanted *w, struct store *s, enum save_format format,
			enum deflate_format how, int output, struct err *e)
{
	own_deflater d = DEFLATER_NONE;
	struct err why = { 0 };

	if (how == DEFLATE_PLAIN)
		return image_save(s, w->images, w->n, format, output, e);
	/* whoever writes to it when it has failed gets EPIPE; why, it says at its end */
	(void)signal(SIGPIPE, SIG_IGN);
	if (deflater_start(&d, how, FD_NONE, output, e) < 0)
		return -1;
	if (image_save(s, w->images, w->n, format, d.input, e) == 0)
		return deflater_end(&d, e);
	if (e->sysno == EPIPE && deflater_end(&d, &why) < 0)
		*e = why;
	return -1;
}

static int save(struct wanted *w, struct store *s, const struct save *o, char **args, size_t n,
		struct err *e)
{
	const struct word *format = o->format ? word_find(formats, o->format) : formats;
	own_output output = OUTPUT_NONE;
	enum deflate_format how;

	if (!format) {
		fail(e, ERR_INPUT, "save: unknown format '%s'", o->format);
		return fail_hint(e, "it is docker-archive or oci-archive");
	}
	if (compression_parse(o->compression ? o->compression : by_suffix(o->output), &how, e) < 0)
		return fail_in(e, "save");
	if (store_images(s, &w->a, &w->all, e) < 0)
		return -1;
	/* each word stands for one, or for some of all; images come and go meanwhile */
	w->images = arena_array(&w->a, w->all.n + n, sizeof(*w->images));
	if (!w->images)
		return fail_errno(e, ENOMEM, "save images");
	for (size_t i = 0; i < n; i++)
		if (add_word(w, s, args[i], e) < 0)
			return -1;
	if (check_platform(w, o->platform, e) < 0)
		return fail_in(e, "save");
	if (archive_open(o->output, &output, e) < 0)
		return fail_in(e, "save");
	if (write_images(w, s, (enum save_format)format->value, how, output.fd, e) < 0)
		return -1;
	return output_keep(&output, e);
}

static int run_save(const struct cli *cli, void *options, char **args, size_t n_args,
		    int *ret_status __attribute__((unused)), struct err *e)
{
	own_store s = STORE_NONE;
	struct wanted w = { 0 };
	int r;

	if (session_open(&s, cli, e) < 0)
		return -1;
	r = save(&w, &s, options, args, n_args, e);
	arena_done(&w.a);
	return r;
}

#define SAVE(symbol) \
	const struct command symbol = { \
		.name = "save", \
		.args = "IMAGE...", \
		.summary = "write images to an archive", \
		.section = "IMAGES", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct save), \
		.min = 1, \
		.max = SIZE_MAX, \
		.run = run_save, \
	}

SAVE(save_command);
SAVE(image_save_command);
