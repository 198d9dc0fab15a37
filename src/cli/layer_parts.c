/* layer_parts.c - see layer_parts.h */
#include "cli/layer_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/log.h"
#include "os/output.h"
#include "spec/reference.h"

/* As many descriptors as there may be: each folder on the way down takes two. */
static void more_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

/* compression_parse() - a word of --compression; NULL is none */
int compression_parse(const char *word, enum deflate_format *ret, struct err *e)
{
	static const struct word words[] = {
		{ "none", DEFLATE_PLAIN },
		{ "gzip", DEFLATE_GZIP },
		{ "zstd", DEFLATE_ZSTD },
		{ NULL, 0 },
	};
	const struct word *w = word_find(words, word ? word : "none");

	if (!w) {
		fail(e, ERR_INPUT, "unknown compression '%.60s'", word);
		return fail_hint(e, "it is none, gzip or zstd");
	}
	*ret = (enum deflate_format)w->value;
	return 0;
}

/* struct change_row - one line, by docker's names */
struct change_row {
	char *kind, *path;
	uint64_t size;
};

// clang-format off
static const struct bind_row change_rows[] = {
	ROW_STRING("Kind", OPTIONAL, struct change_row, kind),
	ROW_STRING("Path", OPTIONAL, struct change_row, path),
	ROW_U64("Size",    OPTIONAL, struct change_row, size),
};
static const struct bind_table change_table = BIND_TABLE(change_rows, struct change_row, false);

static const struct render_column change_columns[] = {
	{ .header = "KIND", .path = "Kind" },
	{ .header = "PATH", .path = "Path" },
	{ .header = "SIZE", .path = "Size", .align = RENDER_RIGHT },
};
// clang-format on

struct change_list {
	struct arena *a;
	struct change_row *at;
	size_t n, room;
};

static int keep_change(void *of, const struct pack_change *c, struct err *e)
{
	struct change_list *l = of;
	struct change_row *row;

	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct change_row *more = arena_array(l->a, room, sizeof(*more));

		if (!more)
			return fail_errno(e, ENOMEM, "list the changes");
		if (l->n)
			memcpy(more, l->at, l->n * sizeof(*more));
		l->at = more;
		l->room = room;
	}
	row = &l->at[l->n++];
	row->kind = arena_printf(l->a, "%c", (char)c->kind);
	row->path = arena_printf(l->a, "/%s", c->path);
	row->size = c->size;
	return row->kind && row->path ? 0 : fail_errno(e, ENOMEM, "list the changes");
}

/* changes_print() - as `docker diff`, which has no table; unless @r says otherwise */
int changes_print(const struct pack_source *s, struct render *r, struct err *e)
{
	static const struct render_list what = { .table = &change_table,
						 .columns = change_columns,
						 .n = COUNT(change_columns),
						 .quiet = "Path" };
	own_arena struct arena a = { .limit = (size_t)1 << 30 };
	struct change_list l = { .a = &a };

	more_descriptors();
	if (!r->format && !r->json && !r->quiet)
		r->format = "{{.Kind}} {{.Path}}";
	if (pack_changes(s, keep_change, &l, e) < 0)
		return -1;
	return render_print(r, &what, (struct list_any){ l.at, l.n }, e);
}

static void warn(const struct pack_result *r)
{
	if (r->sockets)
		log_warn("%llu sockets were left out, '/%s' first: they are of a process, no part "
			 "of an image",
			 (unsigned long long)r->sockets, r->socket);
	if (r->skipped_xattrs)
		log_warn("%llu extended attributes were left out that images cannot have",
			 (unsigned long long)r->skipped_xattrs);
}

/* archive_open() - the file @output, or the standard output for NULL */
int archive_open(const char *output, struct output *out, struct err *e)
{
	if (output)
		return output_open(out, output, e);
	if (isatty(STDOUT_FILENO)) {
		fail(e, ERR_INPUT, "an archive is not for a terminal");
		return fail_hint(e, "use --output FILE, or a pipe");
	}
	out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return out->fd < 0 ? fail_sys(e, "use the standard output") : 0;
}

static void say_packed(const struct pack_result *r)
{
	char diff[DIGEST_TEXT], blob[DIGEST_TEXT];

	printf("diffId: %s\ndigest: %s\nsize: %llu\n", digest_text(&r->diff_id, diff),
	       digest_text(&r->blob, blob), (unsigned long long)r->written);
}

/* pack_print() - write the archive; to a file, what it is is printed */
int pack_print(const struct pack_source *s, const struct pack_options *o, struct err *e)
{
	const char *word = o->gzip ? "gzip" : o->zstd ? "zstd" : o->compression;
	own_output output = OUTPUT_NONE;
	struct pack_order order = { .write = pack_to_fd, .of = &output.fd };
	struct pack_result r;

	if (o->gzip + o->zstd + (o->compression != NULL) > 1)
		return fail(e, ERR_INPUT, "--gzip, --zstd and --compression exclude each other");
	if (compression_parse(word, &order.compression, e) < 0)
		return -1;
	more_descriptors();
	if (archive_open(o->output, &output, e) < 0 || pack_layer(s, &order, &r, e) < 0 ||
	    output_keep(&output, e) < 0)
		return -1;
	warn(&r);
	if (o->output)
		say_packed(&r);
	return 0;
}

static int read_timestamp(const char *text, int64_t *ret_ns, struct err *e)
{
	uint64_t seconds;

	if (text_u64(text, INT64_MAX / 1000000000, &seconds) == 0)
		*ret_ns = (int64_t)seconds * 1000000000;
	else if (!date_parse(text, ret_ns) || *ret_ns < 0)
		return fail(e, ERR_INPUT,
			    "--timestamp: '%.60s' is neither seconds since 1970 nor a date", text);
	return 1;
}

/* Seconds or a date. The environment's is the reproducible builds' convention. */
static int set_time(struct commit *c, const char *timestamp, struct err *e)
{
	int r = timestamp && *timestamp ? read_timestamp(timestamp, &c->created, e)
					: date_epoch(&c->created, e);

	if (r <= 0)
		return r;
	c->not_after.tv_sec = c->created / 1000000000;
	c->not_after.tv_nsec = c->created % 1000000000;
	/* zero would be no limit */
	if (c->created == 0)
		c->not_after.tv_nsec = 1;
	return 0;
}

/**
 * commit_print() - commit, and print the image's id
 * @c:    store, layers, parent, source, platform, run and arena are set
 * @name: of the image; NULL: none
 */
int commit_print(struct commit *c, const struct commit_options *o, const char *name, struct err *e)
{
	char tag[REFERENCE_TEXT], text[DIGEST_TEXT];
	struct reference r;

	if (name) {
		if (reference_parse(name, &r, e) < 0)
			return fail_in(e, "commit");
		if (r.digest.algorithm != DIGEST_NONE)
			return fail(e, ERR_INPUT, "commit: '%s' has a digest; a tag is wanted",
				    name);
		c->tag = reference_full(&r, tag);
	}
	c->comment = o->message;
	c->author = o->author;
	c->changes = o->change.at;
	c->n_changes = o->change.n;
	more_descriptors();
	if (set_time(c, o->timestamp, e) < 0 ||
	    compression_parse(o->compression, &c->compression, e) < 0 || image_commit(c, e) < 0)
		return -1;
	warn(&c->packed);
	printf("%s\n", digest_text(&c->id, text));
	return 0;
}
