/* layer_parts.h - what all commands share that list, write or commit a difference, whatever it is of */
#ifndef CLI_LAYER_PARTS_H
#define CLI_LAYER_PARTS_H

#include "base/opt.h"
#include "base/render.h"
#include "image/commit.h"
#include "os/output.h"

/* struct pack_options - `--output FILE`, and how it is compressed */
struct pack_options {
	const char *output, *compression;
	bool gzip, zstd;
};

/* struct commit_options - what a commit may say of the image */
struct commit_options {
	struct opt_list change;
	const char *message, *author, *timestamp, *compression;
};

// clang-format off
#define PACK_OPTS(S, m) \
	OPT_STRING_("output",      'o', S, m.output,      "FILE", "write to FILE instead of the standard output"), \
	OPT_STRING_("compression",  0,  S, m.compression, "HOW",  "'none' (the default), 'gzip' or 'zstd'"), \
	OPT_FLAG_("gzip",          'z', S, m.gzip,                "as --compression gzip"), \
	OPT_FLAG_("zstd",           0,  S, m.zstd,                "as --compression zstd")

#define COMMIT_OPTS(S, m) \
	OPT_STRINGS_("change",     'c', S, m.change,      "INSTRUCTION", "a line of a Dockerfile, as in 'CMD [\"sh\"]', to be in force in the image"), \
	OPT_STRING_("message",     'm', S, m.message,     "TEXT", "a comment for the image's history"), \
	OPT_STRING_("author",      'a', S, m.author,      "NAME", "who made it"), \
	OPT_STRING_("timestamp",    0,  S, m.timestamp,   "TIME", "when it was made, in seconds since 1970 or as 2006-01-02T15:04:05Z; files that changed later get that time ($SOURCE_DATE_EPOCH)"), \
	OPT_STRING_("compression",  0,  S, m.compression, "HOW",  "of the layer in the store: 'none' (the default), 'gzip' or 'zstd'")
// clang-format on

int compression_parse(const char *word, enum deflate_format *ret, struct err *e);
int changes_print(const struct pack_source *s, struct render *r, struct err *e);
int archive_open(const char *output, struct output *out, struct err *e);
int pack_print(const struct pack_source *s, const struct pack_options *o, struct err *e);
int commit_print(struct commit *c, const struct commit_options *o, const char *name, struct err *e);

#endif
